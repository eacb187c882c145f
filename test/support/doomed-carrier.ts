/** Carries data over in a process of its own that ends itself by SIGKILL at the effect that argv[2] names (test/live/carry-over.test.ts). */
import { Redis } from 'ioredis'
import { carryOver } from '../../src/redis/format/carry-over.ts'
import { type CarrierOptions, renamingSteps } from './carrier.ts'

const { url, moment, nth } = JSON.parse(process.argv[2] ?? '{}') as CarrierOptions

/** Counts the effects: every change in Redis, and the writing of the backup. */
let effects = 0

async function effect<T>(act: () => Promise<T>): Promise<T> {
  effects += 1
  const here = effects === nth
  if (here && moment === 'before') process.kill(process.pid, 'SIGKILL')
  try {
    return await act()
  } finally {
    if (here && moment === 'after') process.kill(process.pid, 'SIGKILL')
  }
}

const reading = new Set(['client', 'info', 'hget', 'hscan', 'scan', 'time', 'zrangebyscore', 'exists', 'ready'])

class DoomedRedis extends Redis {
  override sendCommand(...args: Parameters<Redis['sendCommand']>): unknown {
    const [command] = args
    if (reading.has(command.name)) return super.sendCommand(...args)
    const send = async () => await (super.sendCommand(...args) as Promise<unknown>)
    // The caller gets the promise of the command, which settles by itself.
    void effect(send).catch(() => {})
    return command.promise
  }
}

const redis = new DoomedRedis(url)
await carryOver({
  redis,
  version: '2.0.0',
  steps: renamingSteps,
  backup: async (format) => await effect(async () => await Promise.resolve(`backup of format ${format}`)),
  tell: ({ event }) => process.stdout.write(`${event}\n`),
})
process.stdout.write(`${effects} effects\n`)
redis.disconnect()
