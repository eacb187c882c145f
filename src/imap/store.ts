/** imapflow made honest: a Store. The connection that appends never SELECTs: imapflow would run NOOP and SEARCH after each. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Intent } from '../ledger/ledger.ts'
import type { Token } from '../mail/message.ts'
import { imapLimits } from './limits.ts'
import { pullLimits } from '../pull/limits.ts'
import type { Store } from '../pull/ports.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import type { StoreAccess } from './access.ts'
import { multiAppend } from './append.ts'
import { within } from './command.ts'
import { isMissing, preparedFolder } from './folder.ts'
import { search, tokensAnywhere, tokensInFolder } from './search.ts'
import { stagedStore } from './staging.ts'

export async function openStore(access: StoreAccess): Promise<Store> {
  const multi = await access.borrow(async (client) => client.capabilities.has('MULTIAPPEND'))
  const batch = { messages: multi ? pullLimits.windowMessagesMax : 1, octets: imapLimits.batchOctetsMax }
  return access.staging === undefined ? directStore(access, batch) : stagedStore(access, access.staging, batch)
}

/** Somebody else's: appended to the folder itself. */
function directStore(access: StoreAccess, batch: Store['batch']): Store {
  const { signal, mayCommit } = access
  const folderLimits = new Map<string, number>()
  return {
    batch,
    deliveredTogether: 1,

    async takeOver(intents) {
      const tokens = new Set<Token>()
      const look = async (at: readonly Intent[]) => {
        const missing: Intent[] = []
        for (const intent of at) {
          const found = await search(access, (client, wait) => tokensAnywhere(client, wait, intent))
          for (const token of found) tokens.add(token)
          if (found.size < intent.entries.length) missing.push(intent)
        }
        return missing
      }
      const missing = await look(intents)
      if (missing.length > 0) {
        await delay(access.lateMs, undefined, signal === undefined ? {} : { signal })
        await look(missing)
      }
      return { tokens, deliver: async () => {} }
    },

    prepare: (folder) =>
      access.borrow(async (client) => {
        const prepared = preparedFolder(client, folder)
        const { appendLimit, ...position } = await within(
          client,
          imapLimits.storeReplyWaitMs,
          'STATUS',
          prepared,
          signal,
        )
        if (appendLimit !== undefined) folderLimits.set(folder, appendLimit)
        return position
      }),

    append: (folder, copies, flags) =>
      access.borrow(async (client) => {
        const send = async () =>
          await multiAppend(client, folder, copies, flags, signal, {
            folderLimit: folderLimits.get(folder),
            mayCommit,
            answerWaitMs: access.appendWaitMs,
          })
        try {
          return await send()
        } catch (error) {
          // Its user has removed or renamed it since.
          if (!(error instanceof SessionFailed) || !isMissing(error.cause) || !client.usable) throw error
          await within(client, imapLimits.storeReplyWaitMs, 'STATUS', preparedFolder(client, folder), signal)
          return await send()
        }
      }),

    async find(intent) {
      const tokens = await search(access, (client, wait) => tokensInFolder(client, wait, intent))
      return { tokens, appended: { uidValidity: undefined, uids: [] } }
    },

    deliver: async () => undefined,
    finish: async () => {},
  }
}
