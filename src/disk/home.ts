/** The files and folders of one instance under TRIBUTARY_HOME, and the secrets that are made there at its first start. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { ConfigInvalid } from '../config.ts'
import { createAtomically, writeAtomicallySync } from './atomic-write.ts'
import { isThere } from './is-there.ts'

export function homeOf(folder: string) {
  const home = resolve(folder)
  return {
    home,
    adminToken: join(home, 'admin-token'),
    secretKey: join(home, 'secret-key'),
    /** The address of the API, for the command line. */
    httpAddress: join(home, 'http-address'),
    /** The running instance locks it, and writes its address into it. */
    lock: join(home, 'lock'),
    redis: join(home, 'redis'),
    /** The backups that were made before data were carried over to another format. */
    backups: join(home, 'backups'),
    /** The bodies of what is to be sent (outbox.ts). */
    outbox: join(home, 'outbox'),
    mail: join(home, 'mail'),
    dovecot: join(home, 'dovecot'),
    usersFile: join(home, 'dovecot', 'users'),
    mastersFile: join(home, 'dovecot', 'masters'),
    masterPassword: join(home, 'dovecot', 'gateway-password'),
    samplePassword: join(home, 'dovecot', 'sample-password'),
    samplePort: join(home, 'dovecot', 'sample-port'),
    certFile: join(home, 'tls', 'cert.pem'),
    keyFile: join(home, 'tls', 'key.pem'),
  } as const
}
export type Home = ReturnType<typeof homeOf>

/**
 * Writes the address of the API down, for the command line.
 * @param url the API's own URL.
 * @param certFile the certificate of HTTPS: the command line takes no other one.
 */
export function writeAddress({ httpAddress }: Home, url: string, certFile: string | undefined): void {
  const reachable = url.replace('://0.0.0.0:', '://127.0.0.1:').replace('://[::]:', '://[::1]:')
  const lines = [reachable, ...(certFile === undefined ? [] : [resolve(certFile)])]
  writeAtomicallySync(httpAddress, lines.map((line) => `${line}\n`).join(''))
}

/**
 * Reads 256 random bits from a file of mode 0600, which is made if there is none: API and workers may all be the first to ask.
 *
 * @throws ConfigInvalid that names the path.
 */
export function ensureSecret(path: string): string {
  if (!isThere(path)) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    createAtomically(path, `${randomBytes(32).toString('base64url')}\n`)
  }
  const secret = contentOf(path).trim()
  if (secret === '')
    throw new ConfigInvalid(`${path} is empty; put its content back, or remove it to have a new one made`)
  return secret
}

/** Reads a file. A pipe is none: whoever opens it would wait for ever, with no ear for a signal. */
function contentOf(path: string): string {
  if (!statSync(path).isFile())
    throw new ConfigInvalid(`${path} must be a file, and is none; remove it or name another one`)
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new ConfigInvalid(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}
