/**
 * Gives back the space of deleted mail. mdbox does so only in a purge, which removes what it counts as held by no folder; a process that was killed
 * in the middle of a COPY or MOVE leaves these counts too low. So they are counted anew first, while no Dovecot is at work that could change
 * folders meanwhile, or be killed before the purge is over (docs/decisions/0033).
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { writeAtomicallySync } from '../src/disk/atomic-write.ts'
import { isThere } from '../src/disk/is-there.ts'
import { linesIn } from '../src/lines.ts'
import type { Logger } from '../src/log.ts'
import { KiB } from '../src/units.ts'
import type { Identity } from './identity.ts'

/** No login's storage is looked at again sooner, however often Dovecot is started. */
const purgeEveryMs = 24 * 3_600_000
/** Nobody can log in meanwhile: after this time no further login is begun, and a purge is broken off, which keeps what it has done. */
const purgeMs = 30_000
/** Counting anew achieves nothing unless it comes to its end. 100,000 messages took 1.5 s. */
const recountMs = 10 * 60_000
/** A purge writes the other messages of a file again. Below this size that costs nothing; above it a tenth must be free. */
const smallOctets = 64 * 1024 * 1024

export interface Storage {
  readonly conf: string
  /** The version of Dovecot: its commands differ. */
  readonly line: string
  readonly mailFolder: string
  /** Dovecot's `instance_name`: the titles of its processes begin with it. */
  readonly instance: string
  readonly identity: Identity
}

export interface SpaceOptions {
  readonly log?: Logger | undefined
  readonly signal?: AbortSignal | undefined
}

/** Purges the storages whose turn it is. What fails is logged, and tried again a day later. */
export async function giveBackSpace(storage: Storage, { log, signal }: SpaceOptions = {}): Promise<void> {
  const fromMs = performance.now()
  const logins = loginsDue(storage)
  if (logins.length === 0) return
  if (isAtWork(storage)) {
    log?.warn({ event: 'store not purged', reason: 'processes of an earlier Dovecot are still at work' })
    return
  }
  let octets = 0
  for (const login of logins) {
    const leftMs = purgeMs - (performance.now() - fromMs)
    if (leftMs <= 0) break
    try {
      octets += await purgeLogin(storage, login, { leftMs, signal })
    } catch (error) {
      signal?.throwIfAborted()
      log?.warn({ event: 'store not purged', login, reason: error instanceof Error ? error.message : String(error) })
    }
  }
  if (octets > 0) log?.info({ event: 'store purged', octets, ms: Math.round(performance.now() - fromMs) })
}

/** Whether a process of this Dovecot is alive, or a doveadm of somebody else. Dovecot's imap processes outlive it while their clients stay connected. */
export function isAtWork({ instance, conf }: Storage): boolean {
  return readdirSync('/proc').some((pid) => {
    if (!/^\d+$/.test(pid)) return false
    try {
      const command = readFileSync(join('/proc', pid, 'cmdline'), 'utf8')
      return command.startsWith(`dovecot-${instance}/`) || command.split('\0').includes(conf)
    } catch {
      return false // It has ended meanwhile.
    }
  })
}

export interface Held {
  /** The octets of all messages, and of those that no folder is counted to hold. */
  readonly octets: number
  readonly freeOctets: number
}

export function isWorthwhile({ octets, freeOctets }: Held): boolean {
  return freeOctets > 0 && (octets <= smallOctets || freeOctets * 10 >= octets)
}

/** The logins that have a storage here, a login's folder being named after it; first the one that has waited for longest. */
function loginsDue({ mailFolder }: Storage): string[] {
  if (!isThere(mailFolder)) return []
  return readdirSync(mailFolder)
    .filter((login) => isThere(join(mailFolder, login, 'mdbox', 'storage', 'dovecot.map.index.log')))
    .map((login) => ({ login, atMs: statSync(markOf(mailFolder, login), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .filter(({ atMs }) => Math.abs(Date.now() - atMs) >= purgeEveryMs)
    .toSorted((one, other) => one.atMs - other.atMs)
    .map(({ login }) => login)
}

/** A file whose time says when this login's storage was last looked at. */
function markOf(mailFolder: string, login: string): string {
  return join(mailFolder, login, 'space-looked-at')
}

interface Turn {
  readonly leftMs: number
  readonly signal: AbortSignal | undefined
}

/** @returns the octets that were given back. */
async function purgeLogin(storage: Storage, login: string, { leftMs, signal }: Turn): Promise<number> {
  const untilMs = performance.now() + leftMs
  writeAtomicallySync(markOf(storage.mailFolder, login), '')
  if (!isWorthwhile(await heldBy(storage, login, signal))) return 0
  const { stderr } = await doveadm(storage, login, ['force-resync', 'INBOX'], { timeout: recountMs, signal })
  // It goes on after a folder that it cannot open, and does not count what that one holds. It also says so when it mends a file that a kill cut
  // short; that file is whole the next day.
  const complaint = stderr.split('\n').find((line) => /\b(?:Error|Fatal|Panic)\b/.test(line))
  if (complaint !== undefined) throw new Error(complaint)
  const before = octetsOnDisk(storage, login)
  // What fits into no more time is given back another day: each file of the storage is purged by itself.
  const timeout = Math.max(1000, Math.round(untilMs - performance.now()))
  await doveadm(storage, login, ['purge'], { timeout, signal })
  return Math.max(0, before - octetsOnDisk(storage, login))
}

function octetsOnDisk({ mailFolder }: Storage, login: string): number {
  const folder = join(mailFolder, login, 'mdbox', 'storage')
  return readdirSync(folder)
    .filter((name) => name.startsWith('m.'))
    .reduce((sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0)
}

interface Bounds {
  readonly timeout: number
  readonly signal: AbortSignal | undefined
}

async function doveadm(storage: Storage, login: string, [name = '', ...words]: readonly string[], bounds: Bounds) {
  const { command, args, env } = call(storage, login, [name, ...withoutLookup(storage), ...words])
  return await promisify(execFile)(command, args, {
    env,
    killSignal: 'SIGKILL',
    timeout: bounds.timeout,
    ...(bounds.signal === undefined ? {} : { signal: bounds.signal }),
  })
}

/** Without -u doveadm asks no running Dovecot who the user is. From 2.4 on that has to be said. */
export function withoutLookup({ line }: Storage): readonly string[] {
  return line === '2.3' ? [] : ['--no-userdb-lookup']
}

function call({ conf, mailFolder, identity }: Storage, login: string, words: readonly string[]) {
  return {
    command: 'setpriv',
    args: ['--pdeathsig', 'KILL', ...identity.setpriv, '--', 'doveadm', '-c', conf, ...words],
    env: { PATH: process.env['PATH'], USER: login, HOME: join(mailFolder, login) },
  }
}

/** Reads from the storage's index what each message takes, and how many folders are counted to hold it. */
async function heldBy(storage: Storage, login: string, signal: AbortSignal | undefined): Promise<Held> {
  const index = join(storage.mailFolder, login, 'mdbox', 'storage', 'dovecot.map.index')
  const { command, args, env } = call(storage, login, ['dump', '-t', 'index', index])
  const dump = spawn(command, args, {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
    killSignal: 'SIGKILL',
    ...(signal === undefined ? {} : { signal }),
  })
  let octets = 0
  let freeOctets = 0
  const tally = async () => {
    let size = 0
    for await (const lines of linesIn(dump.stdout, KiB))
      for (const line of lines) {
        const [, name, value] = /\b(size|ref) +[:=] +(\d+)\b/.exec(line ?? '') ?? []
        if (name === 'size') octets += size = Number(value)
        else if (name === 'ref' && value === '0') freeOctets += size
      }
  }
  const [[code]] = await Promise.all([once(dump, 'exit'), tally()])
  if (code !== 0) throw new Error(`doveadm could not read ${index}`)
  return { octets, freeOctets }
}
