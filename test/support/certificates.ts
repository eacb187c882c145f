/** Makes certificates for a test: a CA of its own, and certificates that it signs. */
import { execFileSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Certificate {
  readonly cert: string
  readonly key: string
  /** SHA-256, in hex. */
  readonly fingerprint: string
}

/** Makes a self-signed certificate. @param days says from when to when it is valid, in days from now. */
export function certificate(name = 'localhost', days: readonly [from: number, to: number] = [0, 2]): Certificate {
  const folder = mkdtempSync('/tmp/tributary-cert-')
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile]
  const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
  const run = (...words: readonly string[]) => execFileSync('openssl', words, { stdio: 'ignore' })
  if (days[0] === 0) run('req', '-x509', ...key, ...names, '-days', String(days[1]), '-out', certFile)
  else {
    // `openssl req` lets a certificate begin only now; `openssl ca` can choose another day.
    const asked = join(folder, 'asked.pem')
    run('req', '-new', ...key, ...names, '-addext', 'basicConstraints=CA:TRUE', '-out', asked)
    const time = ['-startdate', dayFrom(days[0]), '-enddate', dayFrom(days[1])]
    run(
      'ca',
      '-batch',
      '-config',
      authorityIn(folder),
      '-selfsign',
      '-keyfile',
      keyFile,
      '-in',
      asked,
      ...time,
      '-out',
      certFile,
    )
  }
  const cert = new X509Certificate(readFileSync(certFile))
  const made = { cert: cert.toString(), key: readFileSync(keyFile, 'utf8') }
  rmSync(folder, { recursive: true })
  return { ...made, fingerprint: createHash('sha256').update(cert.raw).digest('hex') }
}

/** Writes a day as `openssl ca` wants it: YYYYMMDDHHMMSSZ. */
function dayFrom(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().replace(/[-:T]|\.\d+/g, '')
}

/** Makes the few files without which `openssl ca` does not work. */
function authorityIn(folder: string): string {
  const [config, database] = [join(folder, 'config'), join(folder, 'index')]
  writeFileSync(database, '')
  const own = [
    '[own]',
    `new_certs_dir=${folder}`,
    `database=${database}`,
    'rand_serial=yes',
    'default_md=sha256',
    'policy=any',
    'copy_extensions=copyall',
  ]
  writeFileSync(config, ['[ca]', 'default_ca=own', ...own, '[any]', 'commonName=supplied', ''].join('\n'))
  return config
}
