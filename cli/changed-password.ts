/** The password that goes with a change: where somebody sets another one, and where the API wants to see that the one that is there is known. */
import type { Cli } from './cli.ts'
import type { LoginOptions } from './login-options.ts'
import { passwordFrom } from './passwords.ts'
import type { ServerOptions } from './server-options.ts'
import type { Account, Destination, Session } from './wire.ts'

export interface PasswordOptions {
  askPassword?: true
  passwordFile?: string
}

/** @returns undefined: none is sent. Without a terminal nobody is asked, and the API says which field needs it. */
export async function changedPassword(
  cli: Cli,
  before: Pick<Account, 'auth'>,
  options: PasswordOptions & ServerOptions & LoginOptions,
  question: string,
): Promise<string | undefined> {
  const { askPassword, passwordFile, auth = before.auth } = options
  const isWanted = auth === 'password' && mayNeedIt(options) && cli.terminal.attended
  if (askPassword === undefined && passwordFile === undefined && !isWanted) return undefined
  return await passwordFrom(cli, passwordFile, question)
}

/** What the owner of a login has to show for another password; an admin of the instance shows nothing. */
export async function presentPassword(
  cli: Cli,
  { kind }: Pick<Destination, 'kind'>,
  file: string | undefined,
  question: string,
): Promise<string | undefined> {
  if (file !== undefined) return await passwordFrom(cli, file, question)
  if (kind !== 'hosted' || !cli.terminal.attended) return undefined
  const { destinationId } = await cli.api.get<Session>('/session')
  return destinationId === null ? undefined : await passwordFrom(cli, undefined, question)
}

/** Another way to log in: the password goes nowhere else than where somebody who knows it has sent it (CONTRACT section 10). */
function mayNeedIt(options: ServerOptions & LoginOptions): boolean {
  const { host, port, user, auth, sasl, proxy, proxyFile } = options
  const { tls, tlsVerify, tlsFingerprint, tlsMinVersion, tlsLegacy } = options
  const isElsewhere = [host, port, user, auth, sasl, proxy, proxyFile].some((option) => option !== undefined)
  const isWeaker = tls === 'none' || tlsVerify === false || tlsLegacy === true
  return isElsewhere || isWeaker || tlsFingerprint !== undefined || tlsMinVersion !== undefined
}
