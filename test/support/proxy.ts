/** Plays a line between an IMAP client and its server that breaks where a test says. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { closerOf } from './closing.ts'

/** The part of an APPEND that has passed: half of its first literal, all except its last CRLF, or all of it with no answer yet. */
export type AppendPlace = 'in mid-literal' | 'before its end' | 'behind its end'

export interface Proxy {
  readonly port: number
  /** Loses the next answer that contains this text, and ends the connection. */
  lose(answer: string): void
  /** Loses the next answer that contains this text; the connection stays open, but nothing more is heard on it. */
  swallow(answer: string): void
  /** Acts when the nth APPEND from now on has come to this place. `cut` passes on what has come, and ends the connection. */
  whenAppend(nth: number, place: AppendPlace, act: (cut: () => void) => void): void
  /** Resolves when the server has ended every connection that the client has lost. */
  quiet(): Promise<void>
  close(): Promise<void>
}

/** @param changed gives what the server says in other words of the same length. */
export async function startProxy(to: number, changed?: (said: string) => string): Promise<Proxy> {
  const upstreams = new Set<Socket>()
  /** Connections to the server whose clients are gone. */
  const orphans = new Set<Socket>()
  let lost: { readonly answer: string; readonly silently: boolean } | undefined
  let waiting: { left: number; readonly place: AppendPlace; readonly act: (cut: () => void) => void } | undefined
  const server = createServer((client) => {
    const upstream = connect({ host: '127.0.0.1', port: to })
    let silent = false
    const appends = new Appends()
    upstreams.add(upstream)
    client
      .on('error', () => {})
      .on('close', () => {
        if (!upstream.destroyed) orphans.add(upstream)
        upstream.end()
      })
    upstream
      .on('error', () => {})
      .on('close', () => {
        upstreams.delete(upstream)
        orphans.delete(upstream)
        client.destroy()
      })
    client.on('data', (chunk: Buffer) => {
      let from = 0
      for (const { place, offset } of appends.follow(chunk)) {
        if (waiting === undefined || place !== waiting.place || (waiting.left -= 1) > 0) continue
        const { act } = waiting
        waiting = undefined
        upstream.write(chunk.subarray(from, offset))
        from = offset
        act(() => {
          upstream.end()
          client.destroy()
        })
        if (client.destroyed) return
      }
      upstream.write(chunk.subarray(from))
    })
    upstream.on('data', (said: Buffer) => {
      const chunk = changed === undefined ? said : Buffer.from(changed(said.toString('latin1')), 'latin1')
      if (client.destroyed || silent) return
      if (lost === undefined || !chunk.includes(lost.answer)) return void client.write(chunk)
      silent = lost.silently
      if (!silent) client.destroy()
      lost = undefined
    })
  })
  const close = closerOf(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    lose(answer) {
      lost = { answer, silently: false }
    },
    swallow(answer) {
      lost = { answer, silently: true }
    },
    whenAppend(nth, place, act) {
      waiting = { left: nth, place, act }
    },
    async quiet() {
      // `once` of events would throw at a reset.
      while (orphans.size > 0)
        await Promise.all([...orphans].map((socket) => new Promise((resolve) => socket.once('close', resolve))))
    },
    async close() {
      for (const socket of upstreams) socket.destroy()
      await close()
    },
  }
}

/** Follows a client's octets, and knows where its APPENDs are (RFC 9051 section 6.3.12, RFC 3502). */
class Appends {
  #line = ''
  #literalLeft = 0
  #half = 0
  #within = false
  #append = false

  follow(chunk: Buffer): { readonly place: AppendPlace; readonly offset: number }[] {
    const found: { readonly place: AppendPlace; readonly offset: number }[] = []
    for (let at = 0; at < chunk.length; ) {
      if (this.#literalLeft > 0) {
        const octets = Math.min(this.#literalLeft, chunk.length - at)
        this.#literalLeft -= octets
        at += octets
        if (this.#half > 0 && this.#literalLeft <= this.#half) {
          found.push({ place: 'in mid-literal', offset: at - (this.#half - this.#literalLeft) })
          this.#half = 0
        }
        continue
      }
      const end = chunk.indexOf(10, at)
      this.#line += chunk.toString('latin1', at, end === -1 ? chunk.length : end + 1)
      if (end === -1) break
      at = end + 1
      if (!this.#within) this.#append = /^\S+ APPEND /i.test(this.#line)
      const literal = /\{(\d+)\+?\}\r\n$/.exec(this.#line)
      if (literal !== null) {
        this.#literalLeft = Number(literal[1])
        if (this.#append && !this.#within) this.#half = Math.floor(this.#literalLeft / 2)
      } else if (this.#append) {
        found.push({ place: 'before its end', offset: Math.max(at - 2, 0) }, { place: 'behind its end', offset: at })
      }
      this.#within = literal !== null
      this.#line = ''
    }
    return found
  }
}
