/**
 * The notices of a run as codes with facts, for clients that have words of their own. A record has room for the sentence alone (record-words.ts), so they are
 * read from it: those of earlier versions are told so, too. Pure.
 */
export const remarkCodes = [
  'deferred',
  'ids changed',
  'not deleted',
  'deletion refused',
  'deletion not confirmed',
  'came short',
  'import budget used up',
  'flags left out',
  'login delay',
  'just tested',
  'too many sessions',
  'still held',
] as const

export type Remark =
  /** They are not stored, and not set aside yet. `reason`: a sentence. */
  | { readonly code: 'deferred'; readonly messages: number; readonly reason: string }
  | { readonly code: 'ids changed'; readonly messages: number; readonly listed: number }
  /** `changed`: so many of them came back with other bytes, and were stored once more. */
  | { readonly code: 'not deleted'; readonly messages: number; readonly changed: number }
  | { readonly code: 'deletion refused'; readonly messages: number; readonly visits: number; readonly reply: string }
  | { readonly code: 'deletion not confirmed'; readonly messages: number; readonly reason: string }
  | { readonly code: 'came short'; readonly messages: number; readonly octets: number; readonly size: number }
  | {
      readonly code: 'import budget used up'
      readonly of: 'account' | 'destination' | 'provider'
      readonly octetsPerHour: number
      readonly minutes: number
    }
  | { readonly code: 'flags left out'; readonly flags: string; readonly reply: string }
  /** `at`: when it is visited. */
  | { readonly code: 'login delay'; readonly host: string; readonly at: string }
  | { readonly code: 'just tested'; readonly host: string; readonly minutes: number }
  | { readonly code: 'too many sessions'; readonly host: string }
  | { readonly code: 'still held'; readonly host: string }

/** "one message" or "7 messages". */
const counted = (text: string | undefined) => (text === undefined ? 0 : /^an?\b|^one\b/i.test(text) ? 1 : whole(text))
const whole = (text: string) => Number(text.replaceAll(',', '').replace(/ .*/s, ''))

type Groups = Readonly<Record<string, string | undefined>>
interface Form<R> {
  readonly sentence: RegExp
  readonly facts: (found: Groups) => Omit<R, 'code'>
}

/** The sentences are made in workers/notices.ts, workers/put-off.ts and held-run.ts: a test holds the two together. */
const forms: { readonly [Code in Remark['code']]: Form<Extract<Remark, { code: Code }>> } = {
  deferred: {
    sentence:
      /^(?<messages>One message is|\d+ messages are) tried again later by (?:itself|themselves): (?<reason>.*)$/s,
    facts: ({ messages, reason = '' }) => ({ messages: counted(messages), reason }),
  },
  'ids changed': {
    sentence:
      /^The provider has new ids for (?<messages>one message|\d+ messages) of the (?<listed>\d+) in the maildrop/,
    facts: ({ messages, listed = '' }) => ({ messages: counted(messages), listed: whole(listed) }),
  },
  'not deleted': {
    sentence:
      /^This provider does not delete: (?<messages>one message|\d+ messages) that .*?(?:Nothing is stored twice|so that (?<changed>one message|\d+ messages) w)/,
    facts: ({ messages, changed }) => ({ messages: counted(messages), changed: counted(changed) }),
  },
  'deletion refused': {
    sentence:
      /^The provider has refused to delete (?<messages>one message|\d+ messages) at (?<visits>\d+) visits: "(?<reply>.*)"\. All of it is stored/s,
    facts: ({ messages, visits = '', reply = '' }) => ({ messages: counted(messages), visits: whole(visits), reply }),
  },
  'deletion not confirmed': {
    sentence:
      /^The deletion was not confirmed: (?<messages>one message|\d+ messages) w.* without \+OK to QUIT \((?<reason>.*)\)\. All of it is stored/s,
    facts: ({ messages, reason = '' }) => ({ messages: counted(messages), reason }),
  },
  'came short': {
    sentence:
      /^The provider gave much less of (?<messages>one message|\d+ messages) than it lists: (?<octets>\d+) octets instead of (?<size>\d+),/,
    facts: ({ messages, octets = '', size = '' }) => ({
      messages: counted(messages),
      octets: whole(octets),
      size: whole(size),
    }),
  },
  'import budget used up': {
    sentence:
      /^The first import has brought the (?<octets>[\d,]+) octets that importBytesPerHour of this (?<of>account|destination|provider) allows in an hour\. It goes on in (?<minutes>a minute|\d+ minutes)\./,
    facts: ({ octets = '', of, minutes }) => ({
      of: of as 'account' | 'destination' | 'provider',
      octetsPerHour: whole(octets),
      minutes: counted(minutes),
    }),
  },
  'flags left out': {
    sentence: /^Mail is stored without (?<flags>.*?), which the mail store refuses: "(?<reply>.*)"\. Take it out/s,
    facts: ({ flags = '', reply = '' }) => ({ flags, reply }),
  },
  'login delay': {
    sentence:
      /^(?<host>\S+) wants some time between two logins \(LOGIN-DELAY\)\. This mailbox is visited by itself at (?<day>[\d-]{10}) (?<time>[\d:]{8}) UTC\./,
    facts: ({ host = '', day = '', time = '' }) => ({ host, at: `${day}T${time}.000Z` }),
  },
  'just tested': {
    sentence:
      /^(?<host>\S+) did not let us in so soon after the account was tested\. It is visited again by itself in (?:about )?(?<minutes>a minute|\d+ minutes)\./,
    facts: ({ host = '', minutes }) => ({ host, minutes: counted(minutes) }),
  },
  'too many sessions': {
    sentence: /^(?<host>\S+) takes fewer sessions at once than we had there\./,
    facts: ({ host = '' }) => ({ host }),
  },
  'still held': {
    sentence: /^(?<host>\S+) still had our last session, which we left because it stood still\./,
    facts: ({ host = '' }) => ({ host }),
  },
}

/** @returns null for a sentence that is none of these: one of another version, or one that was cut off. */
export function remarkIn(notice: string): Remark | null {
  for (const code of remarkCodes) {
    const { sentence, facts } = forms[code]
    const found = sentence.exec(notice)
    // The facts of a code belong to it; TypeScript does not see that the two go together.
    if (found !== null) return { code, ...facts(found.groups ?? {}) } as Remark
  }
  return null
}
