/** Starts a Dovecot for one test, as the store or as a POP3 provider: it is configured as in local mode, and is gone with the test. */
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Child } from '../../deploy/child.ts'
import { type DovecotPlaces, type MailPorts, masterUser, startDovecot as start } from '../../deploy/dovecot.ts'
import { childIdentity, handOver } from '../../deploy/identity.ts'
import type { StoreEndpoint } from '../../src/server-urls.ts'
import { freePorts } from './ports.ts'

export interface TestDovecot extends MailPorts {
  readonly store: StoreEndpoint
  readonly places: DovecotPlaces
  /** All lines of its log. */
  readonly lines: string[]
  readonly pid: () => number
  /** Adds a login. Passwords are in clear in a test's users file. */
  addUser(login: string, password: string): void
  /** Adds a login whose password is kept as this hash, with its scheme. */
  addHash(login: string, hash: string): void
  halt(): Promise<void>
  resume(): Promise<void>
  stop(): Promise<void>
}

/** The gateway's password at every store of tests. */
export const masterPassword = 'the master of all'

/**
 * @param maildrops has messages by login, in their order; if it is given, the server keeps Maildirs, whose files it serves as they are.
 * @param authMechanisms the mechanisms of SASL that it offers, if not the usual ones.
 * @param policyPort the port at which somebody decides about logins; undefined: everybody may try.
 */
export async function startDovecot(
  users: Readonly<Record<string, string>> = {},
  maildrops: Readonly<Record<string, readonly Buffer[]>> = {},
  authMechanisms?: string,
  policyPort?: number,
): Promise<TestDovecot> {
  const folder = mkdtempSync('/tmp/tributary-dovecot-')
  const identity = childIdentity([])
  const places: DovecotPlaces = {
    runFolder: folder,
    mailFolder: join(folder, 'mail'),
    usersFile: join(folder, 'users'),
    mastersFile: join(folder, 'masters'),
    certFile: join(folder, 'cert.pem'),
    keyFile: join(folder, 'key.pem'),
    authFailureDelay: '0',
    ...(authMechanisms === undefined ? {} : { authMechanisms }),
    ...(Object.keys(maildrops).length > 0 ? { mailbox: { driver: 'maildir', path: '~/Maildir' } as const } : {}),
  }
  for (const [login, messages] of Object.entries(maildrops))
    fillMaildir(join(places.mailFolder, login, 'Maildir'), messages)
  const curve = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '10']
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  execFileSync('openssl', [...curve, ...names, '-keyout', places.keyFile, '-out', places.certFile], { stdio: 'ignore' })
  const [imapPort = 0, imapsPort = 0, pop3Port = 0, pop3sPort = 0] = await freePorts(4)
  // Tests come as the gateway by the IMAP port, from this machine.
  const gatewayNet = '127.0.0.1/32'
  const ports: MailPorts = { host: '127.0.0.1', imapPort, imapsPort, pop3Port, pop3sPort, gatewayNet }
  const addHash = (login: string, hash: string) => appendFileSync(places.usersFile, `${login}:${hash}::::::\n`)
  const addUser = (login: string, password: string) => addHash(login, `{PLAIN}${password}`)
  for (const [login, password] of Object.entries(users)) addUser(login, password)
  const lines: string[] = []
  let child: Child | undefined
  const resume = async () => {
    const policy = policyPort === undefined ? {} : { policyPort }
    child = await start(places, { ports, masterPassword, identity, onLine: (line) => lines.push(line), ...policy })
  }
  await resume()
  handOver(folder, identity)
  return {
    ...ports,
    store: { host: '127.0.0.1', port: imapPort, tls: 'none', masterUser, masterPassword },
    places,
    lines,
    pid: () => child?.pid ?? 0,
    addUser,
    addHash,
    halt: async () => await child?.stop(10_000),
    resume,
    async stop() {
      // Nobody reads its mail any more. It gets no time to end, because an orderly end would take more than two seconds.
      await child?.stop(0)
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

export function fillMaildir(maildir: string, messages: readonly Buffer[]): void {
  for (const part of ['cur', 'new', 'tmp']) mkdirSync(join(maildir, part), { recursive: true })
  for (const [nth, bytes] of messages.entries()) {
    writeFileSync(join(maildir, 'cur', `${1_700_000_000 + nth}.M${nth}.test:2,`), bytes)
  }
}
