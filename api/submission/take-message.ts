/** Takes one message: checks it while it comes, and answers only when it is on the disk and in the outbox. */
import { randomBytes } from 'node:crypto'
import type { SMTPServerAddress, SMTPServerDataStream, SMTPServerSession } from 'smtp-server'
import type { Logger } from '../../src/log.ts'
import { asciiAddress, isAscii } from '../../src/send/address.ts'
import type { DsnNotify } from '../../src/send/entry.ts'
import { sendLimits } from '../../src/send/limits.ts'
import { type CheckedMessage, writeOutgoing } from '../../src/send/outgoing-message.ts'
import type { SendRefusal } from '../../src/send/refused.ts'
import type { PermittedSender } from '../../src/send/sender.ts'
import type { Submitter } from './logins.ts'
import { SubmissionReply } from './reply.ts'

/** A file that is being written, and is nobody's yet. */
export interface Draft {
  write(piece: Buffer): Promise<unknown>
  discard(): Promise<void>
}

export interface SubmittedRecipient {
  readonly address: string
  readonly notify?: readonly DsnNotify[]
  readonly orcpt?: string
}

export interface Submitted<File extends Draft> {
  readonly destinationId: string
  readonly login: string
  readonly sender: string
  readonly recipients: readonly SubmittedRecipient[]
  readonly utf8: boolean
  readonly eightBit: boolean
  readonly dsn: { readonly ret: 'FULL' | 'HDRS' | null; readonly envid: string | null } | null
  readonly message: CheckedMessage
  readonly draft: File
}

/** Who keeps messages until they are sent. */
export interface TakingDesk<File extends Draft = Draft> {
  begin(): Promise<File>
  /** Resolves when file and entry are durable; the draft is the outbox's then, or gone. */
  accept(submitted: Submitted<File>): Promise<{ readonly id: string; readonly repeated: boolean } | SendRefusal>
}

export interface TakingWorld {
  readonly desk: TakingDesk
  readonly log: Logger
  readonly nowMs?: () => number
  /** The size of a message; undefined: sendLimits.messageOctetsMax. */
  readonly octetsMax?: number
}

export function octetsMaxOf({ octetsMax = sendLimits.messageOctetsMax }: Pick<TakingWorld, 'octetsMax'>): number {
  return octetsMax
}

export interface Coming {
  readonly submitter: Submitter
  readonly senders: readonly PermittedSender[]
  readonly session: SMTPServerSession
  readonly stream: SMTPServerDataStream
}

/** @throws SubmissionReply, OutgoingRefused, or what went wrong here; nothing of the message is left then. */
export async function takeMessage(
  world: TakingWorld,
  { submitter: { destinationId, login }, senders, session, stream }: Coming,
) {
  const { desk, log, nowMs = Date.now } = world
  const { mailFrom, rcptTo, smtpUtf8, dsn } = session.envelope
  if (mailFrom === false) throw new SubmissionReply(503, '5.5.1', 'MAIL FROM comes first')
  const draft = await desk.begin()
  try {
    const id = randomBytes(18).toString('base64url')
    const octetsMax = octetsMaxOf(world)
    const rules = { envelopeFrom: mailFrom.address, senders, nowMs: nowMs(), id, octetsMax }
    const pieces = stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
    const message = await writeOutgoing(pieces, rules, async (piece) => await draft.write(piece))
    const recipients = rcptTo.map(recipientOf)
    const hasUtf8Recipient = recipients.some(({ address }) => !isAscii(address))
    const answer = await desk.accept({
      destinationId,
      login,
      sender: mailFrom.address === '' ? '' : asciiAddress(message.identity),
      recipients,
      // A client may ask for it without need; a provider without it would then be of no use.
      utf8: smtpUtf8 === true && (hasUtf8Recipient || message.hasUtf8Address || message.hasUtf8Head),
      eightBit: message.eightBit,
      dsn: dsn === undefined || (dsn.ret === null && dsn.envid === null) ? null : dsnOf(dsn),
      message,
      draft,
    })
    if ('code' in answer) throw new SubmissionReply(answer.code, answer.enhanced, answer.sentence)
    const { repeated } = answer
    log.info({ event: 'message taken', id: answer.id, destination: destinationId, octets: message.octets, repeated })
    return answer
  } catch (error) {
    await draft.discard().catch(() => {})
    throw error
  }
}

/** smtp-server has checked both values. */
function dsnOf({ ret, envid }: { readonly ret: string | null; readonly envid: string | null }) {
  return { ret: ret as 'FULL' | 'HDRS' | null, envid: envid === null ? null : xtext(envid) }
}

function recipientOf({ address, dsn }: SMTPServerAddress): SubmittedRecipient {
  return {
    address: asciiAddress(address),
    ...(dsn?.notify === undefined ? {} : { notify: dsn.notify as DsnNotify[] }),
    ...(dsn?.orcpt === undefined ? {} : { orcpt: xtextAddress(dsn.orcpt) }),
  }
}

/** `rfc822;a+b@example.net`, of which smtp-server has undone the encoding. */
function xtextAddress(text: string): string {
  const at = text.indexOf(';') + 1
  return text.slice(0, at) + xtext(text.slice(at))
}

/** RFC 3461 section 4. */
function xtext(text: string): string {
  return Array.from(Buffer.from(text), (octet) =>
    octet > 0x20 && octet < 0x7f && octet !== 0x2b && octet !== 0x3d
      ? String.fromCharCode(octet)
      : `+${octet.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('')
}
