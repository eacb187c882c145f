/** Makes certificates of a chosen strength, signed by a chain of a chosen length, each of which says where its issuer's is to be had. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Issued {
  readonly cert: string
  readonly key: string
  /** PEM; the one that has signed the certificate is first. */
  readonly intermediates: readonly string[]
  readonly root: string
}

export interface Wanted {
  /** The bits of its RSA key. */
  readonly bits?: number
  readonly digest?: 'sha1' | 'sha256'
  readonly levels?: number
  /** Where the certificate that is so many levels above it lies. */
  readonly urlOf?: (level: number) => string
}

export function issued({ bits = 2048, digest = 'sha256', levels = 0, urlOf }: Wanted = {}): Issued {
  const folder = mkdtempSync('/tmp/tributary-cert-')
  const place = (name: string) => join(folder, name)
  const run = (...words: readonly string[]) => execFileSync('openssl', words, { stdio: 'ignore' })
  const made = (name: string, by: string | undefined, key: readonly string[], extensions: readonly string[]) => {
    run(
      'req',
      '-new',
      ...key,
      '-nodes',
      '-keyout',
      place(`${name}.key`),
      '-subj',
      `/CN=${name}`,
      '-out',
      place(`${name}.csr`),
    )
    writeFileSync(place(`${name}.ext`), `${extensions.join('\n')}\n`)
    const signer =
      by === undefined
        ? ['-signkey', place(`${name}.key`)]
        : ['-CA', place(`${by}.pem`), '-CAkey', place(`${by}.key`), '-CAcreateserial']
    const strength = name === 'localhost' ? `-${digest}` : '-sha256'
    const files = ['-in', place(`${name}.csr`), '-extfile', place(`${name}.ext`), '-out', place(`${name}.pem`)]
    run('x509', '-req', strength, '-days', '2', ...signer, ...files)
  }
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
  const authority = 'basicConstraints=critical,CA:TRUE'
  const leadsTo = (level: number) => (urlOf === undefined ? [] : [`authorityInfoAccess=caIssuers;URI:${urlOf(level)}`])
  made('Test Root', undefined, curve, [authority])
  const names = Array.from({ length: levels }, (_none, nth) => `Test Issuing ${nth + 1}`)
  for (const [nth, name] of [...names.entries()].reverse())
    made(name, names[nth + 1] ?? 'Test Root', curve, [authority, ...(nth + 1 < levels ? leadsTo(nth + 2) : [])])
  made(
    'localhost',
    names[0] ?? 'Test Root',
    ['-newkey', `rsa:${bits}`],
    ['subjectAltName=DNS:localhost', ...leadsTo(1)],
  )
  const read = (name: string) => readFileSync(place(name), 'utf8')
  const all = {
    cert: read('localhost.pem'),
    key: read('localhost.key'),
    intermediates: names.map((name) => read(`${name}.pem`)),
    root: read('Test Root.pem'),
  }
  rmSync(folder, { recursive: true })
  return all
}

/** In the form in which many authorities serve it: PKCS #7 without a signature, DER. */
export function bundled(pems: readonly string[]): Buffer {
  const folder = mkdtempSync('/tmp/tributary-cert-')
  const file = join(folder, 'all.pem')
  writeFileSync(file, pems.join(''))
  const der = execFileSync('openssl', ['crl2pkcs7', '-nocrl', '-certfile', file, '-outform', 'DER'])
  rmSync(folder, { recursive: true })
  return der
}
