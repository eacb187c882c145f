/** Writes a session's notes for the transcript: replies without any mail, and how the session ended. */
import { assertNever } from '../assert-never.ts'
import type { Failure } from '../failure/failure.ts'
import { isMessagePhase, type Phase, phaseWords } from '../failure/phase.ts'
import type { Transcript } from '../runs/transcript.ts'
import { pop3Limits } from './limits.ts'
import type { Reply } from './reply.ts'

/** Notes a reply; of what belongs to a message it notes the size alone. */
export function noteReply(transcript: Transcript, reply: Reply, during: Phase | undefined): void {
  switch (reply.shape) {
    case 'refused':
      transcript.heard(`-ERR ${reply.text}`)
      break
    case 'status':
      // Behind a message that ended early, what looks like this answer is a line of the message.
      transcript.heard(isEntry(during) && !/^\d+\s+\S+\s*$/.test(reply.text) ? notAsked : `+OK ${reply.text}`)
      break
    case 'listing':
      transcript.heard(`+OK ${reply.text}`)
      transcript.heardAll(reply.lines, during === 'CAPA' ? pop3Limits.capabilitiesShown : pop3Limits.listingLinesShown)
      break
    case 'body':
      transcript.heard(`+OK (${reply.octets} octets)`)
      break
    default:
      assertNever(reply)
  }
}

const notAsked = '+OK, and not what was asked'

/** Whether one line of UIDL or LIST was asked for. */
function isEntry(during: Phase | undefined): boolean {
  return during !== undefined && isMessagePhase(during) && during.code !== 'DELE'
}

/** Says how a session ended, without the words of whoever broke it: those may be a message's. */
export function endingWords(failure: Failure): string {
  if (failure.kind === 'unreachable' || failure.kind === 'tls') return failure.reason
  if (failure.kind === 'silent') return `nothing more came during ${phaseWords(failure.during)}`
  return `the session ends: ${failure.kind}`
}
