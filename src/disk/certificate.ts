/** Reads a certificate and its key from two files, and reads them again when somebody renews them. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { diskLimits } from './limits.ts'

export interface CertificateFiles {
  /** PEM. The intermediate certificates may follow the server's own. */
  readonly certFile: string
  readonly keyFile: string
}

export interface Pair {
  readonly cert: Buffer
  readonly key: Buffer
  /** ISO 8601. */
  readonly validTo: string
}

/** @throws an error that names the mistake in the certificate or its key. */
export function readPair({ certFile, keyFile }: CertificateFiles): Pair {
  const [cert, key] = [readFileSync(certFile), readFileSync(keyFile)]
  const leaf = new X509Certificate(cert)
  if (!leaf.checkPrivateKey(createPrivateKey(key)))
    throw new Error(`the key in ${keyFile} is not that of the certificate in ${certFile}`)
  // Throws if OpenSSL does not serve the pair, for example for a key of 1024 bits.
  createSecureContext({ cert, key })
  return { cert, key, validTo: new Date(leaf.validTo).toISOString() }
}

export interface Renewal {
  changed(pair: Pair): void
  /** Is called if the new files are no pair; the pair before them stays in use. */
  refused(reason: string): void
}

/**
 * Looks at the files at intervals. A watch of the file system would stay with the files to which certbot's links led before, because
 * certbot renames the links, one after the other. So the two are read when neither has changed from one look to the next.
 */
export function watchPair(
  files: CertificateFiles,
  renewal: Renewal,
  everyMs: number = diskLimits.certificateLookedAtMs,
) {
  let readVersion = versionOf(files)
  let lastVersion = readVersion
  const look = () => {
    const version = versionOf(files)
    const hasSettled = version === lastVersion
    lastVersion = version
    if (!hasSettled || version === readVersion) return
    readVersion = version
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
      const stats = statSync(file, { bigint: true, throwIfNoEntry: false })
      return stats === undefined ? 'none' : `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeNs}`
    })
    .join('; ')
}
