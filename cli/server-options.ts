/** The options for the server that an account or a destination logs in to. */
import { type Command, Option } from 'commander'
import { fingerprint, given, type Nothing, whole } from './options.ts'
import type { AccountPatch } from './wire.ts'

export interface ServerOptions {
  host?: string
  port?: number
  tls?: NonNullable<AccountPatch['tls']>
  tlsVerify?: boolean
  tlsFingerprint?: string | Nothing
  user?: string
}

interface ServerWords {
  /** What its server is. */
  readonly host: string
  readonly port: string
  readonly user: string
}

export function withServerOptions(command: Command, words: ServerWords): Command {
  return command
    .option('--host <name>', words.host)
    .option('--port <n>', words.port, whole)
    .addOption(new Option('--tls <mode>', 'how it is encrypted').choices(['implicit', 'starttls', 'none']))
    .option('--tls-verify', 'check its certificate (as it is)')
    .option('--no-tls-verify', 'take any certificate')
    .option('--tls-fingerprint <hex>', 'take this certificate alone, by its SHA-256; none: as usual', fingerprint)
    .option('--user <name>', words.user)
}

/** The fields that were given as options, under the names of the API. */
export function serverFieldsIn({ host, port, tls, tlsVerify, tlsFingerprint, user }: ServerOptions) {
  return given({ host, port, tls, tlsVerify, tlsFingerprint, user })
}
