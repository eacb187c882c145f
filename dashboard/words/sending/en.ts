/** English: mail that is written and sent. The other languages have the type of these words. */
import type { AddressFault } from '../../pages/compose/addresses.ts'
import type { AnswerKind } from '../../pages/compose/answers.ts'
import type { Doubt } from '../../pages/compose/doubts.ts'
import type { PresetName } from '../../pages/compose/times.ts'
import type { DraftState } from '../../pages/compose/writing.ts'
import type { OutgoingState, SendFailureKind } from '../../shapes.ts'
import { plurals } from '../plural.ts'

const count = plurals('en')

export const sendingEn = {
  titles: {
    new: 'New message',
    reply: 'Reply',
    all: 'Reply to all',
    list: 'Reply to the list',
    forward: 'Forward',
    draft: 'Draft',
  } satisfies Record<AnswerKind | 'new' | 'draft', string>,
  close: 'Keep the draft and close',
  answered: 'The message that you answer',
  nobodySends: 'None of this mailbox’s accounts sends mail',
  nobodySendsHint: 'Give an account the SMTP server of its provider: then you can answer as its address.',
  from: 'From',
  to: 'To',
  cc: 'Cc',
  bcc: 'Bcc',
  subject: 'Subject',
  date: 'Date',
  text: 'Message',
  addField: (name: string) => `Add ${name}`,
  change: (who: string) => `Change ${who}`,
  remove: (what: string) => `Remove ${what}`,
  nobody: 'Say whom it goes to: one address at least.',
  faults: {
    'no at': (text: string) => `“${text}” is no address: it has no @. Change it, or remove it.`,
    'no domain': (text: string) => `“${text}” ends too early: behind the @ stands a name such as example.org.`,
    spaces: (text: string) => `“${text}” has a space in it, which no address has.`,
    signs: (text: string) => `“${text}” has signs that cannot stand in an address, or not there.`,
    'too long': (text: string) => `“${text.slice(0, 20)}…” is longer than an address can be.`,
  } satisfies Record<AddressFault, (text: string) => string>,
  formatting: 'Formatting',
  formats: 'Formats',
  tools: { bold: 'Bold', italic: 'Italic', insertUnorderedList: 'List', link: 'Link' },
  linkTo: 'Address of the page',
  noLink: 'This is no address of a page. One is written like https://example.org/plan.',
  addLink: 'Add the link',
  plainTitle: 'Make it plain text?',
  plainHint: 'Bold, italics and links are lost; the words stay.',
  plainDo: 'Make it plain',
  attach: 'Attach files',
  attached: 'Attached files',
  readingFile: (name: string) => `${name} is being read`,
  tooLarge: (names: string, most: string, now: string) =>
    `Not attached: ${names}. All files together may have ${most}, which most providers take; there are ${now} now.`,
  unreadFile: (names: string) => `Not attached: ${names} could not be read. Try again, or choose another file.`,
  stillReading: 'A file is still being read. Send it in a moment.',
  send: 'Send',
  goingOut: 'Being handed over',
  later: 'Send later',
  laterTitle: 'When is it to go out?',
  laterDo: 'Send then',
  otherTime: 'Another time',
  presets: {
    evening: 'This evening',
    morning: 'Tomorrow morning',
    monday: 'Monday morning',
  } satisfies Record<PresetName, string>,
  inThePast: 'This time has passed. Choose one that is to come.',
  tooFar: 'Choose a time within a year.',
  sentFor: (seconds: number) => `Sent. It can be undone for ${seconds} seconds.`,
  undo: 'Undo',
  goesOutAt: (time: string) => `Goes out at ${time}.`,
  tooLate: 'It cannot be called back: it is on its way already.',
  notUndone: 'It could not be called back just now. Try again in the outbox.',
  backInDrafts: 'Called back: it is in the drafts.',
  doubts: {
    'no subject': {
      title: 'Send it without a subject?',
      hint: 'Mail without a subject is easily overlooked.',
      stay: 'Write a subject',
    },
    'no attachment': {
      title: 'Nothing is attached',
      hint: 'Your text speaks of something attached, and there is nothing.',
      stay: 'Go back',
    },
  } satisfies Record<Doubt, object>,
  sendAnyway: 'Send anyway',
  discard: 'Throw the draft away',
  discardTitle: 'Throw this message away?',
  discardHint: 'It is removed from the drafts, and cannot be brought back.',
  discardDo: 'Throw it away',
  draftStays: 'The draft could not be removed: it is still in the drafts.',
  saved: {
    untouched: '',
    changed: '',
    saving: 'Saving…',
    saved: 'Draft saved',
    failed: '',
  } satisfies Record<DraftState, string>,
  notSaved: 'The draft is not saved.',
  saveAgain: 'Save it',
  wrote: (who: string) => `${who} wrote:`,
  wroteOn: (time: string, who: string) => `On ${time}, ${who} wrote:`,
  passedOn: 'Forwarded message',
  passedOnHint: 'It goes along as it looks, without pictures from elsewhere.',
  identity: {
    title: 'Answering as this address',
    verified: (when: string) => `Verified on ${when}: a mail that was sent as this address has come back.`,
    unverified:
      'Not verified yet. A mail from the address to itself shows whether its provider sends as it: it is gathered here, and nobody copies a code.',
    underWay: (when: string) => `Being verified: a mail went out ${when}. It is verified as soon as that is gathered.`,
    late: (when: string) =>
      `Not verified: the mail of ${when} has not come back. Look for it in the junk folder at the provider, then try again.`,
    refused: 'The provider does not send as this address. Its words:',
    unknown: 'The server for sending is not known yet. To verify the address looks for it.',
    verify: 'Verify',
    again: 'Verify again',
    byOther: (address: string) =>
      `Another account of this mailbox has the address ${address} too. What is sent as it goes out by the other one.`,
    byThis: (address: string) =>
      `Another account of this mailbox has the address ${address} too. What is sent as it goes out by this one.`,
    other: 'Show the other account',
    marked: (name: string) => `${name} (not verified)`,
  },
  help: {
    title: 'Answer as the address the mail came to',
    link: 'How answering works',
    lead: 'You read all your mail in one place, and answer from there as each of your addresses.',
    parts: {
      happens: {
        title: 'What happens',
        text: 'Your answer goes out by the provider of the address that the mail came to, with the login that you have entered for it. To everybody it looks as if you had written it there, and it is not taken for forged.',
      },
      begin: {
        title: 'How to begin',
        text: 'Open the account, choose “Edit” and tick “I want to answer as this address”. The server for sending is found by itself in most cases, and the password is the one for fetching.',
      },
      verify: {
        title: 'How it is verified',
        text: 'Press “Verify” on the page of the account: a mail goes from the address to itself and is gathered here. You have nothing to copy. An address that is not verified sends as well; it has just not been seen to work.',
      },
      refused: {
        title: 'If the provider refuses',
        text: 'Its words stand on the page of the account. Most often the address is to be added at the provider as one of yours, programs need an app password there, or sending by programs is switched off.',
      },
      programs: {
        title: 'From other mail programs',
        text: 'They send as all of your addresses, too: the page of the mailbox names server and port for them. Choose the address as the sender there.',
      },
      where: {
        title: 'Where a message is',
        text: 'The outbox tells it: for ten seconds it can be undone, later it says who has it, who refused it and what to do. A copy stands in Sent. What comes back stands with the message.',
      },
    },
  },
  outbox: {
    title: 'Outbox',
    lead: 'What was sent in the last 30 days, and where it is.',
    waits: 'Something waits for you',
    choose: 'Of which mailbox?',
    none: 'Nothing was sent yet',
    noneHint: 'What you send from here or from a mail program stands here.',
    to: (who: string) => `to ${who}`,
    more: (n: number) => count(n, { one: 'and one more', other: 'and # more' }),
    as: (address: string) => `as ${address}`,
    states: {
      queued: 'Waiting',
      sending: 'Being sent',
      accepted: 'Sent',
      deferred: 'Not yet',
      rejected: 'Refused',
      unknown: 'Not known',
      cancelled: 'Called back',
    } satisfies Record<OutgoingState, string>,
    goesOut: (time: string) => `Goes out at ${time}.`,
    goesOutSoon: 'Goes out in a moment.',
    underWay: 'Is being handed to the provider.',
    arrived: 'The provider has taken it for everybody.',
    arrivedPartly: 'The provider has taken it for some, and not for all.',
    againAt: (time: string) => `Tried again by itself at ${time}.`,
    doubt: 'The connection broke off in the moment in which the provider took it: nobody can tell whether it arrived.',
    doubtStep: 'Ask those whom it was for, or send it again: they may then have it twice.',
    restored: 'A backup was restored meanwhile: nobody can tell whether it went out since.',
    calledBack: 'It did not go out.',
    refusedBy: (who: string) => `Refused by ${who}:`,
    failures: {
      'message refused': 'The provider does not take this message. Change what it names, and send it anew.',
      'recipients refused': 'The provider does not take these addresses. Check how they are written, and send it anew.',
      'deferred by server': 'The provider does not take it for the moment.',
      'identity gone':
        'The account that it was to go out by is gone, or has another address. Send it anew as another one.',
      'patience ended': 'The provider did not take it for two days. Look at the account, and try again.',
      undecidable: '',
      restored: '',
      'body missing': 'Its text is not on the disk of this instance any more. Write it anew.',
      'worker died': 'Sending was broken off before anything had gone out.',
    } satisfies Record<SendFailureKind, string>,
    otherFailure: 'The account’s mail server could not be used. Its page says what to do.',
    toAccount: 'To the account',
    recipients: 'For each address',
    bounced: (address: string) => `Came back from ${address}:`,
    bouncedAll: 'It came back:',
    showBounce: 'Show the report',
    cancel: 'Call back',
    calledBackNow: 'Called back: it is in the drafts.',
    retry: 'Try again now',
    resend: 'Send again',
    resendTitle: 'Send it again?',
    resendHint: 'If it had arrived after all, those whom it is for have it twice.',
    retried: 'It is tried again.',
    inMail: 'What became of it',
  },
} as const satisfies object

type Loose<T> = T extends string
  ? string
  : T extends (...given: infer Given) => string
    ? (...given: Given) => string
    : { readonly [Name in keyof T]: Loose<T[Name]> }
export type SendingWords = Loose<typeof sendingEn>
