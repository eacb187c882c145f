/**
 * The words of a run's record: its failure and its notices, small. They are deflated with a dictionary of the words that come again and
 * again. The dictionary is part of what is stored: it is never changed. Another one needs another mark in front of the text.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { type KeptStep, keptStep, wholeStep } from '../failure/kept-step.ts'
import type { FailureReport } from '../failure/sentences.ts'
import { stepSentence } from '../failure/step.ts'

export interface RecordWords {
  readonly failure: FailureReport | null
  readonly notices: string[]
}

const mark = '1'

/** What comes most often stands last: it is told from its end. */
const dictionary = Buffer.from(
  [
    'The provider has new ids for of the in the maildrop: mostly it was moved. They were known by their content, and none was fetched twice.',
    'This provider does not delete: messages that were deleted are there again, although it had confirmed the deletion. Nothing is stored twice. ',
    'What has come back is not deleted again until you change the account\'s retention; delete it at the provider by hand, or choose "keep".',
    'The provider has refused to delete visits: All of it is stored. It stays at the provider, and its deletion is asked for again at each visit; ',
    'if you do not want that, choose "keep" as the account\'s retention.',
    'The deletion was not confirmed: to be deleted at the provider, and the session ended without +OK to QUIT (). The next visit deletes what is still there.',
    "The provider gave much less of one message than it lists: octets instead of , for example. What came is stored, and the provider's copy is not deleted: look at it there.",
    'Mail is stored without , which the mail store refuses: "". Take it out of the account\'s flags, or choose another one.',
    ' messages are tried again later by themselves: One message is tried again later by itself: did not let us in so soon after the account was tested. It is visited again by itself in about a minute.',
    'This run was stopped: its account was paused or removed, a backup was restored, or its worker ended. The next run goes on where it ended.',
    'Another worker took this account over; that run goes on in its place. Something we did not expect: . Tried again by itself; please report it if it stays so.',
    'No safe TLS connection to : the certificate What answers at is , and not POP3: "". broke the protocol: expected , got "". Nothing uncertain was stored; ',
    'show this to the provider: its server is at fault, or a proxy or virus scanner in between. tlsFingerprint ',
    'The mail store could not be reached: . No mail is lost; tried again by itself. If it stays so, check that the mail store runs, and its host and port.',
    'The mail store refused . The mail stays at the provider, and is tried again by itself; if it stays so, the log of the mail store says why.',
    'The mail store is full: "". Make room there; the mail stays at the provider until then. The mail store wants less mail at a time',
    ' gives no more for now: "". Tried again later by itself; it gives again mostly within a day. , and gave no reason',
    ' wants fewer visits: "". Tried again later by itself; if it stays so, let all programs visit this mailbox less often.',
    'Another client holds this maildrop at : "[IN-USE] ". Tried again by itself; if it stays so, close other programs that fetch this mailbox by POP3.',
    'What came whole before is kept, and the rest stays at the provider; tried again by itself. If it is so at this message each time, this message alone is set aside.',
    'What was to be deleted may still be at the provider; it is not stored again, and its deletion is tried again by itself. ',
    'The login had gone well, and no mail is lost; tried again by itself. If it stays so, ask the provider whether it limits the visits.',
    ' was reached, but the connection ended during hung up in the listing if it stays so, check user name and password, and visit less often.',
    ' was too slow: octets a second over s. no end after s of , the server, or the way to it, is too slow.',
    ' a server of another protocol may wait there for us to speak first. the provider can say why its server does not answer. or a firewall is in between.',
    'check port and tls, or the provider may shut this address out. refused the command: "[SYS/TEMP] temporary [SYS/PERM] try again later. the provider can say what it means.',
    '","passes":true}The account is left alone until somebody acts. said nothing for s during the greeting. Tried again by itself; if it stays so, check host and port',
    'no such name Could not reach :110: the connection was refused. Tried again by itself; check the host and port if it stays so.',
    ' refused the user name or password: "[AUTH] Authentication failed. Invalid login". Check both; some providers want an app password.',
    '","step":{"code":"app password"},"provider note","provider":"not POP3","speaks":null"pin if known","fingerprint":"',
    '{"kind":"internal","stopped","store full","store refused","store unreachable","broken protocol","provider refused","maildrop in use","throttled","credentials refused","silent","tls',
    '"[null,"[{"kind":"unreachable","message":"Could not reach :995: ","passes":false}]',
  ].join(''),
)
/** The window holds the dictionary, and it takes little memory: records are written one by one. */
const form = { dictionary, windowBits: 13, memLevel: 4, level: 9 } as const
/** Far more than any sentences have that were packed into a record. */
const unpackedMax = 65_536

/** It stands in the sentence where the one about the step stood: that is made again from its code. */
const stepSign = '\u0001'
/** It stands behind what happened. JSON writes it as one octet. */
const adviceSign = '\u007f'

/** @returns '' if there are none. */
export function packWords({ failure, notices }: RecordWords): string {
  if (failure === null && notices.length === 0) return ''
  return mark + deflateRawSync(JSON.stringify([failure && smallOf(failure), ...notices]), form).toString('base64url')
}

type Small = Omit<FailureReport, 'step' | 'happened'> & { readonly step?: KeptStep }

function smallOf({ happened = '', step, ...failure }: FailureReport): Small {
  const { message } = failure
  const isPart = happened !== '' && message.startsWith(happened)
  const parted = isPart ? `${happened}${adviceSign}${message.slice(happened.length)}` : message
  if (step === undefined) return { ...failure, message: parted }
  const sentence = stepSentence(step)
  return { ...failure, message: parted.replace(sentence, () => stepSign), step: keptStep(step) }
}

function wholeOf({ step: small, ...failure }: Small): FailureReport {
  const step = small && wholeStep(small)
  const [first = '', ...rest] = failure.message.split(adviceSign)
  // An earlier record has the sign of the step alone.
  const happened = rest.length > 0 ? first : step === undefined ? '' : (/^(.+) \u0001/.exec(first)?.[1] ?? '')
  const message = [first, ...rest].join('')
  const told = happened === '' ? {} : { happened }
  if (step === undefined) return { ...failure, message, ...told }
  const sentence = stepSentence(step)
  return { ...failure, message: message.replace(stepSign, () => sentence), ...told, step }
}

export function unpackWords(text: string): RecordWords {
  if (!text.startsWith(mark)) return { failure: null, notices: [] }
  // A record that was made by hand may unpack to anything.
  const terms = { ...form, maxOutputLength: unpackedMax }
  const json = inflateRawSync(Buffer.from(text.slice(1), 'base64url'), terms).toString()
  const [failure, ...notices] = JSON.parse(json) as [Small | null, ...string[]]
  return { failure: failure && wholeOf(failure), notices }
}

/**
 * Makes them a step shorter: first what servers have said, which the transcript has whole; then notices; the sentence about the failure comes
 * last.
 */
export function shorterWords({ failure, notices }: RecordWords): RecordWords {
  const texts = [failure?.message ?? '', ...notices]
  const quotes = texts.map((text) => longestQuote(text).length)
  const longest = Math.max(...quotes)
  const at = longest >= quoteLeast ? quotes.indexOf(longest) : texts.length - 1
  if (at > 0 && longest < quoteLeast) return { failure, notices: notices.slice(0, -1) }
  const text = texts[at] ?? ''
  const quote = longestQuote(text)
  const shorter = longest < quoteLeast ? cut(text) : text.replace(quote, () => cut(quote))
  if (at > 0) return { failure, notices: notices.with(at - 1, shorter) }
  if (failure === null) return { failure, notices }
  const { happened, ...rest } = failure
  // The quote stands in what happened.
  const told =
    happened === undefined || longest < quoteLeast ? {} : { happened: happened.replace(quote, () => cut(quote)) }
  return { failure: { ...rest, message: shorter, ...told }, notices }
}

const quoteLeast = 20

function longestQuote(text: string): string {
  return [...text.matchAll(/"([^"]*)"/g)].reduce((longest, [, quote = '']) => {
    return quote.length > longest.length ? quote : longest
  }, '')
}

function cut(text: string): string {
  const letters = Array.from(text.replace(/…$/, ''))
  return `${letters.slice(0, Math.floor((letters.length * 3) / 4)).join('')}…`
}
