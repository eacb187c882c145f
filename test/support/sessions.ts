/** Finds the processes of a Dovecot that serve a login's IMAP sessions, so that tests can stop and continue them. */
import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { TestDovecot } from './dovecot.ts'

/** Gives the process of each session of the login. */
export function sessionsOf({ places }: TestDovecot, login: string): number[] {
  const args = ['-c', join(places.runFolder, 'dovecot.conf'), 'who', '-1', login]
  // doveadm warns on stderr if nobody is logged in.
  const table = execFileSync('doveadm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  return table.split('\n').flatMap((line) => {
    const [user, protocol, pid] = line.split(/\s+/)
    return user === login && protocol === 'imap' ? [Number(pid)] : []
  })
}

/** Counts the octets that have come for these processes and that they have not read. The answer is 0 while octets are still on their way to them. */
export function unreadBy({ imapPort }: TestDovecot, pids: readonly number[]): number {
  const inodes = new Set(pids.flatMap(socketsOf))
  const port = imapPort.toString(16).toUpperCase().padStart(4, '0')
  let unread = 0
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n').slice(1)) {
    const [, local = '', remote = '', , queues = '', , , , , inode = ''] = line.trim().split(/\s+/)
    const [unsent = 0, waiting = 0] = queues.split(':').map((digits) => Number.parseInt(digits, 16))
    if (remote.endsWith(`:${port}`) && unsent > 0) return 0
    if (local.endsWith(`:${port}`) && inodes.has(inode)) unread += waiting
  }
  return unread
}

function socketsOf(pid: number): string[] {
  return Array.from({ length: 64 }, (_, fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? ''
    } catch {
      return ''
    }
  }).filter((inode) => inode !== '')
}
