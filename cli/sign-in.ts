/** `sign-in` and `sign-out` of accounts and destinations: by a code that is typed on another device, by a link for the owner, or unattended. */
import { setTimeout } from 'node:timers/promises'
import { type Command, Option } from 'commander'
import type { Cli } from './cli.ts'
import { CommandFailed } from './failure.ts'
import { accountId, accountIdOrNone, destinationId } from './find.ts'
import { type NewSignInOptions, registered, withNewSignInOptions } from './new-sign-in.ts'
import { example, remark } from './reference.ts'
import { away, moment, warningOf } from './words.ts'
import type { SignIn } from './wire.ts'

interface SignInLink {
  readonly url: string
  readonly expiresAt: string
}

interface DeviceCode {
  readonly userCode: string
  readonly verificationUri: string
  readonly expiresAt: string
  /** What the sign-in is for. */
  readonly feeds: string
}

interface SignInOptions extends NewSignInOptions {
  readonly link?: true
  readonly unattended?: true
}

/** The provider is asked by the instance, as often as it permits; this asks the instance. */
const askMs = 2000

const nouns = {
  account: { path: '/accounts', id: accountId, argument: 'its address or id', named: 'me@outlook.com' },
  destination: {
    path: '/destinations',
    id: destinationId,
    argument: 'USER@HOST, or id',
    named: 'me@gmail.com@imap.gmail.com',
  },
} as const

export function addSignIn(parent: Command, cli: Cli, noun: keyof typeof nouns): void {
  const { path, id: idOf, argument, named } = nouns[noun]
  const placeOf = async (name: string) => `${path}/${await idOf(cli.api, name)}/oauth`
  /** An address that is not registered yet becomes an account. */
  const placeOfAny = async (name: string, options: NewSignInOptions) => {
    if (noun === 'destination' || !name.includes('@')) return await placeOf(name)
    return `${path}/${(await accountIdOrNone(cli.api, name)) ?? (await registered(cli, name, options))}/oauth`
  }
  const command = parent
    .command('sign-in')
    .description(
      noun === 'account'
        ? 'Sign an account in at its provider, by a code that is typed in a browser on any device; an address that is new here is registered first'
        : 'Sign an IMAP destination in at its provider, by a code that is typed in a browser on any device',
    )
  example(
    remark(
      (noun === 'account' ? withNewSignInOptions(command) : command)
        .argument(`<${noun}>`, argument)
        .option('--link', 'print a link for its owner, who signs in by it within seven days')
        .addOption(
          new Option('--unattended', 'by the application itself, where an admin has allowed the address').conflicts(
            'link',
          ),
        )
        .action(async (name: string, { link, unattended, ...options }: SignInOptions) => {
          const place = await placeOfAny(name, options)
          if (link) await giveLink(cli, place, name)
          else if (unattended) tell(cli, await cli.api.post<SignIn>(place, { flow: 'application' }))
          else await byCode(cli, place)
        }),
      `It waits until the code is typed or has ended. The application by which it signs in is chosen with "tributary ${noun} edit --auth oauth2 --application ID"; "tributary oauth application add --help" says how there comes to be one.`,
    ),
    `tributary ${noun} sign-in ${named}`,
    `tributary ${noun} sign-in ${named} --link`,
  )
  example(
    parent
      .command('sign-out')
      .description('Forget what signing in has given; nothing is fetched until somebody signs in again')
      .argument(`<${noun}>`, argument)
      .action(async (name: string) => {
        await cli.api.ask('DELETE', await placeOf(name))
        cli.terminal.note(`${name} is signed out.`)
      }),
    `tributary ${noun} sign-out ${named}`,
  )
}

async function giveLink({ api, terminal }: Cli, place: string, name: string): Promise<void> {
  const link = await api.post<SignInLink>(`${place}/link`)
  if (terminal.json) return terminal.document(link)
  terminal.say(link.url)
  terminal.note(
    `Whoever may read ${name} opens it in a browser and signs in. It is good until ${moment(link.expiresAt)}, and for once.`,
  )
}

/** RFC 8628. Ctrl-C ends the waiting; whoever types the code after that is signed in all the same. */
async function byCode(cli: Cli, place: string): Promise<void> {
  const { api, terminal, interrupted } = cli
  const code = await api.post<DeviceCode>(place, { flow: 'device' })
  // With --json the end is the document.
  const say = terminal.json ? terminal.warn.bind(terminal) : terminal.say.bind(terminal)
  say(code.feeds)
  say(`Open ${code.verificationUri} in a browser, on any device, and type ${code.userCode}`)
  terminal.note(`Waiting for that; the code ends ${away(code.expiresAt)}.`)
  while (!interrupted.aborted) {
    await setTimeout(askMs, undefined, { signal: interrupted }).catch(() => {})
    if (interrupted.aborted) break
    const now = await api.get<SignIn & { userCode?: string }>(place)
    // Whoever was signed in before still is, while a code waits.
    if (now.state !== 'waiting' && now.userCode === undefined) return tell(cli, now)
    if (Date.parse(code.expiresAt) < Date.now())
      throw new CommandFailed('failed', 'Nobody has typed the code in time. Begin anew with the same command.')
  }
  terminal.note('It goes on without this command: "tributary account show" says how it ended.')
  cli.outcome = 'interrupted'
}

/** Says how a sign-in ended; that somebody else has signed in is a reason. */
function tell(cli: Cli, signIn: SignIn): void {
  const { terminal } = cli
  const { state, signedInAs, expiresAt, warning, reason } = signIn
  if (terminal.json) terminal.document(signIn)
  if (state !== 'signed in' || reason !== null) {
    cli.outcome = 'failed'
    if (!terminal.json)
      terminal.warn(
        reason === null
          ? 'Nobody has signed in: the code has ended, or the provider was told no. Begin anew with the same command.'
          : `Not signed in: ${reason}. Begin anew, and sign in as the owner of this mailbox.`,
      )
    return
  }
  if (terminal.json) return
  terminal.say(signedInAs === null ? 'Signed in.' : `Signed in as ${signedInAs}.`)
  if (warning !== null) terminal.warn(warningOf(warning))
  else if (expiresAt !== null) terminal.note(`Somebody has to sign in again before ${moment(expiresAt)}.`)
}
