/** The two ends that node-pop3 sees in place of its own wire: where it writes, and what it reads a listing from. */
import { Socket } from 'node:net'
import { Readable } from 'node:stream'

/** What node-pop3 writes its commands to. A Socket by type alone: it is never connected. */
export class CommandPort extends Socket {
  readonly #send: (line: string) => void

  constructor(send: (line: string) => void) {
    super()
    this.#send = send
  }

  override write(line: Uint8Array | string): boolean {
    this.#send(line.toString().trimEnd())
    return true
  }
}

/** As node-pop3 reads a listing: a stream that it decodes as UTF-8. One char a byte survives that. */
export function asText(lines: readonly string[]): Readable {
  return Readable.from([Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'utf8')])
}
