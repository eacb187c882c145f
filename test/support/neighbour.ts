/** Somebody who reads, flags, moves and expunges in their own mailbox, one step after the other, as a mail program does, until told to stop. */
import { setTimeout as delay } from 'node:timers/promises'
import { ImapFlow } from 'imapflow'

const folders = ['INBOX', 'Archive', 'Work/2026'] as const
const flags = ['\\Seen', '\\Flagged', '\\Answered', '$Later'] as const

export class Neighbour {
  /** The bodies of messages that are gone for good. */
  readonly expunged: string[] = []
  readonly did = { read: 0, flagged: 0, moved: 0, expunged: 0, nothing: 0 }
  readonly #client: ImapFlow
  readonly #random: () => number
  readonly #stopped = new AbortController()
  readonly #ended: Promise<void>

  private constructor(client: ImapFlow, random: () => number) {
    this.#client = client
    this.#random = random
    this.#ended = this.#live()
    // It is told at `stop`.
    this.#ended.catch(() => {})
  }

  static async come(port: number, user: string, random: () => number): Promise<Neighbour> {
    const auth = { user, pass: 'wonder' }
    const client = new ImapFlow({ host: '127.0.0.1', port, secure: false, doSTARTTLS: false, auth, logger: false })
    await client.connect()
    for (const folder of folders.slice(1)) await client.mailboxCreate(folder)
    return new Neighbour(client, random)
  }

  /** Ends after the step in hand. @throws what its store has refused. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    try {
      await this.#ended
    } finally {
      this.#client.close()
    }
  }

  #one<T>(of: readonly T[]): T {
    return of[Math.floor(this.#random() * of.length)] as T
  }

  async #live(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      await this.#step(this.#random() < 0.8 ? 'INBOX' : this.#one(folders))
      // Twenty without a pause leave nothing of the machine to those whom they are to disturb.
      await delay(this.#random() * 200)
    }
  }

  async #step(folder: string): Promise<void> {
    const client = this.#client
    const { exists } = await client.mailboxOpen(folder)
    const nth = String(1 + Math.floor(this.#random() * exists))
    const message = exists > 0 && (await client.fetchOne(nth, { uid: true, source: true }))
    if (message === false || message.source === undefined) {
      this.did.nothing += 1
      return
    }
    const [what, uid, options] = [this.#random(), String(message.uid), { uid: true }]
    if (what < 0.4) this.did.read += 1
    else if (what < 0.7) {
      const add = this.#random() < 0.7
      await client[add ? 'messageFlagsAdd' : 'messageFlagsRemove'](uid, [this.#one(flags)], options)
      this.did.flagged += 1
    } else if (what < 0.9) {
      const to = this.#one(folders.filter((one) => one !== folder))
      if ((await client.messageMove(uid, to, options)) === false) throw new Error(`${folder} ${uid} was not moved`)
      this.did.moved += 1
    } else {
      if (!(await client.messageDelete(uid, options))) throw new Error(`${folder} ${uid} was not expunged`)
      this.expunged.push(message.source.toString('latin1'))
      this.did.expunged += 1
    }
  }

  /** All that is there. */
  static readonly folders: readonly string[] = folders
}
