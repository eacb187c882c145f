/** Runs the programs that people use today, each once over a maildrop that it has not seen before; all mail stays at the provider. */
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
  /** TLS from the first octet, with a certificate that nobody knows: it is not checked. */
  readonly tls?: boolean
}

export interface Pulled {
  readonly seconds: number
  readonly usage: Usage
}

/** A peer that has not ended after this time does not work here. */
export const pullWaitMs = 300_000

/** The place where a peer works: an empty folder of its own, the user as which it runs, and the processes to end if the bench is stopped. */
export interface Desk {
  readonly folder: string
  readonly identity: Identity
  readonly ends: (() => unknown)[]
}

export type Peer = (maildrop: Maildrop, desk: Desk) => Promise<Pulled>

/** mpop sends its commands in a pipeline, and syncs file by file. */
export const mpop: Peer = async ({ port, user, password, messages, tls = false }, desk) => {
  const { folder } = desk
  const conf = join(folder, 'mpoprc')
  const lines = [
    'account bench',
    'host 127.0.0.1',
    `port ${port}`,
    `user ${user}`,
    `password ${password}`,
    'auth user',
    ...(tls ? ['tls on', 'tls_starttls off', 'tls_certcheck off'] : ['tls off']),
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
 * getmail 6.18 forks for every message, and only then listens for the child's end: if the child was faster, that costs a minute of
 * waiting, and the message. It happens once in some hundred messages; such a try says nothing about the speed, and is repeated.
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
/** This is less than the minute for which getmail waits for a child that has ended. */
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

/** fetchmail delivers over LMTP. */
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
    // A login usually may have this many files open; with more, getmail spends its time closing a million of them. `times` prints what the shell
    // and then its ended children have used.
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
