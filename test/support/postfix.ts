/** Starts Debian's Postfix as somebody's provider, unpacked and not installed: it would take the place of Exim. It needs root. */
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { childIdentity } from '../../deploy/identity.ts'
import { certificate } from './certificates.ts'
import { freePorts } from './ports.ts'
import { runningMta } from './mta.ts'
import { providerOctetsMax, type SmtpProvider } from './smtp-provider.ts'
import { unpacked } from './unpacked.ts'

const packages = ['postfix', 'sasl2-bin', 'libsasl2-2', 'libsasl2-modules', 'libsasl2-modules-db']
const daemons = `cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
discard unix - - n - - discard
virtual unix - n n - - virtual
postlog unix-dgram n - n - 1 postlogd
`

/** `gone@` is nobody there, `slow@` is put off, and a subject `refused` is refused once the whole message is there. */
export async function startPostfix(): Promise<SmtpProvider> {
  const { root, libraries } = unpacked('tributary-postfix-3', packages)
  const folder = mkdtempSync('/tmp/tributary-postfix-')
  chmodSync(folder, 0o755)
  const own = certificate()
  const [port = 0, tlsPort = 0] = await freePorts(2)
  const { user, group, uid, gid } = childIdentity([])
  const place = (name: string) => join(folder, name)
  const write = (name: string, text: string, mode = 0o644) => {
    writeFileSync(place(name), text, { mode })
    return place(name)
  }
  for (const name of ['etc', 'queue', 'queue/pid', 'mail']) mkdirSync(place(name))
  const queues = [
    'active',
    'bounce',
    'corrupt',
    'defer',
    'deferred',
    'flush',
    'hold',
    'incoming',
    'maildrop',
    'private',
  ]
  for (const name of ['data', ...[...queues, 'public', 'saved', 'trace'].map((queue) => `queue/${queue}`)]) {
    mkdirSync(place(name), { mode: 0o755 })
    chownSync(place(name), uid, gid)
  }
  chownSync(place('mail'), uid, gid)
  const paths = [join(root, 'usr/lib/postfix'), ...libraries].filter((path) => existsSync(path))
  const plugins = [...libraries, '/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu']
    .map((path) => join(path, 'sasl2'))
    .filter((path) => existsSync(path))
  const env = {
    ...process.env,
    LD_LIBRARY_PATH: paths.join(':'),
    SASL_PATH: plugins.join(':'),
    MAIL_CONFIG: place('etc'),
  }
  const passwords = place('data/sasldb2')
  const saslpasswd = [join(root, 'usr/sbin/saslpasswd2'), '-p', '-c', '-f', passwords, '-u', 'smtp.example.net', 'me']
  execFileSync(saslpasswd[0] ?? '', saslpasswd.slice(1), { input: 'secret', env })
  chownSync(passwords, uid, gid)
  // Debian's looks here, whatever cyrus_sasl_config_path says.
  mkdirSync(place('etc/sasl'))
  write(
    'etc/sasl/smtpd.conf',
    `pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: ${passwords}\nmech_list: PLAIN LOGIN\n`,
  )
  const recipients = 'gone@example.org 550 5.1.1 There is no such user\nslow@example.org 450 4.2.0 Come back later\n'
  write(
    'etc/main.cf',
    `compatibility_level = 3.6
myhostname = smtp.example.net
mail_owner = ${user}
setgid_group = ${group === 'daemon' ? 'mail' : 'daemon'}
default_privs = nobody
daemon_directory = ${root}/usr/lib/postfix/sbin
command_directory = ${root}/usr/sbin
shlib_directory = ${root}/usr/lib/postfix
queue_directory = ${place('queue')}
data_directory = ${place('data')}
import_environment = MAIL_CONFIG LD_LIBRARY_PATH=${env.LD_LIBRARY_PATH} SASL_PATH=${env.SASL_PATH}
maillog_file = ${place('log')}
maillog_file_prefixes = ${folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks =
mydestination =
alias_maps =
default_transport = virtual
virtual_mailbox_base = ${place('mail')}
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:${uid}
virtual_gid_maps = static:${gid}
virtual_minimum_uid = 1
virtual_mailbox_limit = 0
message_size_limit = ${providerOctetsMax}
smtpd_tls_cert_file = ${write('cert', own.cert)}
smtpd_tls_key_file = ${write('key', own.key, 0o600)}
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_local_domain = smtp.example.net
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = check_recipient_access texthash:${write('recipients', recipients)}, permit_sasl_authenticated, reject
smtpd_delay_reject = yes
smtpd_recipient_limit = 4
header_checks = regexp:${write('headers', '/^Subject: refused/ REJECT 5.7.1 It is refused\n')}
`,
  )
  const listening = [
    `127.0.0.1:${port} inet n - n - - smtpd`,
    `127.0.0.1:${tlsPort} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes`,
  ]
  write('etc/master.cf', [...listening, daemons].join('\n'))
  const child = spawn(join(root, 'usr/lib/postfix/sbin/master'), ['-c', place('etc'), '-d'], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  return await runningMta(child, { name: 'Postfix', port, tlsPort, own, folder, maildir: place('mail/all') })
}
