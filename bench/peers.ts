/** What people use today, each once over a maildrop that it has not seen before: TLS off, everything kept at the provider. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startChild } from '../deploy/child.ts'
import { handOver, type Identity } from '../deploy/identity.ts'
import type { LmtpStore } from './lmtp.ts'
import { type Usage, watch } from './usage.ts'

export interface Maildrop {
  readonly port: number
  readonly user: string
  readonly password: string
  readonly messages: number
}

export interface Pulled {
  readonly seconds: number
  readonly usage: Usage
}

/** Whoever has not come to an end by then does not work here. */
export const pullWaitMs = 300_000

/** Where a peer works: an empty folder of its own, as whom, and what must be ended should the bench be stopped. */
export interface Desk {
  readonly folder: string
  readonly identity: Identity
  readonly ends: (() => unknown)[]
}

export type Peer = (maildrop: Maildrop, desk: Desk) => Promise<Pulled>

/** Pipelined; synced file by file. */
export const mpop: Peer = async ({ port, user, password, messages }, desk) => {
  const { folder } = desk
  const conf = join(folder, 'mpoprc')
  const lines = [
    'account bench',
    'host 127.0.0.1',
    `port ${port}`,
    `user ${user}`,
    `password ${password}`,
    'auth user',
    'tls off',
    'keep on',
    'pipelining on',
    `uidls_file ${join(folder, 'uidls')}`,
    `delivery maildir ${maildirIn(folder)}`,
    'account default : bench',
  ]
  writeFileSync(conf, `${lines.join('\n')}\n`, { mode: 0o600 })
  return await timed(['mpop', '--quiet', '--file', conf], desk, () => delivered(folder), messages)
}

/**
 * getmail 6.18 forks for every message and only then listens for the child's end: a child that was faster costs a minute of
 * waiting, and the message. Seen once in some hundred messages; such a try says nothing of its speed, and is taken again.
 */
export const getmail: Peer = async (maildrop, desk) => {
  for (let tries = 1; ; tries += 1) {
    const folder = join(desk.folder, String(tries))
    mkdirSync(folder)
    try {
      return await getmailOnce(maildrop, { ...desk, folder })
    } catch (error) {
      if (tries === getmailTriesMax) throw error
    }
  }
}

const getmailTriesMax = 5
/** Less than the minute that it waits for a child which has ended. */
const getmailWaitMs = 45_000

const getmailOnce: Peer = async ({ port, user, password, messages }, desk) => {
  const { folder } = desk
  const lines = [
    '[retriever]',
    'type = SimplePOP3Retriever',
    'server = 127.0.0.1',
    `port = ${port}`,
    `username = ${user}`,
    `password = ${password}`,
    '[destination]',
    'type = Maildir',
    `path = ${maildirIn(folder)}/`,
    '[options]',
    'verbose = 0',
    'delete = false',
  ]
  writeFileSync(join(folder, 'getmailrc'), `${lines.join('\n')}\n`, { mode: 0o600 })
  const command = ['getmail', '--getmaildir', folder, '--rcfile', 'getmailrc', '--quiet']
  return await timed(command, desk, () => delivered(folder), messages, getmailWaitMs)
}

/** Over LMTP. */
export function fetchmailTo(lmtp: LmtpStore): Peer {
  return async ({ port, user, password, messages }, desk) => {
    const { folder } = desk
    const conf = join(folder, 'fetchmailrc')
    const lines = [
      `poll 127.0.0.1 protocol pop3 service ${port}`,
      `user "${user}" there with password "${password}" is "${user}" here`,
      `options keep fetchall sslproto ""`,
      `lmtp smtphost "127.0.0.1/${lmtp.port}" smtpname "${user}@localhost"`,
    ]
    writeFileSync(conf, `${lines.join('\n')}\n`, { mode: 0o600 })
    const own = ['--pidfile', join(folder, 'pid'), '--idfile', join(folder, 'ids')]
    const command = ['fetchmail', '--nodetach', '--silent', '--fetchmailrc', conf, ...own]
    return await timed(command, desk, () => lmtp.messagesOf(user), messages)
  }
}

function maildirIn(folder: string): string {
  const maildir = join(folder, 'Maildir')
  for (const part of ['cur', 'new', 'tmp']) mkdirSync(join(maildir, part), { recursive: true })
  return maildir
}

function delivered(folder: string): number {
  return readdirSync(join(folder, 'Maildir', 'new')).length
}

async function timed(
  command: readonly string[],
  { folder, identity, ends }: Desk,
  count: () => number,
  wanted: number,
  waitMs = pullWaitMs,
): Promise<Pulled> {
  handOver(folder, identity)
  const lines: string[] = []
  const sinceMs = performance.now()
  const child = await startChild({
    name: command[0] ?? '',
    command: 'sh',
    // As many files as a login has, or getmail spends its time closing a million of them. `times`: what the shell, and then
    // what its ended children have used.
    args: ['-c', 'ulimit -n 1024; "$@"; code=$?; times; exit $code', 'sh', ...command],
    env: { ...process.env, HOME: folder },
    identity,
    onLine: (line) => lines.push(line),
  })
  const watched = watch({ peer: child.pid })
  ends.push(() => child.stop(1000))
  const late = setTimeout(() => void child.stop(1000), waitMs)
  const how = await child.exited
  clearTimeout(late)
  const seconds = (performance.now() - sinceMs) / 1000
  const { peer } = watched.stop()
  if (how !== 'exit code 0' || count() !== wanted) {
    throw new Error(`${command[0]}: ${how}, ${count()} of ${wanted} messages.\n${lines.join('\n')}`)
  }
  const cpuSeconds = [...(lines.at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest),
    0,
  )
  return { seconds, usage: { ...peer, cpuSeconds } }
}
