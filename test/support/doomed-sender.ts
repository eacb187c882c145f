/**
 * Runs a real worker in a process of its own whose attempts to send stop at the places that its options name: it ends by SIGKILL once all have
 * come to theirs, or goes on when its parent says so.
 */
import type { SendBetween } from '../../workers/outbox-world.ts'
import { quickSending } from './outgoing.ts'
import { givenOptions, startOwnWorker } from './own-worker.ts'
import type { DoomedSenderOptions } from './doomed-senders.ts'

const options = givenOptions() as DoomedSenderOptions
const { places, outbox, goesOn, ca, leaseMs } = options
const toldToGoOn = new Promise<void>((resolve) => process.once('message', () => resolve()))
const awaited = new Set(Object.keys(places))

async function arrive(accountId: string): Promise<void> {
  awaited.delete(accountId)
  if (goesOn) {
    process.send?.('held')
    return await toldToGoOn
  }
  if (awaited.size === 0) process.kill(process.pid, 'SIGKILL')
  await new Promise<never>(() => {})
}

const between: SendBetween = async (accountId, moment, effect) => {
  const place = places[accountId]
  if (place === `${moment} ${effect}`) return await arrive(accountId)
  // The dot goes out in this turn, and its answer takes longer than that.
  if (place === 'after dot' && moment === 'before' && effect === 'dot') setTimeout(() => void arrive(accountId), 500)
}

await startOwnWorker(options, {
  outbox,
  send: { ...quickSending, leaseMs, between, ...(ca === undefined ? {} : { ca }) },
})
process.send?.('started')
