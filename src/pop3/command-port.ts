/** What node-pop3 sees in place of its own wire. */
import { Socket } from 'node:net'

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
