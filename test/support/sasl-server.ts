/** The server's side of exchanges of SASL (RFC 4422), for POP3 and IMAP alike: it does what its mechanism says, or what a test says. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'

/**
 * Yields the lines that it sends, and is given the line that answers each. Returns `OK`, the refusal with its status (`NO wrong`), or, for IMAP,
 * the BYE with which it hangs up; empty: it hangs up without a word.
 */
export type Played = Generator<string, string, string>

/** @param initial the initial response, if one came. Undefined: it has no such mechanism. */
export type Plays = (mechanism: string, initial: string | undefined) => Played | undefined

export const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64')
const clear = (text: string) => Buffer.from(text, 'base64').toString()
const wrong = 'NO [AUTHENTICATIONFAILED] Invalid credentials'

/** Ends the exchange when the client gives it up. */
export function* heeding(played: Played): Played {
  let said = played.next('')
  while (said.done !== true) {
    const response = yield said.value
    if (response === '*') return 'BAD given up'
    said = played.next(response)
  }
  return said.value
}

/** What is odd about its SCRAM. */
export interface ScramFaults {
  readonly iterations?: number
  /** The nonce of both, made of the client's. */
  readonly nonce?: (client: string) => string
  /** The last challenge; null: success comes at once. */
  readonly final?: string | null
}

/** Lets `me` in with this password, by each mechanism that tells or proves it. */
export function honest(password = 'secret', faults: ScramFaults = {}): Plays {
  return (mechanism, initial) => {
    const played = playedBy(mechanism, initial, password, faults)
    return played && heeding(played)
  }
}

function playedBy(mechanism: string, initial: string | undefined, password: string, faults: ScramFaults) {
  switch (mechanism) {
    case 'PLAIN':
      return plain(initial, password)
    case 'LOGIN':
      return login(password)
    case 'CRAM-MD5':
      return cram(password)
    case 'SCRAM-SHA-1':
      return scram('sha1', initial, password, faults)
    case 'SCRAM-SHA-256':
      return scram('sha256', initial, password, faults)
    default:
      return undefined
  }
}

function* plain(initial: string | undefined, password: string): Played {
  return clear(initial ?? (yield '+ ')) === `\0me\0${password}` ? 'OK' : wrong
}

function* login(password: string): Played {
  const user = clear(yield `+ ${base64('Username:')}`)
  return user === 'me' && clear(yield `+ ${base64('Password:')}`) === password ? 'OK' : wrong
}

function* cram(password: string): Played {
  const challenge = '<1896.697170952@mail.example.net>'
  const digest = createHmac('md5', password).update(challenge).digest('hex')
  return clear(yield `+ ${base64(challenge)}`) === `me ${digest}` ? 'OK' : wrong
}

function* scram(
  hash: 'sha1' | 'sha256',
  initial: string | undefined,
  password: string,
  { iterations = 4096, nonce = (client) => `${client}more`, final }: ScramFaults,
): Played {
  const bare = clear(initial ?? (yield '+ ')).replace(/^n,,/, '')
  const salt = Buffer.from('salt of the user')
  const both = nonce(/r=(.*)$/.exec(bare)?.[1] ?? '')
  const first = `r=${both},s=${salt.toString('base64')},i=${iterations}`
  const last = clear(yield `+ ${base64(first)}`)
  const [, withoutProof = '', proof = ''] = /^(.*),p=(.*)$/.exec(last) ?? []
  const hmac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest()
  const octets = hash === 'sha1' ? 20 : 32
  const salted = pbkdf2Sync(password, salt, Math.max(1, Math.min(iterations, 200_000)), octets, hash)
  const key = hmac(salted, 'Client Key')
  const all = `${bare},${first},${withoutProof}`
  const mask = hmac(createHash(hash).update(key).digest(), all)
  if (proof !== base64(Buffer.from(key.map((octet, nth) => octet ^ (mask[nth] ?? 0))))) return wrong
  if (final === null) return 'OK'
  yield `+ ${base64(final ?? `v=${base64(hmac(hmac(salted, 'Server Key'), all))}`)}`
  return 'OK'
}

/** One exchange on the line of a scripted server: what it says to each line of the client, until it is over. */
export class PlayedExchange {
  readonly #played: Played

  constructor(played: Played) {
    this.#played = played
  }

  /** @param response empty at the beginning. */
  hear(response: string): { readonly says: string } | { readonly result: string } {
    const { done, value } = this.#played.next(response)
    return done === true ? { result: value } : { says: value }
  }
}
