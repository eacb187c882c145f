/** The phase in which something failed: a closed list of codes that code may branch on, and the words that people read for each. */

/** The phases that need no further facts, with their words. */
const plainPhases = {
  // POP3: the beginning of a session, and the commands of RFC 1939, 2449, 2595 and 6856.
  connection: 'the connection',
  'TLS handshake': 'the TLS handshake',
  greeting: 'the greeting',
  CAPA: 'CAPA',
  STLS: 'STLS',
  UTF8: 'UTF8',
  USER: 'USER',
  PASS: 'PASS',
  STAT: 'STAT',
  UIDL: 'UIDL',
  LIST: 'LIST',
  RETR: 'RETR',
  NOOP: 'NOOP',
  RSET: 'RSET',
  QUIT: 'QUIT',
  // SMTP (RFC 5321, RFC 3207).
  EHLO: 'EHLO',
  STARTTLS: 'STARTTLS',
  MAIL: 'MAIL FROM',
  RCPT: 'RCPT TO',
  DATA: 'DATA',
  'message body': 'the body of the message',
  'message end': 'the end of the message',
  // The store: commands of RFC 9051, and steps that take several of them.
  login: 'the login',
  STATUS: 'STATUS',
  APPEND: 'APPEND',
  FETCH: 'FETCH',
  STORE: 'STORE',
  LOGOUT: 'LOGOUT',
  search: 'the search',
  sorting: 'the sorting of the folder',
  'folder list': 'the list of folders',
  count: 'the count of mail',
  'reading back': 'the reading back of its folders',
  'staging takeover': 'taking over the staging folder',
  'staging move': 'the move out of the staging folder',
  'staging removal': 'removing the staging folder',
  filling: 'the messages',
  emptying: 'the removal of all mail',
  // The store, or the account, does not take a message.
  'next message': 'the next message too',
  size: 'a message for its size',
  'unfit message': 'a message before it was sent',
} as const satisfies Readonly<Record<string, string>>

export type PlainPhase = keyof typeof plainPhases

/** The phases that need none of the facts below; exported for tests that look at all of them. */
export const plainPhaseCodes = Object.keys(plainPhases) as readonly PlainPhase[]

/** A POP3 command about one message. `of`: the number of messages in the maildrop, where it is known. */
export interface MessagePhase {
  readonly code: 'RETR' | 'TOP' | 'DELE' | 'UIDL' | 'LIST'
  readonly message: number
  readonly of?: number
}

export type Phase =
  | PlainPhase
  | MessagePhase
  /** SASL in POP3 (RFC 5034). */
  | { readonly code: 'AUTH'; readonly mechanism: string }
  /** `folder`: the folder is looked at or opened. APPEND: the folder is at fault, and no message. */
  | { readonly code: 'folder' | 'folder creation' | 'STATUS' | 'APPEND'; readonly folder: string }
  /** The store refused this one: its number in the maildrop, 0 if it came from the spool, and its size in octets. */
  | { readonly code: 'message'; readonly number: number; readonly octets: number }
  /** The store refused this many messages one after the other. */
  | { readonly code: 'messages'; readonly count: number }

export type PhaseCode = PlainPhase | Exclude<Phase, PlainPhase>['code']

export function phaseCode(phase: Phase): PhaseCode {
  return typeof phase === 'string' ? phase : phase.code
}

/** Whether the phase is a POP3 command about one message. */
export function isMessagePhase(phase: Phase): phase is MessagePhase {
  return typeof phase === 'object' && 'message' in phase
}

/** The words for a phase, as they stand after "during". */
export function phaseWords(phase: Phase): string {
  if (typeof phase === 'string') return plainPhases[phase]
  switch (phase.code) {
    case 'AUTH':
      return `AUTH ${phase.mechanism}`
    case 'folder':
      return `the folder ${phase.folder}`
    case 'folder creation':
      return `making the folder ${phase.folder}`
    case 'message': {
      const size = `${phase.octets.toLocaleString('en')} octets`
      return phase.number === 0 ? `a message of ${size}` : `message ${phase.number} of the maildrop (${size})`
    }
    case 'messages':
      return `${phase.count} messages in a row`
    case 'APPEND':
      return `mail for the folder ${phase.folder}`
    case 'STATUS':
      return `STATUS of ${phase.folder}`
    case 'RETR':
    case 'TOP':
    case 'DELE':
    case 'UIDL':
    case 'LIST':
      return `${phase.code} of message ${phase.message}${of(phase)}`
  }
}

/** A server that leaves messages out of its listing has higher numbers than messages. */
function of({ message, of: count = 0 }: MessagePhase): string {
  return count < message ? '' : ` of ${count}`
}
