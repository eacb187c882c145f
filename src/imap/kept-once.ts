/**
 * Gmail keeps equal messages once: it says OK to the second one, and its APPENDUID names the first. That one has another token, so it is
 * compared byte by byte, by its digest.
 */
import type { ImapFlow } from 'imapflow'
import type { Token } from '../mail/message.ts'
import { digestOfPieces } from '../mail/octets.ts'
import { traceEnd } from '../mail/trace.ts'
import type { Copy } from '../pull/store-ports.ts'
import { pathOf } from './connection.ts'
import type { Wait } from './search.ts'
import { StoreTraces } from './traces.ts'

/** A copy, and the place that the store named for it. */
export interface KeptCopy {
  readonly copy: Copy
  readonly uidValidity: number
  readonly uid: number
}

/** The tokens of those copies at whose places equal messages stand. */
export async function keptOnce(
  client: ImapFlow,
  wait: Wait,
  folder: string,
  copies: readonly KeptCopy[],
): Promise<Set<Token>> {
  const tokens = new Set<Token>()
  if (copies.length === 0) return tokens
  const opened = await wait(new StoreTraces(client).open(pathOf(client, folder)))
  for (const { copy, uidValidity, uid } of copies) {
    if (opened === undefined || opened.uidValidity !== uidValidity) break
    const ours = await digestOf(copy)
    for await (const { digest } of opened.originals([uid], () => true)) if (digest === ours) tokens.add(copy.token)
  }
  return tokens
}

async function digestOf(copy: Copy) {
  return await digestOfPieces(withoutTrace(copy))
}

async function* withoutTrace({ literal, rest }: Copy): AsyncGenerator<Buffer> {
  const [first = Buffer.alloc(0), ...others] = literal
  yield first.subarray(traceEnd(first))
  yield* others
  if (rest !== undefined) yield* rest.read()
}
