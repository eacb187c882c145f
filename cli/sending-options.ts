/** The options for what an account has for sending (CONTRACT section 11). */
import { readFile } from 'node:fs/promises'
import { type Command, Option } from 'commander'
import type { Cli } from './cli.ts'
import { CommandFailed } from './failure.ts'
import { readable } from './files.ts'
import { given, type Nothing, nothing, whole } from './options.ts'
import { firstLineOf } from './passwords.ts'
import type { AccountPatch } from './wire.ts'

type Given = Exclude<NonNullable<AccountPatch['smtp']>, false>

export interface SendingOptions {
  smtp?: boolean
  smtpHost?: string
  smtpPort?: number
  smtpTls?: NonNullable<Given['tls']>
  smtpUser?: string | Nothing
  smtpAuth?: NonNullable<Given['auth']>
  smtpPasswordFile?: string
  senderName?: string | Nothing
  signatureFile?: string
  sentCopy?: NonNullable<AccountPatch['sentCopy']>
  sendLimit?: number | Nothing
}

const orNone = (text: string) => (text === 'none' ? nothing : text)

export function withSendingOptions(command: Command): Command {
  return command
    .option('--smtp', 'to send as its address: the SMTP server of its provider is looked for (a new one does so)')
    .option('--no-smtp', 'it sends nothing')
    .option('--smtp-host <name>', 'the SMTP server of its provider')
    .option('--smtp-port <n>', 'its port, if not 465 (implicit) or 587 (starttls)', whole)
    .addOption(new Option('--smtp-tls <mode>', 'how it is encrypted').choices(['implicit', 'starttls', 'none']))
    .option('--smtp-user <name>', 'the user there; none: as for POP3', orNone)
    .addOption(new Option('--smtp-auth <how>', 'how it logs in there').choices(['password', 'oauth2']))
    .option('--smtp-password-file <file>', 'another password for it: the first line of a file; none: as for POP3')
    .option('--sender-name <name>', 'the name beside its address in what it sends; none: no name', orNone)
    .option('--signature-file <file>', 'what stands below what is written with it; none: nothing')
    .addOption(
      new Option('--sent-copy <when>', 'our copy in Sent; auto: where nobody else files one').choices([
        'auto',
        'always',
        'never',
      ]),
    )
    .option('--send-limit <n>', 'messages an hour; none: as its provider takes', (text) =>
      text === 'none' ? nothing : whole(text),
    )
}

/** Gives the fields that were given as options, under the names of the API. */
export async function sendingFieldsIn(cli: Cli, options: SendingOptions): Promise<AccountPatch> {
  const { senderName, sentCopy, sendLimit, signatureFile } = options
  const limit = typeof sendLimit === 'number' ? { perHour: sendLimit } : sendLimit
  const smtp = await smtpIn(cli, options)
  return {
    ...given({ senderName, sentCopy, sendLimit: limit }),
    ...(signatureFile === undefined
      ? {}
      : {
          signature:
            signatureFile === 'none' ? null : (await readFile(await readable(signatureFile), 'utf8')).trimEnd(),
        }),
    ...(smtp === undefined ? {} : { smtp }),
  }
}

async function smtpIn(cli: Cli, options: SendingOptions): Promise<AccountPatch['smtp']> {
  const { smtp, smtpHost: host, smtpPort: port, smtpTls: tls, smtpUser: user, smtpAuth: auth } = options
  const file = options.smtpPasswordFile
  const password = file === undefined || file === 'none' ? undefined : await firstLineOf(cli, file)
  const fields = {
    ...given({ host, port, tls, user, auth, password }),
    ...(file === 'none' ? { ownPassword: false } : {}),
  }
  const hasFields = Object.keys(fields).length > 0
  if (hasFields && smtp === false)
    throw new CommandFailed('usage', '--no-smtp says that nothing is sent: leave it or the others out.')
  if (hasFields) return fields
  return smtp === undefined ? undefined : smtp ? null : false
}
