/** An entry of the outbox as people and programs see it. */
import { assertNever } from '../assert-never.ts'
import type { OutboxEntry, SendFailure } from './entry.ts'

/** As the API gives it, and as events tell it. */
export function shownEntry(entry: OutboxEntry) {
  const { id, destinationId, accountId, identity, messageId, subject, octets, origin, state, attempts } = entry
  const { copy, report, bounces, failure } = entry
  return {
    id,
    destinationId,
    accountId,
    identity,
    messageId,
    subject,
    octets,
    origin,
    createdAt: iso(entry.createdAtMs),
    sendAt: iso(entry.sendAtMs),
    state,
    recipients: entry.recipients.map(({ address, state: its, reply }) => ({ address, state: its, reply })),
    attempts,
    nextAttemptAt: isoOrNull(entry.nextAttemptAtMs),
    endedAt: isoOrNull(entry.endedAtMs),
    failure: failure && { kind: failure.kind, message: failureSentence(entry, failure), reply: failure.reply },
    copy: { state: copy.state, folder: copy.folder, uid: copy.uid },
    report: report.state,
    bounces: bounces.map(({ atMs, address, status, diagnostic, folder, uid }) => ({
      at: iso(atMs),
      address,
      status,
      diagnostic,
      folder,
      uid,
    })),
  }
}
export type ShownEntry = ReturnType<typeof shownEntry>

const iso = (ms: number) => new Date(ms).toISOString()
const isoOrNull = (ms: number | null) => (ms === null ? null : iso(ms))

/** What happened, and what happens next. The words of the server stand beside it. */
export function failureSentence(
  { identity, nextAttemptAtMs }: Pick<OutboxEntry, 'identity' | 'nextAttemptAtMs'>,
  { kind }: SendFailure,
): string {
  const provider = `The provider of ${identity}`
  const again = nextAttemptAtMs === null ? '' : `; it is tried again at ${iso(nextAttemptAtMs)}`
  switch (kind) {
    case 'message refused':
      return `${provider} refused the message. Change it by what the provider says, and send it anew.`
    case 'recipients refused':
      return `${provider} refused one recipient or more. See who did not get it, and write to them anew.`
    case 'deferred by server':
      return `${provider} does not take it just now${again}.`
    case 'identity gone':
      return `Nothing is sent as ${identity} any more: its account is gone, or has another address. Write the message anew as another address.`
    case 'patience ended':
      return `${provider} did not take it for two days, and it is not tried any more. Send it anew when the provider works again.`
    case 'undecidable':
      return `${provider} got all of it and did not say whether it took it, so it may have arrived. Ask a recipient, or look into the provider's own list of sent mail; then send it again, or let it be.`
    case 'restored':
      return 'The data of the gateway were put back to an earlier time, so nobody knows whether it was sent since. Ask a recipient; then send it again, or let it be.'
    case 'body missing':
      return 'Its text is not on the disk of this instance, so it cannot be sent. Write the message anew.'
    case 'worker died':
      return `The process that sent it ended before anything had gone out${again}.`
    case 'credentials refused':
    case 'sign-in needed':
      return `${provider} did not let us in${again}. Correct the password, or sign in, at the account of ${identity}.`
    case 'throttled':
      return `${provider} takes no more of us for now${again}.`
    case 'tls':
      return `The line to the provider of ${identity} could not be made safe, so nothing was sent${again}. Look at the certificate and the encryption of its SMTP server at the account.`
    case 'unreachable':
    case 'silent':
    case 'maildrop in use':
    case 'provider refused':
    case 'broken protocol':
    case 'store unreachable':
    case 'store refused':
    case 'store full':
    case 'superseded':
    case 'stopped':
    case 'internal':
    case 'token service unreachable':
      return `The SMTP server of ${identity} could not be used (${kind})${again}. Test the account's sending to see why.`
    default:
      return assertNever(kind)
  }
}
