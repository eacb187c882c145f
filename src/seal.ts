/** Secrets at rest: AES-256-GCM, bound to the record and field they belong to. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'

export interface Seal {
  /** Tells this key from others without telling it. */
  readonly keyId: string
  seal(secret: string, recordId: string, field: string): string
  /** Throws where the key is another one, or the secret was sealed for another record or field. */
  open(sealed: string, recordId: string, field: string): string
}

const keyOctets = 32
/** NIST SP 800-38D section 8.2: 96 random bits. */
const ivOctets = 12
const tagOctets = 16

/** @param key 32 octets. Sealed text is `v1.KEYID.IV.TAG.CIPHERTEXT`, base64url; KEYID tells keys apart without telling them. */
export function createSeal(key: Buffer): Seal {
  if (key.length !== keyOctets) throw new Error(`the secret key has ${key.length} octets, not ${keyOctets}`)
  const keyId = createHash('sha256').update('tributary key id').update(key).digest('base64url').slice(0, 8)
  const boundTo = (recordId: string, field: string) => Buffer.from(`${recordId}\0${field}`)
  return {
    keyId,
    seal(secret, recordId, field) {
      const iv = randomBytes(ivOctets)
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(boundTo(recordId, field))
      const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
      const parts = [iv, cipher.getAuthTag(), text].map((part) => part.toString('base64url'))
      return ['v1', keyId, ...parts].join('.')
    },
    open(sealed, recordId, field) {
      const [version, sealedWith, iv = '', tag = '', text = ''] = sealed.split('.')
      if (version !== 'v1')
        throw new Error(`the ${field} of ${recordId} is sealed in a form this version does not know`)
      if (sealedWith !== keyId) {
        throw new Error(
          `the ${field} of ${recordId} was sealed with another secret-key; put that file back, or set the ${field} anew`,
        )
      }
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'), {
          authTagLength: tagOctets,
        })
        decipher.setAAD(boundTo(recordId, field)).setAuthTag(Buffer.from(tag, 'base64url'))
        return Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()]).toString('utf8')
      } catch (error) {
        throw new Error(`the sealed ${field} of ${recordId} was changed; set it anew`, { cause: error })
      }
    },
  }
}

/** With which key this was sealed. */
export function keyIdOf(sealed: string): string {
  return sealed.split('.')[1] ?? ''
}
