/** Finds processes by the process that started them. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Lists every process below that one. */
export function familyOf(pid: number): number[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
  const pairs = rows
    .trim()
    .split('\n')
    .map((row) => row.trim().split(/\s+/).map(Number))
  const children = (of: number): number[] =>
    pairs.filter(([, parent]) => parent === of).flatMap(([child = 0]) => [child, ...children(child)])
  return children(pid)
}

export const alive = (pids: readonly number[]) =>
  pids.filter((pid) => {
    try {
      // A zombie that nobody has reaped does not count as a process.
      return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
    } catch {
      return false
    }
  })

/** Gives the command of a process; empty if there is no such process. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}
