/** Holds no more sessions than the system lets this process open sockets for: beyond that, runs would fail of it (EMFILE). */
import { readFileSync } from 'node:fs'
import type { Logger } from '../src/log.ts'
import { workerLimits } from './limits.ts'
import { logFewDescriptors } from './worker-log.ts'

/** Gives the sessions that this process can hold, and says so if they are fewer than wanted. */
export function sessionsWithin(log: Logger, wanted: number, most: number = descriptorsMost()): number {
  const { descriptorsBeside: beside, descriptorsPerSession: each } = workerLimits
  const needed = beside + each * wanted
  if (most >= needed) return wanted
  const sessions = Math.max(1, Math.floor((most - beside) / each))
  logFewDescriptors(log, { most, needed }, sessions)
  return sessions
}

/** The files and sockets that this process may open. Node raises it to the hard limit at its start. */
function descriptorsMost(): number {
  try {
    const [, soft = ''] = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft) || Number.POSITIVE_INFINITY
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
