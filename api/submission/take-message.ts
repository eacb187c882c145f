/** Takes one message: checks it while it comes, and answers only when it is on the disk and in the outbox. */
import { randomBytes } from 'node:crypto'
import type { SMTPServerAddress, SMTPServerDataStream, SMTPServerSession } from 'smtp-server'
import type { Logger } from '../../src/log.ts'
import { asciiAddress, isAscii } from '../../src/send/address.ts'
import type { DsnNotify } from '../../src/send/entry.ts'
import { sendLimits } from '../../src/send/limits.ts'
import { writeOutgoing } from '../../src/send/outgoing-message.ts'
import type { PermittedSender } from '../../src/send/sender.ts'
import type { OutboxDesk, HandedIn } from '../outbox-desk.ts'
import type { Submitter } from './logins.ts'
import { SubmissionReply } from './reply.ts'

export interface TakingWorld {
  readonly desk: Pick<OutboxDesk, 'begin' | 'accept'>
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

/** smtp-server has checked both values, and undone the encoding of the second. */
function dsnOf({ ret, envid }: { readonly ret: string | null; readonly envid: string | null }) {
  return { ret: ret as 'FULL' | 'HDRS' | null, envid }
}

function recipientOf({ address, dsn }: SMTPServerAddress): HandedIn['recipients'][number] {
  return {
    address: asciiAddress(address),
    ...(dsn?.notify === undefined ? {} : { notify: dsn.notify as DsnNotify[] }),
    ...(dsn?.orcpt === undefined ? {} : { orcpt: dsn.orcpt }),
  }
}
