/**
 * The mechanisms of SASL (RFC 4422) that log in with a password or a token. Pure: bytes in, bytes out. POP3 (RFC 5034) and IMAP
 * (RFC 9051 section 6.2.2) carry them in base64; APOP and USER, which are commands of POP3, are in src/pop3/.
 */
import { createHmac } from 'node:crypto'
import { SaslBroken } from './broken.ts'
import type { Exchange, Mechanism, SaslCredentials } from './exchange.ts'
import { saslName, scram } from './scram.ts'

export function exchangeOf(name: Mechanism): Exchange {
  switch (name) {
    case 'SCRAM-SHA-256':
      return scram(name, 'sha256')
    case 'SCRAM-SHA-1':
      return scram(name, 'sha1')
    case 'CRAM-MD5':
      return inTurn(name, true, ({ user, password, encoding = 'utf8' }) => [
        (challenge) => {
          const digest = createHmac('md5', Buffer.from(password, encoding)).update(challenge).digest('hex')
          return Buffer.from(`${user} ${digest}`)
        },
      ])
    // RFC 4616: no authorization identity, the user, the password.
    case 'PLAIN':
      return atOnce(name, ({ user, password, encoding = 'utf8' }) =>
        Buffer.concat([Buffer.from(`\0${user}\0`, encoding), Buffer.from(password, encoding)]),
      )
    // It was never more than a draft: the questions are not read, since servers ask in all words and languages.
    case 'LOGIN':
      return inTurn(name, false, ({ user, password, encoding = 'utf8' }) => [
        () => Buffer.from(user, encoding),
        () => Buffer.from(password, encoding),
      ])
    case 'XOAUTH2':
      return ofToken(name, '', ({ user, password }) => `user=${user}\x01auth=Bearer ${password}\x01\x01`)
    // RFC 7628 section 3.1
    case 'OAUTHBEARER':
      return ofToken(
        name,
        '\x01',
        ({ user, password, host, port }) =>
          `n,a=${saslName(user)},\x01host=${host}\x01port=${port}\x01auth=Bearer ${password}\x01\x01`,
      )
  }
}

/** All is in the initial response. */
function atOnce(name: Mechanism, response: (credentials: SaslCredentials) => Buffer): Exchange {
  return {
    name,
    readsChallenges: false,
    isDone: true,
    start: response,
    next: () => {
      throw new SaslBroken(`a question behind the response of ${name}`)
    },
  }
}

/** The server asks, and each question has its answer. */
function inTurn(
  name: Mechanism,
  readsChallenges: boolean,
  answersOf: (credentials: SaslCredentials) => ((challenge: Buffer) => Buffer)[],
): Exchange {
  let left: ((challenge: Buffer) => Buffer)[] = []
  let hasBegun = false
  return {
    name,
    readsChallenges,
    get isDone() {
      return hasBegun && left.length === 0
    },
    start(credentials) {
      left = answersOf(credentials)
      hasBegun = true
      return null
    },
    next(challenge) {
      if (readsChallenges && challenge.length === 0) throw new SaslBroken(`an empty challenge of ${name}`)
      const answer = left.shift()
      if (answer === undefined) throw new SaslBroken(`one question too many of ${name}`)
      return answer(challenge)
    },
  }
}

/** A token is refused by a challenge that says why, in JSON; after our answer to it comes the refusal itself. */
function ofToken(name: Mechanism, breaker: string, response: (credentials: SaslCredentials) => string): Exchange {
  let refusals = 0
  return {
    name,
    readsChallenges: false,
    isDone: true,
    start: (credentials) => Buffer.from(response(credentials)),
    next: () => {
      refusals += 1
      if (refusals > 1) throw new SaslBroken(`a second refusal by ${name}`)
      return Buffer.from(breaker)
    },
  }
}
