/** A certificate and its key in two files: read together, and read again when somebody renews them. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { diskLimits } from './limits.ts'

export interface CertificateFiles {
  /** PEM; behind the certificate may stand those that lead to one people know. */
  readonly certFile: string
  readonly keyFile: string
}

export interface Pair {
  readonly cert: Buffer
  readonly key: Buffer
  /** ISO 8601. */
  readonly validTo: string
}

/** @throws with what is wrong with it. */
export function readPair({ certFile, keyFile }: CertificateFiles): Pair {
  const [cert, key] = [readFileSync(certFile), readFileSync(keyFile)]
  const leaf = new X509Certificate(cert)
  if (!leaf.checkPrivateKey(createPrivateKey(key)))
    throw new Error(`the key in ${keyFile} is not that of the certificate in ${certFile}`)
  // What OpenSSL does not serve, such as a key of 1024 bits.
  createSecureContext({ cert, key })
  return { cert, key, validTo: new Date(leaf.validTo).toISOString() }
}

export interface Renewal {
  changed(pair: Pair): void
  /** The files are no pair: what was served before is served on. */
  refused(reason: string): void
}

/**
 * Looks, for a watch would be of what certbot's links led to before: they are renamed, one after the other. So the two are read when
 * they have been still from one look to the next.
 */
export function watchPair(
  files: CertificateFiles,
  renewal: Renewal,
  everyMs: number = diskLimits.certificateLookedAtMs,
) {
  let taken = versionOf(files)
  let seen = taken
  const look = () => {
    const now = versionOf(files)
    const still = now === seen
    seen = now
    if (!still || now === taken) return
    taken = now
    let pair: Pair
    try {
      pair = readPair(files)
    } catch (error) {
      renewal.refused(error instanceof Error ? error.message : String(error))
      return
    }
    renewal.changed(pair)
  }
  const timer = setInterval(look, everyMs).unref()
  return { stop: () => clearInterval(timer) }
}

function versionOf({ certFile, keyFile }: CertificateFiles): string {
  return [certFile, keyFile]
    .map((file) => {
      const seen = statSync(file, { bigint: true, throwIfNoEntry: false })
      return seen === undefined ? 'none' : `${seen.dev} ${seen.ino} ${seen.size} ${seen.mtimeNs}`
    })
    .join('; ')
}
