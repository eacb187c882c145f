/** A Store that is made of imapflow: a store of our own, or anybody else's. */
import { pullLimits } from '../pull/limits.ts'
import type { Store } from '../pull/ports.ts'
import type { StoreAccess } from './access.ts'
import { DirectStore } from './direct.ts'
import { imapLimits } from './limits.ts'
import { StagedStore } from './staging.ts'

export async function openStore(access: StoreAccess): Promise<Store> {
  const multi = await access.borrow(async (client) => client.capabilities.has('MULTIAPPEND'))
  const batch = { messages: multi ? pullLimits.windowMessagesMax : 1, octets: imapLimits.batchOctetsMax }
  return plain(
    access.staging === undefined ? new DirectStore(access, batch) : new StagedStore(access, access.staging, batch),
  )
}

/** Gives the verbs as properties of a plain object, so that code that spreads the store to replace a verb (workers/run.ts) keeps the others. */
function plain(store: Store): Store {
  return {
    batch: store.batch,
    deliveredTogether: store.deliveredTogether,
    takeOver: (intents, isLedgerWhole) => store.takeOver(intents, isLedgerWhole),
    prepare: (folder) => store.prepare(folder),
    append: (folder, copies, flags) => store.append(folder, copies, flags),
    find: (intent) => store.find(intent),
    deliver: (folder, appended) => store.deliver(folder, appended),
    takes: () => store.takes(),
    finish: () => store.finish(),
  }
}
