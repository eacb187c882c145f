/** Seals stored secrets: AES-256-GCM, bound to their record and field, under the newest key of a ring. */
import { createCipheriv, createDecipheriv, createHash, createHmac, type Hmac, hkdfSync, randomBytes } from 'node:crypto'

export interface Key {
  /** Identifies this key without revealing it. */
  readonly id: string
  /** 32 octets. */
  readonly octets: Buffer
  /** ISO 8601; null: nobody has written it down. */
  readonly createdAt: string | null
}

/** The keys that open and seal. */
export interface Ring {
  /** The key that seals from now on. */
  newest(): Key
  /** The same, at the moment of sealing. @throws KeyUnsafe if nothing but this process's memory has it. */
  sealing(): Key
  /** May read the keys again to find one that another process has made meanwhile. */
  find(id: string): Key | undefined
}

export interface Seal {
  /** The id of the key that seals now. */
  readonly keyId: string
  /** Whether a secret that is sealed with this key can be opened. */
  holds(keyId: string): boolean
  seal(secret: string, recordId: string, field: string): string
  /** Throws if the key is not in the ring, or if the secret was sealed for another record or field. */
  open(sealed: string, recordId: string, field: string): string
  /** Begins a proof that whoever wrote a text has this key: HMAC-SHA-256, under a key that is made of it for this alone. Undefined: it is not in the ring. */
  prover(keyId: string): Hmac | undefined
}

/** What would be sealed now could not be opened after a restart. The message says what to do. */
export class KeyUnsafe extends Error {
  override readonly name = 'KeyUnsafe'
}

const keyOctets = 32
/** NIST SP 800-38D section 8.2: 96 random bits. */
const ivOctets = 12
const tagOctets = 16

/** A sealed secret that cannot be opened. `remedy`: what an operator can do. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken'
  readonly remedy: string
  constructor(reason: string, remedy: string, cause?: unknown) {
    super(reason, cause === undefined ? undefined : { cause })
    this.remedy = remedy
  }
}

/** @param ring one key alone, or several. Sealed text is `v1.KEYID.IV.TAG.CIPHERTEXT`, base64url. */
export function createSeal(ring: Ring | Buffer): Seal {
  const keys = Buffer.isBuffer(ring) ? ringOf([keyOf(ring, null)]) : ring
  const boundTo = (recordId: string, field: string) => Buffer.from(`${recordId}\0${field}`)
  return {
    get keyId() {
      return keys.newest().id
    },
    holds: (keyId) => keys.find(keyId) !== undefined,
    seal(secret, recordId, field) {
      const { id, octets } = keys.sealing()
      const iv = randomBytes(ivOctets)
      const cipher = createCipheriv('aes-256-gcm', octets, iv).setAAD(boundTo(recordId, field))
      const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
      const parts = [iv, cipher.getAuthTag(), text].map((part) => part.toString('base64url'))
      return ['v1', id, ...parts].join('.')
    },
    open(sealed, recordId, field) {
      const [version, sealedWith = '', iv = '', tag = '', text = ''] = sealed.split('.')
      if (version !== 'v1')
        throw new SealBroken(
          `the ${field} of ${recordId} is sealed in a form this version does not know`,
          renewal(field),
        )
      const key = keys.find(sealedWith)
      if (key === undefined) {
        throw new SealBroken(
          `the ${field} of ${recordId} was sealed with another secret-key, ${sealedWith}; put that key back, or ${lower(renewal(field))}`,
          `Put the secret-key ${sealedWith} back, or ${lower(renewal(field))}`,
        )
      }
      try {
        const decipher = createDecipheriv('aes-256-gcm', key.octets, Buffer.from(iv, 'base64url'), {
          authTagLength: tagOctets,
        })
        decipher.setAAD(boundTo(recordId, field)).setAuthTag(Buffer.from(tag, 'base64url'))
        return Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()]).toString('utf8')
      } catch (error) {
        throw new SealBroken(
          `the sealed ${field} of ${recordId} was changed; ${isToken(field) ? 'sign in again' : 'set it anew'}`,
          renewal(field),
          error,
        )
      }
    },
    prover(keyId) {
      const key = keys.find(keyId)
      return key && createHmac('sha256', Buffer.from(hkdfSync('sha256', key.octets, '', 'tributary backup', keyOctets)))
    },
  }
}

/** Nobody can set a token: whoever the mailbox belongs to gets another one. */
const isToken = (field: string) => field === 'accessToken' || field === 'refreshToken'
const renewal = (field: string) => (isToken(field) ? 'Sign in again' : `Set the ${field} anew`)
const lower = (sentence: string) => sentence.charAt(0).toLowerCase() + sentence.slice(1)

/** The key with which this was sealed. */
export function keyIdOf(sealed: string): string {
  return sealed.split('.')[1] ?? ''
}

export function keyOf(octets: Buffer, createdAt: string | null): Key {
  if (octets.length !== keyOctets) throw new Error(`the secret key has ${octets.length} octets, not ${keyOctets}`)
  const id = createHash('sha256').update('tributary key id').update(octets).digest('base64url').slice(0, 8)
  return { id, octets, createdAt }
}

export function newKey(nowMs: number): Key {
  return keyOf(randomBytes(keyOctets), new Date(nowMs).toISOString())
}

/** @param keys the newest first, and at least one. */
export function ringOf(keys: readonly Key[]): Ring {
  const [newest] = keys
  if (newest === undefined) throw new Error('a ring has at least one key')
  return { newest: () => newest, sealing: () => newest, find: (id) => keys.find((key) => key.id === id) }
}

const line = /^([A-Za-z0-9+/_-]+)=*(?:\s+(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z))?$/

/**
 * Reads one key a line, base64 or base64url, the newest first; its date may follow it. @throws an error with the line's number, and nothing
 * of its text.
 */
export function keysIn(text: string): Key[] {
  return text.split(/\r?\n/).flatMap((written, nth) => {
    if (written.trim() === '') return []
    const [, octets = '', createdAt = null] = line.exec(written.trim()) ?? []
    try {
      return [keyOf(Buffer.from(octets, 'base64url'), createdAt)]
    } catch (error) {
      throw new Error(`line ${nth + 1} is no key: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      })
    }
  })
}

export function linesOf(keys: readonly Key[]): string {
  return keys
    .map(({ octets, createdAt }) => `${[octets.toString('base64url'), createdAt ?? ''].join(' ').trim()}\n`)
    .join('')
}

/** Seals every secret in a record's JSON with the newest key; undefined: they are already. The secret for FIELD is in `sealedFIELD`. */
export function resealed(json: string, recordId: string, seal: Seal): string | undefined {
  const { keyId } = seal
  let changed = false
  const record: unknown = JSON.parse(json, (name, value: unknown) => {
    const field = sealedField(name, value)
    if (field === undefined || keyIdOf(value as string) === keyId) return value
    changed = true
    return seal.seal(seal.open(value as string, recordId, field), recordId, field)
  })
  return changed ? JSON.stringify(record) : undefined
}

/** The ids of all keys with which secrets in a record's JSON are sealed. */
export function keyIdsIn(json: string): Set<string> {
  return new Set(sealedIn(json).map(({ sealed }) => keyIdOf(sealed)))
}

/** The sealed secrets in a record's JSON, and what each is. */
export function sealedIn(json: string): { readonly field: string; readonly sealed: string }[] {
  const found: { readonly field: string; readonly sealed: string }[] = []
  JSON.parse(json, (name, value: unknown) => {
    const field = sealedField(name, value)
    if (field !== undefined) found.push({ field, sealed: value as string })
    return value
  })
  return found
}

/** `sealedPassword` -> `password` */
function sealedField(name: string, value: unknown): string | undefined {
  const [, first = '', rest = ''] = /^sealed([A-Z])(\w*)$/.exec(name) ?? []
  return first === '' || typeof value !== 'string' ? undefined : `${first.toLowerCase()}${rest}`
}
