/**
 * Decides the order in which messages are retrieved. Pure. One window of mail is ordinary: it waits for nobody. What is more is heavy, and has
 * places of its own (workers/heavy-lane.ts), so that nobody's new mail waits behind imports and large messages.
 *
 * A first import brings the newest messages first, and then the small ones before the large ones: people see most of their mail soon. In each
 * class messages keep the maildrop's order, and so does everything that is one window. Nothing depends on the order: an import that is
 * interrupted goes on by what the ledger knows.
 */
import type { Listed } from '../mail/message.ts'
import { slices } from '../slices.ts'
import { pullLimits } from './limits.ts'

export interface Order {
  /** What has come since the import began, and is ordinary: no budget of an import holds it up. */
  readonly fresh: readonly Listed[]
  /** The rest of that: large messages, and what is more than one window. */
  readonly freshRest: readonly Listed[]
  /** At most one window. */
  readonly first: readonly Listed[]
  readonly rest: readonly Listed[]
}

/** A first import. */
export interface Import {
  /** The messages that have come since it began. */
  readonly fresh: ReadonlySet<Listed>
  /** Nothing of it is known yet. */
  readonly isBeginning: boolean
}

/** @param ofImport undefined: this is no first import. */
export async function orderOf(messages: readonly Listed[], ofImport: Import | undefined): Promise<Order> {
  if (ofImport === undefined) return { fresh: [], freshRest: [], ...(await ordinaryFirst(messages)) }
  const news = ofImport.fresh.size === 0 ? [] : await those(messages, (message) => ofImport.fresh.has(message))
  const { first: fresh, rest: freshRest } = await ordinaryFirst(news)
  const backlog = await without(messages, news)
  if (octetsOf(backlog) <= pullLimits.smallImportOctets) return { fresh, freshRest, ...firstWindowOf(backlog) }
  const newest = ofImport.isBeginning ? newestOf(backlog) : []
  const others = await bySize(await without(backlog, newest))
  return { fresh, freshRest, ...firstWindowOf([...newest, ...others]) }
}

/** One window of mail, small messages before large ones if it is not everything. */
async function ordinaryFirst(messages: readonly Listed[]): Promise<Pick<Order, 'first' | 'rest'>> {
  if (prefixOf(messages).length === messages.length) return { first: messages, rest: [] }
  const first = prefixOf(await those(messages, ({ size }) => size <= pullLimits.largeOctets))
  return { first, rest: await without(messages, first) }
}

function firstWindowOf(messages: readonly Listed[]): Pick<Order, 'first' | 'rest'> {
  const first = prefixOf(messages)
  return { first, rest: messages.slice(first.length) }
}

export function octetsOf(messages: readonly Listed[]): number {
  return messages.reduce((sum, { size }) => sum + size, 0)
}

/** The first messages, as many as are one window of mail. */
function prefixOf(messages: readonly Listed[]): readonly Listed[] {
  let octets = 0
  let count = 0
  for (const { size } of messages) {
    octets += size
    if (count === pullLimits.windowMessagesMax || octets > pullLimits.ordinaryOctetsMax) break
    count += 1
  }
  return messages.slice(0, count)
}

/** The last small messages: people look for them first. */
function newestOf(messages: readonly Listed[]): readonly Listed[] {
  const newest: Listed[] = []
  for (let nth = messages.length - 1; nth >= 0 && newest.length < pullLimits.importNewest; nth -= 1) {
    const message = messages[nth]
    if (message !== undefined && message.size <= pullLimits.importSizes[0]) newest.push(message)
  }
  return newest.toReversed()
}

/** Small messages first. */
async function bySize(messages: readonly Listed[]): Promise<Listed[]> {
  const classes = [...pullLimits.importSizes, Infinity].map((): Listed[] => [])
  for await (const slice of slices(messages))
    for (const message of slice) {
      const place = pullLimits.importSizes.findIndex((octets) => message.size <= octets)
      classes.at(place)?.push(message)
    }
  return classes.flat()
}

async function without(messages: readonly Listed[], some: readonly Listed[]): Promise<readonly Listed[]> {
  if (some.length === 0) return messages
  const taken = new Set(some)
  return await those(messages, (message) => !taken.has(message))
}

/** A filter in turns of the event loop. */
async function those(messages: readonly Listed[], isWanted: (message: Listed) => boolean): Promise<Listed[]> {
  const wanted: Listed[] = []
  for await (const slice of slices(messages)) for (const message of slice) if (isWanted(message)) wanted.push(message)
  return wanted
}
