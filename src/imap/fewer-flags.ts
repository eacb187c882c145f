/**
 * Leaves out flags that the store refuses, before a message is blamed: first keywords, which not every folder takes (PERMANENTFLAGS, RFC 9051
 * section 7.1), and of which Dovecot takes up to 50 letters; then all.
 */
import type { Failure } from '../failure/failure.ts'
import type { AppendAnswer } from '../pull/store-ports.ts'

/** A folder may let mail in, and no flags (RFC 4314 section 4). */
function isOfFolder(failure: Failure): boolean {
  return failure.kind === 'store refused' && typeof failure.during === 'object' && failure.during.code === 'APPEND'
}

export class FewerFlags {
  readonly #refused = new Set<string>()
  /** How often flags are left out of a batch that was refused; not at all once a message was stored with them. */
  #tries = 12

  async append(
    flags: readonly string[],
    send: (flags: readonly string[]) => Promise<AppendAnswer>,
  ): Promise<AppendAnswer> {
    const wanted = flags.filter((flag) => !this.#refused.has(flag))
    const answer = await send(wanted)
    if (answer.status === 'stored' && wanted.length > 0) this.#tries = 0
    const mayBeFlags = answer.status === 'refused' && (answer.failure === undefined || isOfFolder(answer.failure))
    if (!mayBeFlags || wanted.length === 0 || this.#tries === 0) return answer
    this.#tries -= 1
    const system = wanted.filter((flag) => flag.startsWith('\\'))
    for (const fewer of system.length < wanted.length ? [system, []] : [[]]) {
      const next = await send(fewer)
      if (next.status === 'refused') continue
      if (next.status !== 'stored') return next
      const left = wanted.filter((flag) => !fewer.includes(flag))
      for (const flag of left) this.#refused.add(flag)
      return { ...next, leftOut: { flags: left, reply: answer.reply } }
    }
    return answer
  }
}
