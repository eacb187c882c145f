/** Mail servers that take tokens as Exchange does: a session whose token has ended is cut off in its middle. Their faults are data. */
import type { Behaviour, MaildropMessage } from './pop3-server.ts'
import type { StoreBehaviour } from './imap-server.ts'

export interface TokenLogin {
  readonly user: string
  readonly token: string
}

export interface TokenRules {
  /** Whether a token opens the mailbox of this user now. */
  readonly opens: (login: TokenLogin) => boolean
  /** What becomes of a session whose token has ended: it is told so, or hears nothing more. */
  readonly cut: 'tells' | 'drops'
}

/** Every login that was tried. */
export type TokenLogins = TokenLogin[]

/** A POP3 server that gives one message after the other, each in some 20 ms. */
export function tokenMaildrop(
  messages: readonly MaildropMessage[],
  { opens, cut }: TokenRules,
  logins: TokenLogins,
): Behaviour {
  return {
    messages,
    capabilities: ['USER', 'UIDL', 'TOP', 'PIPELINING', 'SASL XOAUTH2'],
    trickle: { on: 'RETR', everyMs: 20, octets: 400 },
    atConnection() {
      let login: TokenLogin | undefined
      let isOver = false
      return {
        mangles(reply, command) {
          const [verb, mechanism, response] = command.split(' ')
          if (verb === 'AUTH' && mechanism === 'XOAUTH2') {
            login = loginIn(response ?? '')
            logins.push(login)
            return Buffer.from(
              opens(login) ? '+OK in\r\n' : '-ERR Authentication failure: unknown user name or bad password.\r\n',
            )
          }
          isOver = login !== undefined && command !== 'QUIT' && !opens(login)
          if (!isOver) return reply
          return Buffer.from(cut === 'tells' ? '-ERR AccessTokenExpired\r\n' : '')
        },
        hangsUp: () => isOver,
      }
    },
  }
}

/** An IMAP store; a session ends at an APPEND. */
export function tokenStore({ opens, cut }: TokenRules, logins: TokenLogins): StoreBehaviour {
  let login: TokenLogin | undefined
  const ended = (said: string) => (login !== undefined && !opens(login) ? said : undefined)
  const answer =
    cut === 'tells' ? 'TAG NO AccessTokenExpired\r\n' : '* BYE Session invalidated - AccessTokenExpired\r\n'
  return {
    capabilities: ['IMAP4rev1', 'SASL-IR', 'AUTH=XOAUTH2', 'LITERAL+', 'MULTIAPPEND', 'UIDPLUS', 'NAMESPACE'],
    answers: {
      AUTHENTICATE(command) {
        login = loginIn(command.split(' ')[3] ?? '')
        logins.push(login)
        return opens(login) ? 'TAG OK in' : 'TAG NO AUTHENTICATE failed.'
      },
      APPEND: () => ended(answer.trimEnd()),
      STATUS: () => ended(answer.trimEnd()),
    },
    leaves: (verb) => (cut === 'drops' && (verb === 'APPEND' || verb === 'STATUS') ? 'ends' : undefined),
  }
}

/** The initial response of XOAUTH2. */
function loginIn(response: string): TokenLogin {
  const text = Buffer.from(response, 'base64').toString()
  return { user: /^user=([^\x01]*)/.exec(text)?.[1] ?? '', token: /auth=Bearer ([^\x01]*)/.exec(text)?.[1] ?? '' }
}
