/** A line between the gateway and a server, with the weather that a fault makes: it is cut, slow or silent, or it loses and doubles short answers. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { closerOf } from '../support/closing.ts'

export const lies = ['lost', 'refused', 'doubled', 'blank before'] as const
export type Lie = (typeof lies)[number]

export interface Line {
  readonly port: number
  /** Ends all connections at once. */
  cut(): void
  /** Ends the next connection that has carried so many octets of the server's from now on. */
  cutAfter(octets: number): void
  /** Refuses connections, and ends those that there are, until the time is over. */
  refuse(forMs: number): Promise<void>
  /** Each piece takes so much longer, until the time is over. */
  slow(byMs: number, forMs: number): Promise<void>
  /** Nothing comes through until the time is over. */
  silence(forMs: number): Promise<void>
  /** The next short answer is changed on its way. No octet of a message is touched: what a provider gives in place of a message is stored (docs/guarantees.md). */
  lie(lie: Lie): void
  /** Ends the connection in place of the next answer that tells of stored messages. */
  loseStored(): void
  /** Takes back what has not happened yet, and ends the connections that wait for an answer that was lost. */
  clear(): void
  close(): Promise<void>
}

/** @param to is the port of the server. */
export async function startLine(to: number): Promise<Line> {
  const line = new Weather(to)
  const server = createServer((client) => line.carry(client))
  const close = closerOf(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return Object.assign(line, { port: (server.address() as AddressInfo).port, close })
}

class Weather {
  readonly #to: number
  readonly #open = new Set<Socket>()
  #slowMs = 0
  #refusing = false
  #silent: Promise<void> | undefined
  #cutAfter: number | undefined
  #lie: Lie | undefined
  #losesStored = false
  readonly #waiting = new Set<Socket>()

  constructor(to: number) {
    this.#to = to
  }

  carry(client: Socket): void {
    if (this.#refusing) return void client.resetAndDestroy()
    const server = connect({ host: '127.0.0.1', port: this.#to })
    let asked = ''
    for (const [from, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#open.add(from)
      from
        .setNoDelay(true)
        .on('error', () => other.destroy())
        .on('close', () => {
          this.#open.delete(from)
          other.end()
        })
    }
    this.#pass(client, server, (chunk) => {
      asked = chunk.toString('latin1', Math.max(0, chunk.length - 200))
      return chunk
    })
    this.#pass(server, client, (chunk) => this.#told(chunk, asked, client))
  }

  /** @param changed gives what is passed on; undefined ends the connection. */
  #pass(from: Socket, to: Socket, changed: (chunk: Buffer) => Buffer | undefined): void {
    let before: Promise<void> = Promise.resolve()
    const pass = async (chunk: Buffer) => {
      await this.#silent
      if (this.#slowMs > 0) await delay(this.#slowMs)
      const passed = changed(chunk)
      if (passed === undefined) from.destroy()
      if (passed === undefined || to.destroyed) return void to.destroy()
      if (passed.length > 0 && !to.write(passed)) await Promise.race([once(to, 'drain'), once(to, 'close')])
    }
    from.on('data', (chunk: Buffer) => {
      from.pause()
      before = before.then(async () => await pass(chunk)).catch(() => {})
      void before.then(() => from.resume())
    })
    from.on('end', () => void before.then(() => to.end()))
  }

  #told(chunk: Buffer, asked: string, client: Socket): Buffer | undefined {
    if (this.#losesStored && chunk.includes('APPENDUID')) {
      this.#losesStored = false
      return undefined
    }
    if (this.#cutAfter !== undefined) {
      this.#cutAfter -= chunk.length
      if (this.#cutAfter < 0) {
        this.#cutAfter = undefined
        return undefined
      }
    }
    const text = chunk.toString('latin1')
    if (this.#lie === undefined || !/^\+OK[^\r\n]{0,200}\r\n$/.test(text) || /^(?:RETR|TOP)/m.test(asked)) return chunk
    const told = {
      lost: '',
      refused: '-ERR [SYS/TEMP] not now\r\n',
      doubled: text + text,
      'blank before': `\r\n${text}`,
    }
    const lie = told[this.#lie]
    if (this.#lie === 'lost') this.#waiting.add(client)
    this.#lie = undefined
    return Buffer.from(lie, 'latin1')
  }

  clear(): void {
    this.#cutAfter = undefined
    this.#lie = undefined
    this.#losesStored = false
    for (const socket of this.#waiting) socket.destroy()
    this.#waiting.clear()
  }

  cut(): void {
    for (const socket of this.#open) socket.destroy()
  }

  cutAfter(octets: number): void {
    this.#cutAfter = octets
  }

  lie(lie: Lie): void {
    this.#lie = lie
  }

  loseStored(): void {
    this.#losesStored = true
  }

  async refuse(forMs: number): Promise<void> {
    this.#refusing = true
    this.cut()
    await delay(forMs)
    this.#refusing = false
  }

  async slow(byMs: number, forMs: number): Promise<void> {
    this.#slowMs = byMs
    await delay(forMs)
    this.#slowMs = 0
  }

  async silence(forMs: number): Promise<void> {
    this.#silent = delay(forMs)
    await this.#silent
    this.#silent = undefined
  }
}
