/** SCRAM (RFC 5802, RFC 7677) without channel binding: the password stays here, and the server proves that it knows it too. */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { SaslBroken } from './broken.ts'
import type { Exchange, Mechanism, SaslCredentials } from './exchange.ts'
import { saslLimits } from './limits.ts'
import { saslprep } from './saslprep.ts'

type Hash = 'sha1' | 'sha256'

/** RFC 5801 section 4. */
export function saslName(user: string): string {
  return user.replaceAll('=', '=3D').replaceAll(',', '=2C')
}

/** @param nonce is given by tests. */
export function scram(name: Mechanism, hash: Hash, nonce: string = randomBytes(18).toString('base64')): Exchange {
  let bare = ''
  let password = ''
  let signature: Buffer | undefined
  let isDone = false
  return {
    name,
    readsChallenges: true,
    get isDone() {
      return isDone
    },
    start(credentials: SaslCredentials) {
      password = saslprep(credentials.password) ?? credentials.password
      bare = `n=${saslName(saslprep(credentials.user) ?? credentials.user)},r=${nonce}`
      return Buffer.from(`n,,${bare}`)
    },
    next(challenge) {
      const said = challenge.toString('utf8')
      if (isDone) throw new SaslBroken(`one question too many of ${name}`)
      if (signature !== undefined) {
        // The refusal itself follows.
        if (said.startsWith('e=')) return Buffer.alloc(0)
        const proven = Buffer.from(/^v=([A-Za-z0-9+/=]+)(?:,|$)/.exec(said)?.[1] ?? '', 'base64')
        if (proven.length !== signature.length || !timingSafeEqual(proven, signature))
          throw new SaslBroken('a signature that only a server without the password could send', true)
        isDone = true
        return Buffer.alloc(0)
      }
      const [, both = '', salt = '', count = ''] =
        /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+={0,2}),i=(\d{1,9})(?:,|$)/.exec(said) ?? []
      if (!both.startsWith(nonce) || both === nonce) throw new SaslBroken(`a challenge that is none of ${name}`)
      const { iterationsMin, iterationsMax } = saslLimits
      if (Number(count) < iterationsMin || Number(count) > iterationsMax)
        throw new SaslBroken(`${count} iterations, which are not from ${iterationsMin} to ${iterationsMax}`)
      const withoutProof = `c=${Buffer.from('n,,').toString('base64')},r=${both}`
      const all = `${bare},${said},${withoutProof}`
      return keysOf(hash, password, salt, Number(count)).then((keys) => {
        const proof = xor(keys.client, hmac(hash, keys.stored, all))
        signature = hmac(hash, keys.server, all)
        return Buffer.from(`${withoutProof},p=${proof.toString('base64')}`)
      })
    },
  }
}

interface Keys {
  readonly client: Buffer
  readonly stored: Buffer
  readonly server: Buffer
}

/** The keys of passwords that were used here, under a name that tells nothing outside of this process: to make them costs milliseconds. */
const kept = new Map<string, Promise<Keys>>()
const naming = randomBytes(32)

async function keysOf(hash: Hash, password: string, salt: string, iterations: number): Promise<Keys> {
  const name = createHmac('sha256', naming)
    .update(JSON.stringify([hash, password, salt, iterations]))
    .digest('base64')
  const known = kept.get(name)
  if (known !== undefined) return await known
  const keys = keysMade(hash, password, salt, iterations)
  const [oldest] = kept.keys()
  if (kept.size >= saslLimits.keysKept && oldest !== undefined) kept.delete(oldest)
  kept.set(name, keys)
  return await keys
}

const stretched = promisify(pbkdf2)

async function keysMade(hash: Hash, password: string, salt: string, iterations: number): Promise<Keys> {
  const octets = hash === 'sha1' ? 20 : 32
  const salted = await stretched(password, Buffer.from(salt, 'base64'), iterations, octets, hash)
  const client = hmac(hash, salted, 'Client Key')
  const stored = createHash(hash).update(client).digest()
  return { client, stored, server: hmac(hash, salted, 'Server Key') }
}

function hmac(hash: Hash, key: Buffer, text: string): Buffer {
  return createHmac(hash, key).update(text).digest()
}

function xor(one: Buffer, other: Buffer): Buffer {
  return Buffer.from(one.map((octet, nth) => octet ^ (other[nth] ?? 0)))
}
