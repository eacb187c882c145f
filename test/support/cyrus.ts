/** Starts a Cyrus of its own (Debian's, unpacked and not installed): a store, and a provider, of another make than ours. */
import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { startReady } from '../../deploy/child.ts'
import { childIdentity } from '../../deploy/identity.ts'
import type { Certificate } from './certificates.ts'
import { freePorts } from './ports.ts'
import { unpacked } from './unpacked.ts'

export interface TestCyrus {
  /** The port of IMAP, with STARTTLS and with logins in clear. */
  readonly imapPort: number
  readonly imapsPort: number
  /** Likewise for POP3, with STLS and a timestamp for APOP. */
  readonly pop3Port: number
  readonly pop3sPort: number
  /** Sets how much mail of one user it takes, in KiB. */
  setQuota(user: string, kib: number): Promise<void>
  stop(): Promise<void>
}

const admin = 'cyrus'
const adminPassword = 'the admin of all'

/** Packages that Cyrus does not need here: mail transport, virus scanners, chat. */
const needless = /clamav|mspack|zephyr|sigsegv/
const packages = 'cyrus-imapd cyrus-pop3d cyrus-common sasl2-bin libsasl2-2 libsasl2-modules libsasl2-modules-db'.split(
  ' ',
)

export async function startCyrus(
  users: Readonly<Record<string, string>>,
  tls: Certificate,
  mechanisms = 'PLAIN',
): Promise<TestCyrus> {
  const { root, libraries } = unpacked('tributary-cyrus-3.6-pop3', packages, needless)
  const folder = mkdtempSync('/tmp/tributary-cyrus-')
  const identity = childIdentity([])
  const { user, uid, gid } = identity
  const [imapPort = 0, imapsPort = 0, pop3Port = 0, pop3sPort = 0] = await freePorts(4)
  const own = (path: string) => chownSync(path, uid, gid)
  own(folder)
  for (const name of ['lib', 'spool', 'run', 'proc']) {
    mkdirSync(join(folder, name))
    own(join(folder, name))
  }
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    own(join(folder, name))
    return join(folder, name)
  }
  const env = { ...process.env, LD_LIBRARY_PATH: libraries.join(':') }
  const plugins = libraries.map((path) => join(path, 'sasl2')).find((path) => existsSync(path))
  const passwords = join(folder, 'sasldb2')
  for (const [name, password] of Object.entries({ ...users, [admin]: adminPassword })) {
    const args = ['-p', '-c', '-f', passwords, '-u', 'localhost', name]
    execFileSync(join(root, 'usr/sbin/saslpasswd2'), args, { input: password, env: { ...env, SASL_PATH: plugins } })
  }
  own(passwords)

  // Everything that is not set here has Cyrus' own default. The names of folders are of the old kind: `INBOX.Work`.
  const conf = write(
    'imapd.conf',
    `configdirectory: ${folder}/lib
proc_path: ${folder}/proc
mboxname_lockpath: ${folder}/run/lock
idlesocket: ${folder}/run/idle
lmtpsocket: ${folder}/run/lmtp
notifysocket: ${folder}/run/notify
defaultpartition: default
partition-default: ${folder}/spool
cyrus_user: ${user}
servername: localhost
admins: ${admin}
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: ${passwords}
sasl_plugin_path: ${plugins}
sasl_mech_list: ${mechanisms}
allowplaintext: yes
allowapop: yes
failedloginpause: 0
autocreate_quota: 0
autocreate_post: yes
unixhierarchysep: no
altnamespace: no
tls_server_cert: ${write('cert.pem', tls.cert)}
tls_server_key: ${write('key.pem', tls.key)}
`,
  )
  const bin = join(root, 'usr/lib/cyrus/bin')
  const services = write(
    'cyrus.conf',
    `START {
  recover cmd="${bin}/ctl_cyrusdb -C ${conf} -r"
}
SERVICES {
  imap cmd="${bin}/imapd -C ${conf}" listen="127.0.0.1:${imapPort}" prefork=0
  imaps cmd="${bin}/imapd -C ${conf} -s" listen="127.0.0.1:${imapsPort}" prefork=0
  pop3 cmd="${bin}/pop3d -C ${conf}" listen="127.0.0.1:${pop3Port}" prefork=0
  pop3s cmd="${bin}/pop3d -C ${conf} -s" listen="127.0.0.1:${pop3sPort}" prefork=0
}
EVENTS {
}
`,
  )
  const args = ['-C', conf, '-M', services, '-D', '-p', join(folder, 'run', 'master.pid')]
  const child = await startReady(
    {
      name: 'cyrus',
      command: join(bin, 'master'),
      args,
      env,
      // It has this user from the start: a process that changes its user would no longer end with us.
      identity,
      onLine: () => {},
    },
    { ask: async () => (await said(imapPort, [])).startsWith('* OK'), silenceMs: 30_000 },
  )
  const stop = async () => {
    await child.stop(10_000)
    rmSync(folder, { recursive: true, force: true })
  }
  return {
    imapPort,
    imapsPort,
    pop3Port,
    pop3sPort,
    async setQuota(name, kib) {
      const answer = await said(imapPort, [
        `a LOGIN ${admin} "${adminPassword}"`,
        `b SETQUOTA user.${name} (STORAGE ${kib})`,
        'c LOGOUT',
      ])
      if (!/^b OK/m.test(answer)) throw new Error(answer)
    },
    stop,
  }
}

/** Gives what the server says to these lines; without lines, its greeting. The text is empty if the server is not there. */
async function said(port: number, lines: readonly string[]): Promise<string> {
  return await new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    let text = ''
    socket.on('error', () => resolve(''))
    socket.on('close', () => resolve(text))
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      if (lines.length === 0) socket.destroy()
    })
    if (lines.length > 0) socket.write(lines.map((line) => `${line}\r\n`).join(''))
  })
}
