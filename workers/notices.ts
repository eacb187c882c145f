/** The remarks of a run about its maildrop, in sentences for people. */
import { assertNever } from '../src/assert-never.ts'
import type { Failure } from '../src/failure/failure.ts'
import { happened } from '../src/failure/sentences.ts'
import type { Notice } from '../src/pull/notice.ts'

export function noticeSentence(notice: Notice): string {
  switch (notice.event) {
    case 'ids changed': {
      const those = counted(notice.renamed, 'one message', 'messages')
      return `The provider has new ids for ${those} of the ${notice.listed} in the maildrop: mostly it was moved. They were known by their content, and none was fetched twice.`
    }
    case 'not deleted': {
      const those = counted(notice.messages, 'one message that was deleted is', 'messages that were deleted are')
      const { changed = 0 } = notice
      const twice =
        changed === 0
          ? 'Nothing is stored twice.'
          : `It changes lines of their headers, so that ${counted(changed, 'one message was', 'messages were')} stored once more; that happens once.`
      return `This provider does not delete: ${those} there again, although it had confirmed the deletion. ${twice} What has come back is not deleted again until you change the account's retention; delete it at the provider by hand, or choose "keep".`
    }
    case 'deletion refused': {
      const those = counted(notice.messages, 'one message', 'messages')
      return `The provider has refused to delete ${those} at ${notice.visits} visits: "${notice.reply}". All of it is stored. It stays at the provider, and its deletion is asked for again at each visit; if you do not want that, choose "keep" as the account's retention.`
    }
    case 'deletion not confirmed': {
      const those = counted(notice.messages, 'one message was', 'messages were')
      return `The deletion was not confirmed: ${those} to be deleted at the provider, and the session ended without +OK to QUIT (${notice.reason}). All of it is stored. The next visit deletes what is still there.`
    }
    case 'came short': {
      const those = counted(notice.messages, 'one message', 'messages')
      return `The provider gave much less of ${those} than it lists: ${notice.octets} octets instead of ${notice.size}, for example. What came is stored, and the provider's copy is not deleted: look at it there.`
    }
    case 'import budget used up': {
      const { of, octetsPerHour, waitSeconds } = notice
      const minutes = counted(Math.ceil(waitSeconds / 60), 'a minute', 'minutes')
      return `The first import has brought the ${octetsPerHour.toLocaleString('en-GB')} octets that importBytesPerHour of this ${of} allows in an hour. It goes on in ${minutes}. New mail comes meanwhile.`
    }
    case 'flags left out':
      return `Mail is stored without ${notice.flags.join(', ')}, which the mail store refuses: "${notice.reply}". Take it out of the account's flags, or choose another one.`
    default:
      return assertNever(notice)
  }
}

/** What was not stored, and is not set aside yet. */
export function deferredSentence(count: number, failure: Failure): string {
  const those =
    count === 1 ? 'One message is tried again later by itself' : `${count} messages are tried again later by themselves`
  return `${those}: ${happened(failure)}`
}

function counted(count: number, one: string, several: string): string {
  return count === 1 ? one : `${count} ${several}`
}
