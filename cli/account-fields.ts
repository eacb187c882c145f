/** The fields of an account on the command line: as options, or asked for and looked up if an option is missing. */
import type { Command } from 'commander'
import type { Page } from './api.ts'
import type { Cli } from './cli.ts'
import { type LoginOptions, loginFieldsIn, withLoginOptions } from './login-options.ts'
import { CommandFailed } from './failure.ts'
import { destinationId, destinationTitle } from './find.ts'
import { collect, firstRun, given, type Nothing, octetsPerHour, retention, whole } from './options.ts'
import { passwordFrom } from './passwords.ts'
import { type SendingOptions, sendingFieldsIn, withSendingOptions } from './sending-options.ts'
import { serverFieldsIn, type ServerOptions, withServerOptions } from './server-options.ts'
import { serverOf } from './words.ts'
import type { AccountPatch, Candidates, Destination, NewAccount } from './wire.ts'

export interface FieldOptions extends LoginOptions, ServerOptions, SendingOptions {
  address?: string
  destination?: string
  folder?: string
  flag?: string[]
  retention?: NewAccount['retention']
  firstRun?: NewAccount['firstRun']
  minInterval?: number
  maxInterval?: number
  maxMessageBytes?: number
  importPerHour?: number | Nothing
  hidesRetrieved?: boolean
  trace?: boolean
  paused?: boolean
  passwordFile?: string
}

/** Adds the options that `add` and `edit` have in common. */
export function withFields(command: Command): Command {
  return withSendingOptions(
    withServerOptions(withLoginOptions(command), {
      host: 'the POP3 server',
      port: 'its port, if not 995 (implicit) or 110',
      user: 'the user there, if not the address',
    }),
  )
    .option('--destination <name>', 'where its mail goes: a login, or an id')
    .option('--folder <name>', 'the folder it goes to')
    .option('--flag <flag>', 'a flag it gets there; more by giving it again', collect)
    .option('--retention <what>', 'at the provider: keep, delete, or days until deleted', retention)
    .option('--first-run <what>', 'of the mail that is there already: all, new, or the last days', firstRun)
    .option('--min-interval <seconds>', 'between visits while mail is expected', whole)
    .option(
      '--max-interval <seconds>',
      'between visits while none is expected; the same as the shortest: exactly so long',
      whole,
    )
    .option('--max-message-bytes <n>', 'larger messages are set aside', whole)
    .option(
      '--import-per-hour <size>',
      'its first import brings so much in an hour at most, like 20MB; none: as fast as it comes',
      octetsPerHour,
    )
    .option('--hides-retrieved', 'the provider shows a message once only (as Gmail does)')
    .option('--no-hides-retrieved', 'it does not')
    .option('--trace', 'put trace lines in front of each message (as it is)')
    .option('--no-trace', 'put one line there only')
    .option('--paused', 'not visited by the schedule')
    .option('--no-paused', 'visited by the schedule')
    .option('--password-file <file>', 'the password of the account: the first line of a file, - for stdin')
}

/** Gives the fields that were given as options, under the names of the API. */
export async function fieldsIn(cli: Cli, options: FieldOptions): Promise<AccountPatch> {
  const { destination, flag: flags, minInterval: minSeconds, maxInterval: maxSeconds } = options
  const interval = given({ minSeconds, maxSeconds })
  const { address, folder, trace, paused } = options
  const { retention, firstRun, maxMessageBytes, importPerHour: importBytesPerHour, hidesRetrieved } = options
  return {
    ...serverFieldsIn(options),
    ...given({ address, folder, flags, trace, paused }),
    ...given({ retention, firstRun, maxMessageBytes, importBytesPerHour, hidesRetrieved }),
    ...(Object.keys(interval).length === 0 ? {} : { interval }),
    ...(destination === undefined ? {} : { destinationId: await destinationId(cli.api, destination) }),
    ...(await loginFieldsIn(cli, options)),
    ...(await sendingFieldsIn(cli, options)),
  }
}

/** So many destinations are listed to choose from. */
const shownMax = 20

/** Gives everything that a new account needs: the options, the facts that can be found out, and on a terminal the answers of the user. */
export async function completedAccount(cli: Cli, options: FieldOptions): Promise<NewAccount> {
  const { terminal, api } = cli
  const fields = await fieldsIn(cli, options)
  const asking = terminal.attended
  const address = fields.address ?? (asking ? await terminal.ask('E-mail address') : undefined)
  if (address === undefined || address === '') throw new CommandFailed('usage', 'Which account? Say its address.')
  const found = fields.host === undefined ? await discovered(cli, address) : undefined
  const ask = async (question: string, usual: string | undefined, option: string) => {
    const answer = asking ? await terminal.ask(question, usual) : (usual ?? '')
    if (answer === '') throw new CommandFailed('usage', `${question} is not known: say it with ${option}.`)
    return answer
  }
  const host = fields.host ?? (await ask('POP3 server', found?.hostUnicode, '--host'))
  const server = found?.hostUnicode === host ? given({ port: found.port, tls: found.tls }) : {}
  const smtp = fields.smtp === undefined ? await smtpIn(cli, found?.smtp) : {}
  const usual = found?.user ?? address
  const said = fields.user ?? (asking ? await ask('User', usual, '--user') : found?.user)
  // Where nobody has said one, the API has the rule, and its test tries the other form, too.
  const user = said === address ? undefined : said
  let into = fields.destinationId
  if (into === undefined) {
    const { items, next } = await api.get<Page<Destination>>('/destinations', { limit: shownMax })
    const titles = items.map(destinationTitle)
    if (items.length === 0)
      throw new CommandFailed(
        'refused',
        'There is no destination yet that its mail could go to: tributary destination add LOGIN',
      )
    if (!asking && (next !== null || titles.length > 1))
      throw new CommandFailed('usage', `Where is its mail to go? Say it with --destination: ${titles.join(', ')}.`)
    if (asking && next !== null) terminal.note('"tributary destination list --all" shows all of them.')
    const name = asking ? await terminal.choose('Destination', titles) : titles[0]
    into = await destinationId(api, name ?? '')
  }
  // Whoever signs in at the provider has no password here.
  const password =
    fields.auth === 'oauth2'
      ? {}
      : { password: await passwordFrom(cli, options.passwordFile, `Password of ${user ?? address} at ${host}`) }
  return { ...server, ...smtp, ...fields, address, host, ...given({ user }), ...password, destinationId: into }
}

/** Gives the likeliest server of an address; undefined if it cannot be found out. */
async function discovered(
  { api, terminal }: Cli,
  address: string,
): Promise<(Candidates['candidates'][number] & { readonly smtp: Candidates['smtp'] }) | undefined> {
  try {
    const { candidates, note, smtp } = await api.get<Candidates>('/discover', { address })
    const [first] = candidates
    if (first !== undefined) terminal.note(`Found ${serverOf(first)}, by ${first.source}.`)
    for (const remark of [note, first?.note]) if (remark) terminal.note(remark)
    return first === undefined ? undefined : { ...first, smtp }
  } catch (error) {
    if (error instanceof CommandFailed && error.code === 'refused') return undefined
    throw error
  }
}

/** The server by which it is to send: the one that was found, where somebody who sits there agrees, or that answers. */
async function smtpIn({ terminal }: Cli, found: Candidates['smtp'] = []): Promise<Pick<NewAccount, 'smtp'>> {
  const [best] = found
  if (best === undefined) return {}
  const place = { host: best.host, port: best.port, tls: best.tls }
  if (!terminal.attended) return best.verified ? { smtp: place } : {}
  const wanted = await terminal.agrees(`Send as this address too, by ${serverOf(best)}?`, 'y')
  return { smtp: wanted ? place : false }
}
