/** Tries all messages again that were set aside, or lets go of them: of an account, of a destination, for one reason. */
import { type Command, Option } from 'commander'
import type { Cli } from './cli.ts'
import { CommandFailed } from './failure.ts'
import { accountId, destinationId } from './find.ts'
import type { AsideReason, QuarantineCount, SettledQuarantine } from './wire.ts'

export interface Filters {
  readonly reason?: string | undefined
  readonly destination?: string | undefined
}

export interface AllOptions extends Filters {
  readonly all?: true
  readonly yes?: true
}

/** Of the API; a type has no list. */
const reasons: Readonly<Record<AsideReason, true>> = {
  'over limit': true,
  'provider refused': true,
  'store refused': true,
  'broken protocol': true,
  silent: true,
  unreachable: true,
  tls: true,
  'credentials refused': true,
  throttled: true,
  'maildrop in use': true,
  'store unreachable': true,
  'store full': true,
  superseded: true,
  stopped: true,
  internal: true,
  'sign-in needed': true,
  'token service unreachable': true,
}

export const byReason = () =>
  new Option('--reason <reason>', 'those alone that were set aside for it').choices(Object.keys(reasons))

export function withAll(command: Command): Command {
  return command
    .option('--all', 'all of them: of the account, if one is named')
    .addOption(byReason())
    .option('--destination <destination>', 'with --all, those of its accounts: its login or id')
    .option('-y, --yes', 'with --all: do not ask first')
}

/** @returns undefined: all are meant. */
export function oneOf(
  name: string | undefined,
  entry: string | undefined,
  { all, reason, destination }: AllOptions,
): { readonly name: string; readonly entry: string } | undefined {
  if (all && entry === undefined) return undefined
  if (all || reason !== undefined || destination !== undefined)
    throw new CommandFailed(
      'usage',
      'Name one message by its account and its id, or say --all, with --reason if you like.',
    )
  if (name !== undefined && entry !== undefined) return { name, entry }
  throw new CommandFailed('usage', 'Say which one: its account and its id in "tributary quarantine list", or --all.')
}

/** The filters as the API has them. */
export async function wantedBy(
  { api }: Cli,
  { account, reason, destination }: Filters & { readonly account?: string | undefined },
): Promise<Record<string, string>> {
  const ofDestination = destination === undefined ? undefined : await destinationId(api, destination)
  const wanted = { accountId: account, reason, destinationId: ofDestination }
  return Object.fromEntries(Object.entries(wanted).filter((field): field is [string, string] => field[1] !== undefined))
}

export async function settleAll(
  cli: Cli,
  deed: 'retry' | 'dismiss',
  name: string | undefined,
  { yes, ...filters }: AllOptions,
): Promise<void> {
  const { api, terminal } = cli
  const account = name === undefined ? undefined : await accountId(api, name)
  const wanted = await wantedBy(cli, { ...filters, account })
  let count = 0
  let firstSeenBefore: string | undefined
  for (let cursor: string | undefined; ; ) {
    const counted = await api.get<QuarantineCount>('/quarantine/count', { ...wanted, cursor })
    count += counted.messages
    firstSeenBefore ??= counted.countedAt
    if (counted.next === null) break
    cursor = counted.next
  }
  if (count === 0 && !terminal.json) return terminal.note('There is none.')
  const these = count === 1 ? '1 message' : `${count} messages`
  const question =
    deed === 'retry' ? `Try ${these} again?` : `Let go of ${these}? They stay at the provider, and are not fetched.`
  if (count > 0) await cli.sure(question, yes)
  const all = { messages: 0, left: 0, runs: 0 }
  for (let cursor: string | undefined; ; ) {
    const settled = await api.post<SettledQuarantine>(`/quarantine/${deed}`, { ...wanted, firstSeenBefore, cursor })
    for (const field of ['messages', 'left', 'runs'] as const) all[field] += settled[field]
    if (settled.next === null) break
    cursor = settled.next
  }
  if (terminal.json) return terminal.document(all)
  const settled = all.messages === 1 ? '1 message is' : `${all.messages} messages are`
  terminal.note(deed === 'dismiss' ? `${settled} let go of.` : `${settled} tried again; runs: ${all.runs}.`)
  if (all.left > 0)
    terminal.note(
      `Left as they are, since their accounts take no larger ones (account edit --max-message-bytes): ${all.left}.`,
    )
}
