/** Starts Dovecot as a child: writes its configuration and its master user, gives back the space of deleted mail, and waits until it is ready. */
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { createAtomically, writeAtomicallySync } from '../src/disk/atomic-write.ts'
import type { Logger } from '../src/log.ts'
import { policyHeader, policyKeyOf } from '../src/mail-policy.ts'
import { bareEnvironment, type Child, type Readiness, startReady } from './child.ts'
import { handOver, type Identity } from './identity.ts'
import { plainPath } from './plain-path.ts'
import { imapGreets, pop3Greets } from './probes.ts'
import { giveBackSpace, type Storage } from './space.ts'
import { claim, dovecotLine, type Kept } from './server-programs.ts'
import { filled, linesFor, root } from './template.ts'

export const masterUser = 'gateway'

export interface DovecotPlaces {
  /** Holds Dovecot's own sockets and the generated configuration. Its name is short, because a socket's path may have 107 characters. */
  readonly runFolder: string
  readonly mailFolder: string
  /** The file of the logins (src/disk/users-file.ts). Its folder also holds the file of the master user. */
  readonly usersFile: string
  readonly mastersFile: string
  readonly certFile: string
  readonly keyFile: string
  /** Where in a login's home its mail is, if that is no mdbox: tests have a provider with a Maildir. */
  readonly mailbox?: { readonly driver: 'maildir'; readonly path: string }
  /** The time that a refused login takes; two seconds by default. Tests need not wait so long. */
  readonly authFailureDelay?: string
  /** The mechanisms of SASL that it offers; given by tests. */
  readonly authMechanisms?: string
}

export interface MailPorts {
  readonly host: string
  readonly imapPort: number
  readonly imapsPort: number
  readonly pop3Port: number
  readonly pop3sPort: number
  /** ADDRESS/BITS: the network from which only the gateway comes; undefined: it comes by the socket alone. */
  readonly gatewayNet?: string
  /** The address and port of that network at which it comes; undefined: it comes by the socket, or by the IMAP port. */
  readonly gatewayDoor?: { readonly address: string; readonly port: number }
}

/** The socket of the gateway's own way in. */
export function gatewaySocket({ runFolder }: Pick<DovecotPlaces, 'runFolder'>): string {
  return join(runFolder, 'base/gateway/imap')
}

/** The ports to serve, the password of the gateway, and the user as which Dovecot runs. */
export interface DovecotStart extends Pick<Readiness, 'signal'> {
  readonly ports: MailPorts
  readonly masterPassword: string
  readonly identity: Identity
  readonly onLine: (line: string) => void
  readonly log?: Logger
  /** The port on this machine at which somebody decides about logins (relay.ts); undefined: everybody may try. */
  readonly policyPort?: number
}

export async function startDovecot(places: DovecotPlaces, start: DovecotStart): Promise<Child> {
  const { identity, masterPassword, onLine, log, ports, signal } = start
  const line = dovecotLine()
  for (const folder of [places.mailFolder, dirname(places.usersFile)])
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const folder of ['base/gateway', 'state'])
    mkdirSync(join(places.runFolder, folder), { recursive: true, mode: 0o755 })
  createAtomically(places.usersFile, '')
  writeAtomicallySync(places.mastersFile, masterLine(masterPassword, ports))
  writeAtomicallySync(confFile(places), dovecotSettings(line, places, start))
  const step = claim(keptMail(places), { name: 'Dovecot', line })
  if (step !== undefined) log?.warn({ event: 'server program changed' }, step)
  for (const folder of [places.runFolder, places.mailFolder, dirname(places.usersFile)]) handOver(folder, identity)
  await giveBackSpace(storageOf(places, identity, line), { log, signal })
  const args = ['-F', '-c', confFile(places)]
  return await startReady(
    { name: 'dovecot', command: '/usr/sbin/dovecot', args, env: bareEnvironment(), identity, onLine },
    {
      ask: async () => (await imapGreets(ports.imapPort)) && (await pop3Greets(ports.pop3Port)),
      silenceMs: 30_000,
      signal,
      // If a certificate cannot be served, the processes that take logins end; the master lives on and starts them again.
      fatalLine: /\b(?:Fatal|Panic)\b/,
    },
  )
}

/** Makes Dovecot read its certificate again. Sessions go on with the certificate under which they began. */
export async function reload(places: DovecotPlaces, identity: Identity): Promise<void> {
  const args = [...identity.setpriv, '--', 'doveadm', '-c', confFile(places), 'reload']
  await promisify(execFile)('setpriv', args, { timeout: 30_000 })
}

function confFile({ runFolder }: DovecotPlaces): string {
  return join(runFolder, 'dovecot.conf')
}

/** No login can have the name of this mark (api/schemas/destinations.ts). */
function keptMail({ mailFolder }: DovecotPlaces): Kept {
  const isEmpty = readdirSync(mailFolder).length === 0
  const unmarked = isEmpty ? undefined : ({ name: 'Dovecot', line: '2.3' } as const)
  return { what: `the mail in ${mailFolder}`, mark: join(mailFolder, '~written-by'), unmarked }
}

export function storageOf(places: DovecotPlaces, identity: Identity, line = dovecotLine()): Storage {
  return { conf: confFile(places), line, mailFolder: places.mailFolder, instance: instanceOf(places), identity }
}

/** Dovecot's processes are titled after it; those of another instance on this machine have another name. */
function instanceOf({ mailFolder }: DovecotPlaces): string {
  return `tributary-${createHash('sha256').update(mailFolder).digest('hex').slice(0, 10)}`
}

/** Dovecot's whole configuration. @param line the version for which it is. */
export function dovecotSettings(
  line: string,
  places: DovecotPlaces,
  { ports, identity, masterPassword, policyPort }: Omit<DovecotStart, 'onLine'>,
): string {
  const { driver, path } = places.mailbox ?? { driver: 'mdbox', path: '~/mdbox' }
  return filled(linesFor(line, readFileSync(join(root, 'deploy/dovecot.conf'), 'utf8')), {
    RUN: places.runFolder,
    INSTANCE: instanceOf(places),
    LISTEN: listenOn(ports.host),
    GATEWAY_NET: ports.gatewayNet ?? '127.0.0.1/32',
    GATEWAY_ADDRESS: ports.gatewayDoor?.address ?? '127.0.0.1',
    // 0: at none.
    GATEWAY_PORT: ports.gatewayDoor?.port ?? 0,
    USER: identity.user,
    GROUP: identity.group,
    UID: identity.uid,
    GID: identity.gid,
    MASTERS_FILE: plainPath(places.mastersFile, places.runFolder, 'masters'),
    USERS_FILE: plainPath(places.usersFile, places.runFolder, 'users'),
    MAIL: plainPath(places.mailFolder, places.runFolder, 'mail'),
    MAIL_DRIVER: driver,
    MAIL_PATH: path,
    AUTH_MECHANISMS: places.authMechanisms ?? 'plain login',
    AUTH_FAILURE_DELAY: places.authFailureDelay ?? '2 secs',
    POLICY_URL: policyPort === undefined ? '' : `http://127.0.0.1:${policyPort}/`,
    POLICY_AFTER: policyPort === undefined ? 'yes' : 'no',
    POLICY_HEADER: policyPort === undefined ? '' : `${policyHeader}: ${policyKeyOf(masterPassword)}`,
    CERT: plainPath(places.certFile, places.runFolder, 'cert'),
    KEY: plainPath(places.keyFile, places.runFolder, 'key'),
    IMAP_PORT: ports.imapPort,
    IMAPS_PORT: ports.imapsPort,
    POP3_PORT: ports.pop3Port,
    POP3S_PORT: ports.pop3sPort,
  })
}

/** Always listens on loopback too, because the sample provider is asked there. */
function listenOn(host: string): string {
  if (host === '0.0.0.0') return '*'
  if (host === '::') return '*, ::'
  return host === '127.0.0.1' || host === 'localhost' ? '127.0.0.1' : `127.0.0.1, ${host}`
}

/** 256 random bits need no slow hash, and the gateway logs in often. */
function masterLine(password: string, { gatewayNet }: MailPorts): string {
  // Dovecot's word for a UNIX socket.
  const nets = ['local', ...(gatewayNet === undefined ? [] : [gatewayNet])].join(',')
  const salt = randomBytes(8)
  const hash = createHash('sha512').update(password).update(salt).digest()
  return `${masterUser}:{SSHA512}${Buffer.concat([hash, salt]).toString('base64')}::::::allow_nets=${nets}\n`
}
