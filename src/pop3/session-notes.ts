/** Writes a session into the transcript: replies without any mail, and how the session ended. */
import { assertNever } from '../assert-never.ts'
import { isMessagePhase, type Phase } from '../failure/phase.ts'
import type { Transcript } from '../runs/transcript.ts'
import { pop3Limits } from './limits.ts'
import type { Reply } from './reply.ts'

/** Notes a reply; if it belongs to a message, only its size is noted. */
export function noteReply(transcript: Transcript, reply: Reply, during: Phase | undefined): void {
  switch (reply.shape) {
    case 'refused':
      transcript.heard(`-ERR ${reply.text}`)
      break
    case 'status':
      // After a message that ended early, a line of that message may look like this answer.
      transcript.heard(
        isEntry(during) && !/^\d+\s+\S+\s*$/.test(reply.text) ? notAsked : `${reply.mere ? '+' : '+OK'} ${reply.text}`,
      )
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
