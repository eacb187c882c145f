/** Step 5: sends a batch to the store, each message below its trace block. */
import { traceBlocks } from '../mail/trace.ts'
import type { Deposit } from './deposit.ts'
import type { Intended } from './intend.ts'
import type { AppendAnswer } from './store-ports.ts'

export async function append(deposit: Deposit, { intent, messages, nowMs }: Intended): Promise<AppendAnswer> {
  const { world, account } = deposit.run
  const traceBlock = traceBlocks(account, world.run, nowMs)
  const copies = messages.map(({ letter: { bytes, internalDate }, entry: { token, uidl, fingerprint } }) => {
    const trace = traceBlock({ token, uidl, fingerprint: fingerprint.hash })
    return { token, literal: [trace, bytes], internalDate }
  })
  const { flags } = deposit.placeOf(messages.map(({ letter }) => letter))
  const answer = await world.store.append(intent.folder, copies, flags)
  if (answer.status === 'stored' && answer.leftOut !== undefined)
    world.notice({ event: 'flags left out', ...answer.leftOut })
  deposit.reachedAfter(intent.folder, answer.status === 'stored' ? answer.appended : undefined)
  return answer
}
