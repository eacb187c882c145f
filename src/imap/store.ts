/** A Store that is made of imapflow: a store of our own, or anybody else's. */
import { pullLimits } from '../pull/limits.ts'
import type { Store } from '../pull/store-ports.ts'
import type { StoreAccess } from './access.ts'
import type { Lanes } from './apart.ts'
import { DirectStore } from './direct.ts'
import { imapLimits } from './limits.ts'
import { StagedStore } from './staging.ts'

/** @param lanes are taken if the store lacks MULTIAPPEND. */
export async function openStore(access: StoreAccess, lanes: Lanes): Promise<Store> {
  const multi = await access.borrow(async (client) => client.capabilities.has('MULTIAPPEND'))
  const { staging } = access
  const apartMax = staging === undefined ? imapLimits.apartMessagesMax : 1
  const batch = { messages: multi ? pullLimits.windowMessagesMax : apartMax, octets: imapLimits.batchOctetsMax }
  if (staging !== undefined) return plain(new StagedStore(access, staging, batch))
  return plain(new DirectStore(multi ? access : { ...access, lanes }, batch))
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
