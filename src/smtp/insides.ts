/**
 * The members of nodemailer's SMTPConnection that are not in its types. Only line.ts uses them. If the installed version lacks one, a
 * process says so when it opens its first connection, not in the middle of a message.
 */
import type { Socket } from 'node:net'
import SMTPConnection, { type SMTPConnectionOptions } from 'nodemailer/lib/smtp-connection'

/** Is called with the error of a step. */
export type Done = (error: Error | null, answer?: unknown) => void

interface Insides {
  /** The octets of an answer that has not ended, and answers that nobody has read. */
  _remainder: string
  _responseQueue: string[]
  _responseActions: ((answer: string) => void)[]
  _envelope: { from: string; accepted: string[]; pipelined?: boolean } | false
  /** The recipients that were asked for, and not answered. */
  _recipientQueue: string[]
  _supportedExtensions: string[]
  upgrading?: boolean | undefined
  secure: boolean
  _socket: Socket | false | null
  readonly _onSocketData: (chunk: Buffer) => void
  readonly _onSocketError: (error: Error) => void
  readonly _onSocketClose: () => void
  readonly _onSocketEnd: () => void
  readonly _onSocketTimeout: () => void
  readonly _onConnectionSocketError: (error: Error) => void
  _onError(error: Error, type: string, answer: string | false, command: string): void
  _upgradeConnection(done: Done): void
  _sendCommand(command: string, shown?: string): void
  _getDsnRcptToArgs(): string
  _actionGreeting(answer: string): void
  _actionEHLO(answer: string): void
  _actionSTARTTLS(answer: string): void
  _actionMAIL(answer: string, done: Done): void
  _actionRCPT(answer: string, done: Done): void
  _actionDATA(answer: string, done: Done): void
  _actionSMTPStream(answer: string, done: Done): void
}

const methods = [
  '_onError',
  '_upgradeConnection',
  '_sendCommand',
  '_getDsnRcptToArgs',
  '_actionGreeting',
  '_actionEHLO',
  '_actionSTARTTLS',
  '_actionMAIL',
  '_actionRCPT',
  '_actionDATA',
  '_actionSMTPStream',
  '_onSocketData',
  '_onSocketError',
  '_onSocketClose',
  '_onSocketEnd',
  '_onSocketTimeout',
  '_onConnectionSocketError',
] as const
const fields = [
  '_remainder',
  '_responseQueue',
  '_responseActions',
  '_envelope',
  '_recipientQueue',
  '_supportedExtensions',
  'secure',
  '_socket',
] as const

/** Names the members that a connection lacks. */
export function missingSmtpInsides(connection: object): string[] {
  return [
    ...methods.filter((name) => typeof Reflect.get(connection, name) !== 'function'),
    ...fields.filter((name) => !(name in connection)),
  ]
}

let isChecked = false

/** @throws Error if the installed nodemailer lacks a member. */
export function checkSmtpInsides(): void {
  if (isChecked) return
  const connection = new SMTPConnection({ host: '127.0.0.1', port: 25 })
  const missing = missingSmtpInsides(connection)
  if (missing.length > 0)
    throw new Error(
      `nodemailer ${connection.version} lacks ${missing.join(', ')}, which Tributary uses: install the version that package.json names.`,
    )
  isChecked = true
}

/** SMTPConnection with its members in sight. */
export const OpenConnection = SMTPConnection as unknown as new (
  options: SMTPConnectionOptions,
) => SMTPConnection & Insides
