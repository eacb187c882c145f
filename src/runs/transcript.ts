/** Notes the lines of the sessions of one run, without secrets and without any mail, for people who look for a fault. */
import { runLimits } from './limits.ts'
import { type Phase, phaseCode } from '../failure/phase.ts'
import { masking } from '../mask.ts'
import { printable } from '../printable.ts'

export type Side = 'client' | 'server' | 'note'
export type TranscriptLine = readonly [atMs: number, side: Side, text: string]

export interface KeptTranscript {
  readonly lines: readonly TranscriptLine[]
  /** Whether lines in the middle are left out. */
  readonly truncated: boolean
}

export class Transcript {
  /** The first lines and the last ones are kept, raw. Secrets are looked for at the end, so that a line that is dropped costs nothing. */
  readonly #first: TranscriptLine[] = []
  readonly #last: TranscriptLine[] = []
  readonly #secrets = new Set<string>()
  #truncated = false
  #changed = false

  /** @param earlier the transcript of the same run before its worker died. */
  constructor(earlier?: KeptTranscript) {
    for (const [atMs, side, text] of earlier?.lines ?? []) this.#add(side, text, atMs)
    this.#truncated ||= earlier?.truncated ?? false
    if (earlier !== undefined) this.note('the worker died, and another one goes on')
    this.#changed = false
  }

  /** Hides a secret in every line: servers repeat lines that they refuse. */
  hide(secret: string): void {
    for (const text of [secret, secret.trim(), secret.replace(/=+$/, '')]) this.#secrets.add(text)
  }

  sent(line: string, during: Phase): void {
    // Other commands need no second look, and there may be a thousand of them.
    this.#add('client', /^[AP]/i.test(line) || phaseCode(during) === 'AUTH' ? withoutCredentials(line, during) : line)
  }

  heard(text: string): void {
    this.#add('server', text)
  }

  /** Notes the first lines of a listing, and the number of its lines. */
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

  /** Undefined if no line was added since the last call. */
  changes(): KeptTranscript | undefined {
    if (!this.#changed) return undefined
    this.#changed = false
    return this.kept()
  }

  kept(): KeptTranscript {
    const mask = masking([...this.#secrets])
    const shown = ([atMs, side, text]: TranscriptLine): TranscriptLine => {
      // It is masked first: a secret that is cut would not be recognised.
      return [atMs, side, printable(mask(text), runLimits.transcriptLineMax)]
    }
    return { lines: [...this.#first, ...this.#last].map(shown), truncated: this.#truncated }
  }

  #add(side: Side, text: string, atMs = Date.now()): void {
    this.#changed = true
    const full = this.#first.length >= runLimits.transcriptLinesEach
    const part = full ? this.#last : this.#first
    part.push([atMs, side, text])
    // Many are cut at a time: to move all of them for each line would cost more than the line.
    if (this.#last.length < 2 * runLimits.transcriptLinesEach) return
    this.#last.splice(0, runLimits.transcriptLinesEach)
    this.#truncated = true
  }
}

/** This does not use toLocaleString(), whose first call takes 30 ms of the event loop. */
function inThousands(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

function withoutCredentials(line: string, during: Phase): string {
  const [, verb, mechanism] = /^(PASS|APOP|AUTH(?=\s+(\S+)\s))\b/i.exec(line) ?? []
  if (verb !== undefined) return mechanism === undefined ? `${verb} ***` : `${verb} ${mechanism} ***`
  return phaseCode(during) === 'AUTH' && !/^AUTH\b/i.test(line) ? '***' : line
}
