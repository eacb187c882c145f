/** The options for how an account or a destination logs in (CONTRACT section 10). */
import { type Command, Option } from 'commander'
import { authMethods, saslNames, tlsVersions } from '../src/account/login.ts'
import type { Cli } from './cli.ts'
import { CommandFailed } from './failure.ts'
import { given, type Nothing, nothing } from './options.ts'
import { firstLineOf } from './passwords.ts'
import type { AccountPatch } from './wire.ts'

export interface LoginOptions {
  auth?: NonNullable<AccountPatch['auth']>
  application?: string
  sasl?: NonNullable<AccountPatch['sasl']> | 'any'
  tlsMinVersion?: NonNullable<AccountPatch['tlsMinVersion']>
  tlsLegacy?: boolean
  proxy?: string | Nothing
  proxyFile?: string
}

export function withLoginOptions(command: Command): Command {
  return command
    .addOption(new Option('--auth <how>', 'how it logs in').choices(authMethods))
    .option('--application <id>', 'with --auth oauth2: the application by which it signs in')
    .addOption(
      new Option('--sasl <mechanism>', 'this mechanism alone; any: the strongest that the server offers').choices([
        ...saslNames,
        'any',
      ]),
    )
    .addOption(new Option('--tls-min-version <version>', 'older ones are refused').choices(tlsVersions))
    .option('--tls-legacy', 'take small keys and old ciphers, too')
    .option('--no-tls-legacy', 'take none')
    .option(
      '--proxy <url>',
      'socks5://HOST:PORT or http://HOST:PORT; none: no proxy; default: the one of the instance',
      orDefault,
    )
    .option('--proxy-file <file>', 'its URL with user and password: the first line of a file, - for stdin')
}

const orDefault = (text: string) => (text === 'default' ? nothing : text)

/** Gives the fields that were given as options, under the names of the API. */
export async function loginFieldsIn(cli: Cli, options: LoginOptions): Promise<AccountPatch> {
  const { auth, application, sasl, tlsMinVersion, tlsLegacy, proxyFile } = options
  // Everybody on this machine can read the arguments of a command.
  if (typeof options.proxy === 'string' && /^[^/]*\/\/[^@/]*:[^@]*@/.test(options.proxy))
    throw new CommandFailed(
      'usage',
      'A password does not belong into a command: put the URL into a file, --proxy-file FILE.',
    )
  const proxy = proxyFile === undefined ? options.proxy : await firstLineOf(cli, proxyFile)
  return {
    ...given({ auth, tlsMinVersion, tlsLegacy, proxy }),
    ...(sasl === undefined ? {} : { sasl: sasl === 'any' ? null : sasl }),
    ...(application === undefined ? {} : { oauth: { applicationId: application } }),
  }
}
