/** A message while it is written: what stands in it, its draft in the mailbox, and how it is sent. */
import { computed, type ReadonlySignal, signal } from '@preact/signals'
import { isAborted, problemOf } from '../../client.ts'
import type { Problem } from '../../shapes.ts'
import { upload } from '../../upload.ts'
import { noteTyped } from '../../unsaved.ts'
import { attachedCountMax, attachedMax, type Attached, contentOf, sizeOf, typeOf } from './attaching.ts'
import { type LetterPlace, newMessageOf, type Origin, type Values } from './wire.ts'

export type DraftState = 'untouched' | 'changed' | 'saving' | 'saved' | 'failed'

/** A draft is written when somebody pauses; its attachments go along each time, and get more time. */
const savedAfterMs = 2500
const savedAfterMsPerOctet = 1 / 1000
const triedAgainMs = 20_000

let lastAttached = 0

/** What may be attached. `blob` gives it, and tells how much of it is there. */
export interface Attachable extends Pick<Attached, 'filename' | 'contentType' | 'size'> {
  readonly blob: (signal: AbortSignal, told: (read: number) => void) => Promise<Blob>
}

export class Writing {
  readonly destination: string
  readonly origin: Origin
  readonly values: ReadonlySignal<Values>
  readonly state = signal<DraftState>('untouched')
  readonly problem = signal<Problem | undefined>(undefined)
  /** How much of it has gone out. */
  readonly going = signal<{ readonly sent: number; readonly all: number } | undefined>(undefined)
  readonly attachFault = signal<
    { readonly kind: 'too large' | 'unread'; readonly names: readonly string[] } | undefined
  >(undefined)
  readonly isReading = computed(() => this.values.value.attachments.some(({ content }) => content === undefined))
  draft: LetterPlace | undefined
  /** Grows when the text was set by somebody else than its typist: its field is made anew. */
  readonly textTurn = signal(0)
  readonly #values
  /** It is the same one until something in it is another. */
  #key = crypto.randomUUID()
  #timer: number | undefined
  #saving: Promise<void> | undefined
  #ended = false
  readonly #stop = new AbortController()

  constructor(destination: string, values: Values, origin: Origin, draft?: LetterPlace) {
    this.destination = destination
    this.origin = origin
    this.draft = draft
    this.#values = signal(values)
    this.values = this.#values
  }

  set(part: Partial<Values>): void {
    this.settle(part)
    this.#key = crypto.randomUUID()
    this.state.value = 'changed'
    noteTyped(this, true)
    this.#soon(savedAfterMs + sizeOf(this.values.value.attachments) * savedAfterMsPerOctet)
  }

  /** What was found, and not typed. */
  settle(part: Partial<Values>): void {
    this.#values.value = { ...this.values.value, ...part }
  }

  /** Writes the draft at once. Resolves to whether it is there as it stands here. */
  readonly save = async (): Promise<boolean> => {
    window.clearTimeout(this.#timer)
    await this.#saving
    if (this.state.value === 'changed' || this.state.value === 'failed') {
      this.#saving = this.#write()
      await this.#saving
      this.#saving = undefined
    }
    return this.state.value !== 'failed' && this.state.value !== 'changed'
  }

  async #write(): Promise<void> {
    this.state.value = 'saving'
    const body = {
      ...newMessageOf(this.values.value, this.origin),
      ...(this.draft === undefined ? {} : { replaces: this.draft }),
    }
    try {
      const { folder, uid } = await upload<LetterPlace>('PUT', `/destinations/${this.destination}/drafts`, body)
      this.draft = { folder, uid }
      // Somebody may have typed on meanwhile.
      if (this.#stateNow() === 'saving') {
        this.state.value = 'saved'
        noteTyped(this, false)
      }
    } catch (error) {
      this.state.value = 'failed'
      if (problemOf(error).status !== 400) this.#soon(triedAgainMs)
    }
  }

  #stateNow(): DraftState {
    return this.state.peek()
  }

  #soon(ms: number): void {
    window.clearTimeout(this.#timer)
    if (!this.#ended) this.#timer = window.setTimeout(() => void this.save(), ms)
  }

  attach(files: readonly File[]): void {
    this.#add(
      files.map((file) => ({
        filename: file.name,
        contentType: typeOf(file.type),
        size: file.size,
        blob: async () => file,
      })),
      (part) => this.set(part),
    )
  }

  /** What another message brings goes along: nobody has typed it. */
  carry(files: readonly Attachable[]): void {
    this.#add(files, (part) => this.settle(part))
  }

  #add(files: readonly Attachable[], put: (part: Partial<Values>) => void): void {
    const tooMuch: string[] = []
    this.attachFault.value = undefined
    for (const { blob, ...file } of files) {
      const { attachments } = this.values.value
      if (sizeOf(attachments) + file.size > attachedMax || attachments.length >= attachedCountMax) {
        tooMuch.push(file.filename)
        continue
      }
      const id = (lastAttached += 1)
      this.settle({ attachments: [...attachments, { ...file, id, content: undefined, read: 0 }] })
      void this.#read(id, file.filename, blob, put)
    }
    if (tooMuch.length > 0) this.attachFault.value = { kind: 'too large', names: tooMuch }
  }

  async #read(id: number, name: string, blob: Attachable['blob'], put: (part: Partial<Values>) => void): Promise<void> {
    const { signal: stopped } = this.#stop
    const change = (part: Partial<Attached>) =>
      this.values.value.attachments.map((one) => (one.id === id ? { ...one, ...part } : one))
    const told = (read: number) => this.settle({ attachments: change({ read }) })
    try {
      const file = await blob(stopped, told)
      const content = await contentOf(file, stopped, told)
      if (this.values.value.attachments.some((one) => one.id === id))
        put({ attachments: change({ content, size: file.size, read: file.size }) })
    } catch (error) {
      if (isAborted(error) || stopped.aborted) return
      this.settle({ attachments: this.values.value.attachments.filter((one) => one.id !== id) })
      this.attachFault.value = { kind: 'unread', names: [name] }
    }
  }

  detach(id: number): void {
    this.attachFault.value = undefined
    this.set({ attachments: this.values.value.attachments.filter((one) => one.id !== id) })
  }

  /** @param sendAt ISO 8601, by the server's clock. Undefined: it was not taken, and `problem` says why. */
  async send<Taken>(sendAt: string): Promise<Taken | undefined> {
    window.clearTimeout(this.#timer)
    await this.#saving
    this.problem.value = undefined
    this.going.value = { sent: 0, all: 0 }
    const body = {
      ...newMessageOf(this.values.value, this.origin),
      ...(this.draft === undefined ? {} : { draft: this.draft }),
      sendAt,
    }
    try {
      const taken = await upload<Taken>('POST', `/destinations/${this.destination}/messages`, body, {
        headers: { 'idempotency-key': this.#key },
        signal: this.#stop.signal,
        told: (sent, all) => {
          this.going.value = { sent, all }
        },
      })
      this.end()
      return taken
    } catch (error) {
      if (!isAborted(error)) this.problem.value = problemOf(error)
      this.#soon(savedAfterMs)
      return undefined
    } finally {
      this.going.value = undefined
    }
  }

  /** Nothing of it is written any more. */
  end(): void {
    this.#ended = true
    window.clearTimeout(this.#timer)
    this.#stop.abort()
    noteTyped(this, false)
  }
}
