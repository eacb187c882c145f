/** What was said in the sessions of one run, for people who look for what went wrong: without secrets, and without any mail. */
import { runLimits } from './limits.ts'
import { type Phase, phaseCode } from '../failure/phase.ts'
import { masking } from '../mask.ts'
import { printable } from '../printable.ts'

export type Side = 'client' | 'server' | 'note'
export type TranscriptLine = readonly [atMs: number, side: Side, text: string]

export interface KeptTranscript {
  readonly lines: readonly TranscriptLine[]
  /** Lines in the middle are left out. */
  readonly truncated: boolean
}

export class Transcript {
  /** The first ones, and the last ones since; of those in between the oldest go. Read they are in the end: what is not kept costs nothing. */
  readonly #first: TranscriptLine[] = []
  readonly #last: TranscriptLine[] = []
  readonly #secrets = new Set<string>()
  #truncated = false
  #changed = false

  /** @param earlier of the same run, whose worker died. */
  constructor(earlier?: KeptTranscript) {
    for (const [atMs, side, text] of earlier?.lines ?? []) this.#add(side, text, atMs)
    this.#truncated ||= earlier?.truncated ?? false
    if (earlier !== undefined) this.note('the worker died, and another one goes on')
    this.#changed = false
  }

  /** Not to be seen wherever it stands: servers repeat what they refuse. */
  hide(secret: string): void {
    for (const text of [secret, secret.trim(), secret.replace(/=+$/, '')]) this.#secrets.add(text)
  }

  sent(line: string, during: Phase): void {
    // What else we say needs no second look, and may be a thousand lines.
    this.#add('client', /^[AP]/i.test(line) || phaseCode(during) === 'AUTH' ? withoutCredentials(line, during) : line)
  }

  heard(text: string): void {
    this.#add('server', text)
  }

  /** A listing: its first lines, and how many there are. */
  heardAll(lines: Iterable<string> & { readonly length: number }, shown: number): void {
    let nth = 0
    for (const line of lines) {
      if ((nth += 1) > shown) break
      this.heard(line)
    }
    if (lines.length > shown) this.heard(`... ${inThousands(lines.length)} lines`)
  }

  note(text: string): void {
    this.#add('note', text)
  }

  /** Undefined: nothing has been said since it was asked for last. */
  changes(): KeptTranscript | undefined {
    if (!this.#changed) return undefined
    this.#changed = false
    return this.kept()
  }

  kept(): KeptTranscript {
    const mask = masking([...this.#secrets])
    const shown = ([atMs, side, text]: TranscriptLine): TranscriptLine => {
      // First masked: a secret that is cut would not be known again.
      return [atMs, side, printable(mask(text), runLimits.transcriptLineMax)]
    }
    return { lines: [...this.#first, ...this.#last].map(shown), truncated: this.#truncated }
  }

  #add(side: Side, text: string, atMs = Date.now()): void {
    this.#changed = true
    const full = this.#first.length >= runLimits.transcriptLinesEach
    const part = full ? this.#last : this.#first
    part.push([atMs, side, text])
    // Cut a bunch at a time: to move all for each line would cost more than the line.
    if (this.#last.length < 2 * runLimits.transcriptLinesEach) return
    this.#last.splice(0, runLimits.transcriptLinesEach)
    this.#truncated = true
  }
}

/** Not by toLocaleString(), whose first call holds the event loop up for 30 ms. */
function inThousands(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

function withoutCredentials(line: string, during: Phase): string {
  const [, verb, mechanism] = /^(PASS|APOP|AUTH(?=\s+(\S+)\s))\b/i.exec(line) ?? []
  if (verb !== undefined) return mechanism === undefined ? `${verb} ***` : `${verb} ${mechanism} ***`
  return phaseCode(during) === 'AUTH' && !/^AUTH\b/i.test(line) ? '***' : line
}
