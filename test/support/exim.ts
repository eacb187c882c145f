/** Starts Debian's Exim as somebody's provider: it takes mail of whoever logs in, over TLS alone, and puts it into a folder. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { childIdentity, handOver } from '../../deploy/identity.ts'
import { certificate } from './certificates.ts'
import { freePorts } from './ports.ts'
import { runningMta } from './mta.ts'
import { providerOctetsMax, type SmtpProvider } from './smtp-provider.ts'

/** `gone@` is nobody there, `slow@` is put off, and a subject `refused` is refused once the whole message is there. */
export async function startExim(): Promise<SmtpProvider> {
  const folder = mkdtempSync('/tmp/tributary-exim-')
  const own = certificate()
  const [port = 0, tlsPort = 0] = await freePorts(2)
  // Exim delivers to nobody as root.
  const { uid, gid, ...identity } = childIdentity([])
  const place = (name: string) => join(folder, name)
  for (const name of ['spool', 'log', 'mail']) mkdirSync(place(name))
  writeFileSync(place('cert'), own.cert)
  writeFileSync(place('key'), own.key, { mode: 0o600 })
  handOver(folder, { uid, gid, ...identity })
  // It has to be that of whoever starts Exim.
  writeFileSync(
    place('conf'),
    `primary_hostname = smtp.example.net
exim_user = ${uid}
exim_group = ${gid}
never_users =
deliver_drop_privilege = true
spool_directory = ${place('spool')}
log_file_path = ${place('log')}/%slog
pid_file_path = ${place('pid')}
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${port} : ${tlsPort}
tls_on_connect_ports = ${tlsPort}
tls_advertise_hosts = *
tls_certificate = ${place('cert')}
tls_privatekey = ${place('key')}
smtputf8_advertise_hosts = *
dsn_advertise_hosts = *
message_size_limit = ${providerOctetsMax}
check_spool_space = 0
keep_environment =
acl_smtp_mail = mail
acl_smtp_rcpt = rcpt
acl_smtp_data = data
recipients_max = 4
begin acl
mail:
  deny !authenticated = *
       message = 5.7.0 Log in first
  accept
rcpt:
  deny local_parts = gone
       message = 5.1.1 There is no such user
  defer local_parts = slow
       message = 4.2.0 Come back later
  accept
data:
  deny condition = \${if match{$h_subject:}{^refused}}
       message = 5.7.1 It is refused
  accept
begin routers
all:
  driver = accept
  transport = folder
begin transports
folder:
  driver = appendfile
  directory = ${place('mail')}
  maildir_format
  envelope_to_add
  user = ${uid}
  group = ${gid}
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{eq{$auth2}{me}}{eq{$auth3}{secret}}}}
  server_set_id = $auth2
  server_advertise_condition = \${if def:tls_in_cipher}
`,
    { mode: 0o644 },
  )
  const child = spawn('/usr/sbin/exim4', ['-C', place('conf'), '-bdf'], { stdio: ['ignore', 'ignore', 'pipe'] })
  return await runningMta(child, { name: 'Exim', port, tlsPort, own, folder, maildir: place('mail') })
}
