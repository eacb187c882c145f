/** A Dovecot that takes tokens alone: each is shown to the authorization server that gave it (RFC 7662, Dovecot's own passdb oauth2). */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startReady } from '../../deploy/child.ts'
import { childIdentity, handOver } from '../../deploy/identity.ts'
import { imapGreets, pop3Greets } from '../../deploy/probes.ts'
import { dovecotLine } from '../../deploy/server-programs.ts'
import { linesFor } from '../../deploy/template.ts'
import { fillMaildir } from './dovecot.ts'
import { freePorts } from './ports.ts'

export interface TokenDovecot {
  readonly pop3Port: number
  readonly imapPort: number
  readonly lines: readonly string[]
  /** Puts messages into somebody's maildrop. */
  fill(user: string, messages: readonly Buffer[]): void
  stop(): Promise<void>
}

/** @param introspection the URL of the authorization server's endpoint, with the name and password of this Dovecot. */
export async function startTokenDovecot(introspection: string): Promise<TokenDovecot> {
  const folder = mkdtempSync('/tmp/tributary-dovecot-')
  const identity = childIdentity([])
  const [pop3Port = 0, imapPort = 0] = await freePorts(2)
  for (const name of ['base', 'state', 'mail']) mkdirSync(join(folder, name))
  const conf = join(folder, 'dovecot.conf')
  const tokens = join(folder, 'oauth2.conf')
  const answers = [
    'introspection_mode = post',
    'username_attribute = sub',
    'active_attribute = active',
    'active_value = true',
  ]
  const oauth2 = [`introspection_url = ${introspection}`, ...answers]
  writeFileSync(tokens, `${oauth2.join('\n')}\n`)
  const listener = (service: string, port: number) =>
    `service ${service}-login {\n inet_listener ${service} {\n  port = ${port}\n }\n inet_listener ${service}s {\n  port = 0\n }\n chroot =\n}`
  writeFileSync(
    conf,
    linesFor(
      dovecotLine(),
      `{{2.4}} dovecot_config_version = 2.4.0
{{2.4}} dovecot_storage_version = 2.4.0
base_dir = ${folder}/base
state_dir = ${folder}/state
instance_name = tokens
{{2.3}} protocols = imap pop3
{{2.4}} protocols {
{{2.4}}   imap = yes
{{2.4}}   pop3 = yes
{{2.4}} }
listen = 127.0.0.1
log_path = /dev/stderr
ssl = no
default_internal_user = ${identity.user}
default_internal_group = ${identity.group}
default_login_user = ${identity.user}
first_valid_uid = 1
auth_mechanisms = xoauth2 oauthbearer
auth_failure_delay = 0
{{2.3}}
disable_plaintext_auth = no
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = ${tokens}
}
userdb {
  driver = static
  args = uid=${identity.uid} gid=${identity.gid} home=${folder}/mail/%u
}
mail_location = maildir:~/Maildir
{{2.4}}
auth_allow_cleartext = yes
oauth2 {
  ${oauth2.join('\n  ')}
}
passdb oauth2 {
  mechanisms_filter = xoauth2 oauthbearer
}
userdb static {
  fields {
    uid = ${identity.uid}
    gid = ${identity.gid}
    home = ${folder}/mail/%{user}
  }
}
mail_driver = maildir
mail_path = ~/Maildir
{{}}
${listener('pop3', pop3Port)}
${listener('imap', imapPort)}
service anvil {
 chroot =
}
service stats {
 chroot =
}
`,
    ),
  )
  handOver(folder, identity)
  const lines: string[] = []
  const child = await startReady(
    {
      name: 'dovecot',
      command: '/usr/sbin/dovecot',
      args: ['-F', '-c', conf],
      identity,
      onLine: (line) => lines.push(line),
    },
    {
      ask: async () => (await imapGreets(imapPort)) && (await pop3Greets(pop3Port)),
      silenceMs: 30_000,
      fatalLine: /\b(?:Fatal|Panic)\b/,
    },
  )
  return {
    pop3Port,
    imapPort,
    lines,
    fill(user, messages) {
      fillMaildir(join(folder, 'mail', user, 'Maildir'), messages)
      handOver(join(folder, 'mail'), identity)
    },
    async stop() {
      await child.stop(0)
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
