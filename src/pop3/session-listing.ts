/** The listing of one session: asked once, and where the server takes it, before anybody reads it. */
import type { MaildropListing } from '../mail/listing.ts'
import { answersHash, askListing, type ListingLine } from './ask-listing.ts'
import type { Reply } from './reply.ts'

type Verb = 'UIDL' | 'LIST'

export class SessionListing {
  readonly #line: ListingLine
  /** Answers that were asked for, and that nobody has read. */
  readonly #coming = new Map<Verb, Promise<Reply>>()
  #listed: Promise<void> | undefined
  #messages: MaildropListing = []
  #leavesOut = false
  #answers: string | undefined

  constructor(line: ListingLine) {
    this.#line = line
  }

  /** The listing; empty before it was asked for. */
  get messages(): MaildropListing {
    return this.#messages
  }

  /** True if lines of it named no message. */
  get leavesOut(): boolean {
    return this.#leavesOut
  }

  /** It was asked for. */
  get isAsked(): boolean {
    return this.#listed !== undefined || this.#coming.size > 0
  }

  /** Asks for the lines of both commands, and waits for neither. */
  askAhead(): void {
    if (this.isAsked) return
    void this.#ask('UIDL')
    void this.#ask('LIST')
  }

  /** The connection failed on which it was asked for. */
  askedInVain(): void {
    this.#coming.clear()
  }

  async list(): Promise<MaildropListing> {
    await (this.#listed ??= this.#list())
    return this.#messages
  }

  /** The hash of the answers, as they came; undefined if these are not all that the listing is made of. */
  async answers(): Promise<string | undefined> {
    if (this.#listed !== undefined) {
      await this.#listed
      return this.#answers
    }
    const uidls = await (this.#coming.get('UIDL') ?? this.#ask('UIDL'))
    const sizes = await (this.#coming.get('LIST') ?? this.#ask('LIST'))
    return uidls.shape === 'listing' && sizes.shape === 'listing' ? answersHash(uidls.lines, sizes.lines) : undefined
  }

  #ask(verb: Verb): Promise<Reply> {
    const coming = this.#line.all(verb)
    this.#coming.set(verb, coming)
    return coming
  }

  async #list(): Promise<void> {
    const all = (verb: Verb) => {
      const coming = this.#coming.get(verb)
      this.#coming.delete(verb)
      return coming ?? this.#line.all(verb)
    }
    const { listed, leavesOut, answers } = await askListing({ ...this.#line, all })
    this.#messages = listed
    this.#leavesOut = leavesOut
    this.#answers = answers
  }
}
