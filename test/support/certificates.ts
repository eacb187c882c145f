/** Certificates of a test: a CA of its own, and what it signs. */
import { execFileSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

export interface Certificate {
  readonly cert: string
  readonly key: string
  /** SHA-256, hex. */
  readonly fingerprint: string
}

/** Self-signed. */
export function certificate(name = 'localhost'): Certificate {
  const folder = mkdtempSync('/tmp/tributary-cert-')
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const curve = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
  execFileSync('openssl', [...curve, ...names, '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' })
  const [cert, key] = [readFileSync(certFile, 'utf8'), readFileSync(keyFile, 'utf8')]
  rmSync(folder, { recursive: true })
  return { cert, key, fingerprint: createHash('sha256').update(new X509Certificate(cert).raw).digest('hex') }
}
