/**
 * A provider of maildrops with a million small messages, in a process of its own. Nothing of them is kept: UIDLs, of 20 to 70 octets, and the
 * messages themselves follow from the port and the number. Whoever reads slowly is sent no more than the socket holds.
 */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import { answerQuestions, askedOptions, isAsked, startAsked } from './asked-process.ts'

export interface HugeOptions {
  /** Every port of 127.0.0.1 is a server of its own. */
  readonly ports: readonly number[]
  readonly messages: number
  /** The number that STAT tells, where it lies. */
  readonly told?: number
}

export interface HugeSeen {
  /** How often each command came, from all. */
  readonly commands: Readonly<Record<string, number>>
  /** The most listings that were being sent at once. */
  readonly listingsMost: number
}

export interface HugeProvider {
  see(): Promise<HugeSeen>
  stop(): Promise<void>
}

export async function startHugeProvider(options: HugeOptions): Promise<HugeProvider> {
  const server = await startAsked<{ see: true }, HugeSeen>('huge-provider', options)
  return { see: async () => await server.ask({ see: true }), stop: async () => await server.stop() }
}

const filler = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_'

/** Of 45 octets on the average. */
export function hugeUidl(port: number, nth: number): string {
  const octets = 20 + ((nth * 7) % 51)
  return `${port}.${nth.toString(36)}.${filler}`.slice(0, octets)
}

export function hugeMessage(port: number, nth: number): string {
  const name = `${String(nth).padStart(7, '0')}.${port}`
  return `Message-ID: <${name}@example.org>\r\nDate: Mon, 02 Nov 2026 08:15:00 +0000\r\nSubject: Number ${name}\r\n\r\nHello.\r\n`
}

const linesTogether = 2000

class HugeServer {
  readonly #options: HugeOptions
  readonly #commands: Record<string, number> = {}
  #listings = 0
  #listingsMost = 0

  constructor(options: HugeOptions) {
    this.#options = options
  }

  see(): HugeSeen {
    return { commands: this.#commands, listingsMost: this.#listingsMost }
  }

  async listen(): Promise<void> {
    for (const port of this.#options.ports) {
      const server = createServer((socket) => void this.#serve(socket, port).catch(() => socket.destroy()))
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    }
  }

  async #serve(socket: Socket, port: number): Promise<void> {
    socket.setNoDelay(true)
    socket.write('+OK ready\r\n')
    let rest = ''
    for await (const chunk of socket.setEncoding('latin1')) {
      const lines = (rest + String(chunk)).split('\r\n')
      rest = lines.pop() ?? ''
      let answers = ''
      for (const line of lines) {
        const [verb = '', argument] = line.toUpperCase().split(' ')
        this.#commands[verb] = (this.#commands[verb] ?? 0) + 1
        if (argument === undefined && (verb === 'UIDL' || verb === 'LIST')) {
          socket.write(answers)
          answers = ''
          await this.#sendListing(socket, port, verb)
        } else answers += this.#answer(port, verb, Number(argument))
      }
      if (answers !== '' && !socket.write(answers)) await once(socket, 'drain')
      if (lines.some((line) => /^quit$/i.test(line))) socket.end()
    }
  }

  async #sendListing(socket: Socket, port: number, verb: 'UIDL' | 'LIST'): Promise<void> {
    const { messages } = this.#options
    this.#listings += 1
    this.#listingsMost = Math.max(this.#listings, this.#listingsMost)
    const size = hugeMessage(port, 1).length
    function* pieces(): Generator<string> {
      yield '+OK\r\n'
      for (let from = 1; from <= messages; from += linesTogether) {
        let text = ''
        for (let nth = from; nth < from + linesTogether && nth <= messages; nth += 1)
          text += `${nth} ${verb === 'UIDL' ? hugeUidl(port, nth) : size}\r\n`
        yield text
      }
      yield '.\r\n'
    }
    try {
      await pipeline(Readable.from(pieces()), socket, { end: false })
    } finally {
      this.#listings -= 1
    }
  }

  #answer(port: number, verb: string, nth: number): string {
    const { messages, told = messages } = this.#options
    const message = hugeMessage(port, nth)
    switch (verb) {
      case 'CAPA':
        return '+OK\r\nTOP\r\nUIDL\r\nUSER\r\nPIPELINING\r\n.\r\n'
      case 'STAT':
        return `+OK ${told} ${told * message.length}\r\n`
      case 'UIDL':
        return `+OK ${nth} ${hugeUidl(port, nth)}\r\n`
      case 'LIST':
        return `+OK ${nth} ${message.length}\r\n`
      case 'RETR':
        return `+OK\r\n${message}.\r\n`
      case 'TOP':
        return `+OK\r\n${message.slice(0, message.indexOf('\r\n\r\n') + 4)}.\r\n`
      default:
        return '+OK\r\n'
    }
  }
}

if (isAsked(import.meta.filename)) {
  const server = new HugeServer(askedOptions() as HugeOptions)
  await server.listen()
  answerQuestions(() => server.see())
}
