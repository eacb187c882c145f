/** Starts a store that takes mail over LMTP, to which fetchmail delivers. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { startReady } from '../deploy/child.ts'
import { handOver, type Identity } from '../deploy/identity.ts'
import { dovecotLine } from '../deploy/server-programs.ts'
import { filled, linesFor, root } from '../deploy/template.ts'
import { freePorts } from '../test/support/ports.ts'

export interface LmtpStore {
  readonly port: number
  messagesOf(user: string): number
  stop(): Promise<void>
}

export async function startLmtp(folder: string, identity: Identity): Promise<LmtpStore> {
  const [port = 0] = await freePorts(1)
  const { user, group, uid, gid } = identity
  const conf = join(folder, 'lmtp.conf')
  const names = { RUN: folder, USER: user, GROUP: group, UID: uid, GID: gid, PORT: port }
  for (const name of ['base', 'state', 'mail']) mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(conf, filled(linesFor(dovecotLine(), readFileSync(join(root, 'bench/lmtp.conf'), 'utf8')), names))
  handOver(folder, identity)
  const child = await startReady(
    { name: 'dovecot', command: '/usr/sbin/dovecot', args: ['-F', '-c', conf], identity, onLine: () => {} },
    { ask: async () => await greets(port), silenceMs: 30_000 },
  )
  return {
    port,
    messagesOf(login) {
      const args = ['-c', conf, 'mailbox', 'status', '-u', login, 'messages', 'INBOX']
      const said = execFileSync('setpriv', [...identity.setpriv, '--', 'doveadm', ...args], { encoding: 'utf8' })
      return Number(/messages=(\d+)/.exec(said)?.[1] ?? 0)
    },
    stop: async () => await child.stop(10_000),
  }
}

async function greets(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.on('error', () => resolve(false))
    socket.on('data', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
