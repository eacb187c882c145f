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

/** A certificate, and those that vouch for it. */
export interface Chain {
  readonly leaf: Certificate
  readonly intermediate: string
  readonly root: string
}

/**
 * Makes a certificate that an intermediate one has signed, which "Corp Root" has signed.
 *
 * @param subject such as `/CN=localhost`. @param extensions of the certificate, such as `subjectAltName=DNS:localhost`.
 */
export function chain(
  subject = '/CN=localhost',
  extensions: readonly string[] = ['subjectAltName=DNS:localhost'],
): Chain {
  const folder = mkdtempSync('/tmp/tributary-cert-')
  const place = (name: string) => join(folder, name)
  const run = (...words: readonly string[]) => execFileSync('openssl', words, { stdio: 'ignore' })
  const asked = (name: string, whose: string) =>
    run(
      'req',
      '-new',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      place(`${name}.key`),
      '-subj',
      whose,
      '-out',
      place(`${name}.csr`),
    )
  const signed = (name: string, by: string, lines: readonly string[]) => {
    writeFileSync(place(`${name}.ext`), `${lines.join('\n')}\n`)
    const signer =
      by === name
        ? ['-signkey', place(`${name}.key`)]
        : ['-CA', place(`${by}.pem`), '-CAkey', place(`${by}.key`), '-CAcreateserial']
    run(
      'x509',
      '-req',
      '-in',
      place(`${name}.csr`),
      ...signer,
      '-days',
      '2',
      '-extfile',
      place(`${name}.ext`),
      '-out',
      place(`${name}.pem`),
    )
  }
  const authority = ['basicConstraints=critical,CA:TRUE']
  asked('root', '/O=Corp/CN=Corp Root')
  signed('root', 'root', authority)
  asked('intermediate', '/O=Corp/CN=Corp Issuing 1')
  signed('intermediate', 'root', authority)
  asked('leaf', subject)
  signed('leaf', 'intermediate', ['basicConstraints=CA:FALSE', ...extensions])
  const read = (name: string) => readFileSync(place(name), 'utf8')
  const cert = read('leaf.pem')
  const fingerprint = createHash('sha256').update(new X509Certificate(cert).raw).digest('hex')
  const made = {
    leaf: { cert, key: read('leaf.key'), fingerprint },
    intermediate: read('intermediate.pem'),
    root: read('root.pem'),
  }
  rmSync(folder, { recursive: true })
  return made
}
