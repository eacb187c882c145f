/** What one instance keeps under TRIBUTARY_HOME, and the secrets that it makes there at its first start. */
import { randomBytes } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

export function homeOf(folder: string) {
  const home = resolve(folder)
  return {
    home,
    adminToken: join(home, 'admin-token'),
    secretKey: join(home, 'secret-key'),
    /** Where the API listens, for the command line. */
    httpAddress: join(home, 'http-address'),
    /** The path of the folder of sockets of whoever started last. */
    runFolder: join(home, 'run-folder'),
    redis: join(home, 'redis'),
    mail: join(home, 'mail'),
    dovecot: join(home, 'dovecot'),
    usersFile: join(home, 'dovecot', 'users'),
    mastersFile: join(home, 'dovecot', 'masters'),
    masterPassword: join(home, 'dovecot', 'gateway-password'),
    samplePassword: join(home, 'dovecot', 'sample-password'),
    certFile: join(home, 'tls', 'cert.pem'),
    keyFile: join(home, 'tls', 'key.pem'),
  } as const
}
export type Home = ReturnType<typeof homeOf>

/** @param url as the API says it. @param certFile what it shows, where it is HTTPS: the command line takes no other certificate. */
export function writeAddress({ httpAddress }: Home, url: string, certFile: string | undefined): void {
  const reachable = url.replace('://0.0.0.0:', '://127.0.0.1:').replace('://[::]:', '://[::1]:')
  const lines = [reachable, ...(certFile === undefined ? [] : [resolve(certFile)])]
  writeFileSync(httpAddress, lines.map((line) => `${line}\n`).join(''), { mode: 0o600 })
}

/** 256 random bits in a file of mode 0600, made once; whoever comes second reads what the first one made. */
export function ensureSecret(path: string): string {
  if (!existsSync(path)) makeSecret(path)
  const secret = readFileSync(path, 'utf8').trim()
  if (secret === '') throw new Error(`${path} is empty; put its content back, or remove it to have a new one made`)
  return secret
}

/** Whole or not there: api and workers start at once, and each may be the first to ask. */
function makeSecret(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const mine = `${path}.${randomBytes(6).toString('hex')}`
  writeFileSync(mine, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx', flush: true })
  try {
    linkSync(mine, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    unlinkSync(mine)
  }
}
