/** The processes of a Dovecot that serve a login's IMAP sessions, stopped and continued from outside. */
import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { TestDovecot } from './dovecot.ts'

/** One process a session. */
export function sessionsOf({ places }: TestDovecot, login: string): number[] {
  const args = ['-c', join(places.runFolder, 'dovecot.conf'), 'who', '-1', login]
  // It warns on stderr that nobody is there.
  const said = execFileSync('doveadm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  return said.split('\n').flatMap((line) => {
    const [user, protocol, pid] = line.split(/\s+/)
    return user === login && protocol === 'imap' ? [Number(pid)] : []
  })
}

/** Octets that have come for one of these processes and that it has not read; all zero where something is still on its way to them. */
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
