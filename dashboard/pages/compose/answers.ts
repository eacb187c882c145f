/** To whom an answer goes, and as whom it is written. */
import type { Message, Person } from '../../shapes.ts'
import { type Addressee, addresseesIn, keyOf } from './addresses.ts'

export const answerKinds = ['reply', 'all', 'list', 'forward'] as const
export type AnswerKind = (typeof answerKinds)[number]

type Answered = Pick<Message, 'from' | 'to' | 'cc' | 'replyTo' | 'listPost' | 'followUpTo'>

export interface Recipients {
  readonly to: readonly Addressee[]
  readonly cc: readonly Addressee[]
}

/** @param own the addresses of the one who answers, in lower case. */
export function recipientsOf(kind: AnswerKind, message: Answered, own: ReadonlySet<string>): Recipients {
  const [from, replyTo, to, cc] = [
    message.from === null ? [] : [message.from],
    message.replyTo,
    message.to,
    message.cc,
  ].map(known) as [Addressee[], Addressee[], Addressee[], Addressee[]]
  const isOwn = (one: Addressee) => own.has(keyOf(one))
  if (kind === 'forward') return { to: [], cc: [] }
  if (kind === 'list')
    return { to: message.listPost === null ? [] : [{ name: null, address: message.listPost }], cc: [] }
  // What somebody has sent is answered to whom it was sent.
  if (from.some(isOwn) && !replyTo.some((one) => !isOwn(one)) && to.some((one) => !isOwn(one)))
    return without(isOwn, to, kind === 'all' ? cc : [])
  // A list that puts itself into Reply-To is answered by all, and its writer by one.
  const isOfList = replyTo.length > 0 && replyTo.every((one) => keyOf(one) === message.listPost?.toLowerCase())
  const sender = replyTo.length > 0 && !(isOfList && from.length > 0) ? replyTo : from
  if (kind === 'reply') return { to: each(sender), cc: [] }
  const followUp = addresseesIn(message.followUpTo ?? '').filter((one) => !isOwn(one))
  if (followUp.length > 0) return { to: each(followUp), cc: [] }
  const all = without(isOwn, [...sender, ...to, ...(isOfList ? replyTo : [])], cc)
  // Who has written to themselves alone answers themselves.
  return all.to.length + all.cc.length === 0 ? { to: each(sender), cc: [] } : all
}

const known = (people: readonly Person[]): Addressee[] =>
  people.flatMap(({ name, address }) => (address?.includes('@') ? [{ name, address }] : []))

function each(people: readonly Addressee[]): Addressee[] {
  return [...new Map(people.toReversed().map((one) => [keyOf(one), one])).values()].toReversed()
}

function without(isOwn: (one: Addressee) => boolean, to: readonly Addressee[], cc: readonly Addressee[]): Recipients {
  const first = each(to.filter((one) => !isOwn(one)))
  const named = new Set(first.map(keyOf))
  return { to: first, cc: each(cc.filter((one) => !isOwn(one) && !named.has(keyOf(one)))) }
}

export interface Sender {
  readonly accountId: string
  readonly address: string
  readonly default: boolean
}

/**
 * As whom a message is answered: the account that it came by, else the one it was sent to or by, else the only one that gathers into its folder.
 *
 * @param folders by account, where its mail goes.
 */
export function identityFor<One extends Sender>(
  identities: readonly One[],
  message:
    | (Pick<Message, 'from' | 'to' | 'cc' | 'folder'> & { readonly trace: { readonly account: string } | null })
    | undefined,
  folders: ReadonlyMap<string, string> = new Map(),
): One | undefined {
  const named = (address: string | null | undefined) =>
    identities.find((one) => one.address.toLowerCase() === address?.toLowerCase())
  const usual = identities.find((one) => one.default) ?? identities[0]
  if (message === undefined) return usual
  const { trace, to, cc, from, folder } = message
  const there = identities.filter(({ accountId }) => folder !== 'INBOX' && folders.get(accountId) === folder)
  const people = [...to, ...cc, ...(from === null ? [] : [from])]
  return (
    named(trace?.account) ??
    people.map(({ address }) => named(address)).find((one) => one !== undefined) ??
    (there.length === 1 ? there[0] : usual)
  )
}
