/**
 * The verbs that node-pop3 serves, on our own wire: USER, PASS, STAT and QUIT, and UIDL and LIST of a single message. A session asks
 * these commands one at a time, and their answer has one line. Decision 0001 says why it serves no others.
 */
import type { Socket } from 'node:net'
import Pop3Command from 'node-pop3'
import type { Phase } from '../failure/phase.ts'
import type { MessageNumber } from '../mail/message.ts'
import type { Reply } from './reply.ts'

/** Sends one command line, and settles with its answer. */
export type AskLine = (line: string, during: Phase) => Promise<Reply>

/** The server answered `-ERR`; the message is the text after it, one char a byte. */
export class Refused extends Error {
  readonly during: Phase
  constructor(text: string, during: Phase) {
    super(text)
    this.during = during
  }
}

export class Verbs {
  readonly #command: WiredCommand
  #turn: Promise<unknown> = Promise.resolve()

  constructor(ask: AskLine) {
    this.#command = new WiredCommand(ask)
  }

  async user(name: string): Promise<string> {
    return await this.#inTurn('USER', async () => (await this.#command.whole('USER', name))[0])
  }

  async pass(password: string): Promise<string> {
    return await this.#inTurn('PASS', async () => (await this.#command.whole('PASS', password))[0])
  }

  async stat(): Promise<string> {
    return await this.#inTurn('STAT', () => this.#command.STAT())
  }

  async quit(): Promise<string> {
    return await this.#inTurn('QUIT', () => this.#command.QUIT())
  }

  /** The words of one line of UIDL or LIST: the message's number and its id or size. There are none if the answer has no words. */
  async entry(verb: 'UIDL' | 'LIST', message: MessageNumber): Promise<string> {
    const words: unknown = await this.#inTurn({ code: verb, message }, () => this.#command[verb](message))
    return Array.isArray(words) ? words.join(' ') : ''
  }

  /** node-pop3 hears any answer as the answer to each command that waits: so only one command may wait. */
  async #inTurn<T>(during: Phase, run: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      this.#command.during = during
      return await run()
    })
    this.#turn = turn.catch(() => {})
    return await turn
  }
}

/**
 * node-pop3 with another wire under it: its `command()` writes a line to `_socket` and waits for one event, `response` or `error`.
 * `_socket` is a port here that hands the line to our connection, which settles whatever the server does.
 */
class WiredCommand extends Pop3Command {
  during: Phase = 'STAT'
  /** The end of the line that `command()` would trim: a password may end in a space. */
  #ending = ''

  constructor(ask: AskLine) {
    // There is no address and no login: if `_socket` is set, node-pop3 neither connects nor logs in.
    super({ user: '', password: '', host: '' })
    const port: Pick<Socket, 'write'> = {
      write: (line: Uint8Array | string) => {
        void this.#answer(ask(`${String(line).slice(0, -'\r\n'.length)}${this.#ending}`, this.during))
        return true
      },
    }
    this._socket = port as Socket
  }

  /** Sends a command whose argument must be complete to its last octet. */
  async whole(verb: string, argument: string): Promise<[string, unknown]> {
    const line = `${verb} ${argument}`
    this.#ending = line.slice(line.trimEnd().length)
    return await this.command(line)
  }

  async #answer(coming: Promise<Reply>): Promise<void> {
    try {
      const reply = await coming
      if (reply.shape === 'refused') this.emit('error', new Refused(reply.text, this.during))
      else this.emit('response', reply.text, null)
    } catch (error) {
      this.emit('error', error)
    } finally {
      this.#ending = ''
      // After an error, `command()` does not remove its listener for `response`.
      this.removeAllListeners()
    }
  }
}
