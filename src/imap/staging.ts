/**
 * A store of our own. What a run appends goes into a folder of that run's alone, and is moved to the account's folder once the ledger
 * has it. Whoever takes the account over renames that folder first: Dovecot then refuses an APPEND or a MOVE that is still on its way
 * ("Mailbox was deleted under us"), so nothing an earlier run has sent is stored after one has looked (docs/decisions/0013).
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { ImapFlow } from 'imapflow'
import type { ShortHash, Token } from '../mail/message.ts'
import { imapLimits } from './limits.ts'
import type { Store } from '../pull/ports.ts'
import type { Phase } from '../failure/phase.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import type { Trace } from '../mail/trace.ts'
import type { StoreAccess, Staging } from './access.ts'
import { multiAppend } from './append.ts'
import { atom, codeOf, execute, isRefusal, within } from './command.ts'
import { encodedPathOf, serverOf } from './connection.ts'
import { listed, preparedFolder, stagingRoot, statusOf } from './folder.ts'
import { moved, removed } from './move.ts'
import { allIn, arrivedByFolder, type Placed, search, tokensAnywhere, type Wait } from './search.ts'
import { settled } from './settle.ts'
import { failed } from './trouble.ts'

/** With a hyphen: a dot would part levels in a Dovecot that keeps Maildirs. */
const folderOf = ({ accountId, fence }: Staging) => `${stagingRoot}/${accountId}-${fence}`

export function stagedStore(access: StoreAccess, staging: Staging, batch: Store['batch']): Store {
  const { signal, lateMs } = access
  const own = folderOf(staging)
  let made = false
  const use = <T>(
    during: Phase,
    work: (client: ImapFlow) => Promise<T>,
    waitMs: number = imapLimits.storeReplyWaitMs,
  ) =>
    access.borrow((client) =>
      within(client, waitMs, during, work(client), signal).catch((error: unknown) => {
        throw failed(error, serverOf(client), during)
      }),
    )
  const move = (from: string, uids: readonly number[], to: string) =>
    use('staging move', (client) => moved(client, from, uids, to), access.appendWaitMs)
  const remove = (folder: string) => use('staging removal', (client) => removed(client, folder))

  return {
    batch,
    deliveredTogether: imapLimits.deliveredTogether,

    async takeOver(intents) {
      made = false
      const during = 'staging takeover'
      const dirty = intents.length > 0 || (await use(during, (client) => leftBehind(client, staging))).length > 0
      // An earlier run did not come to its end: perhaps the store did not either.
      if (dirty) await settled(access, staging)
      const left = dirty ? await use(during, (client) => takenOver(client, staging)) : []
      const tokens = new Set<Token>()
      const open = new Set(intents.flatMap(({ entries }) => entries.map(({ token }) => token)))
      let unsure = false
      for (const folder of left) {
        for (const { trace } of await search(access, (client, wait) => wait(allIn(client, folder)))) {
          if (trace !== undefined && open.has(trace.token)) tokens.add(trace.token)
          else unsure = true
        }
      }
      // A ledger that was put back to an earlier time has intents of what was moved long ago.
      for (const intent of intents) {
        if (intent.entries.some(({ token }) => tokens.has(token))) continue
        for (const token of await search(access, (client, wait) => tokensAnywhere(client, wait, intent)))
          tokens.add(token)
      }
      return {
        tokens,
        async deliver(folder, known) {
          // The earlier run's MOVE may be at work inside the server, past the point where it would be refused.
          if (unsure) await delay(lateMs, undefined, signal === undefined ? {} : { signal })
          const held = unsure ? await search(access, heldElsewhere) : new Map<string, number>()
          const missing = new Map<string, number>()
          /** Of the messages like it that the ledger has, one that stands in no folder; each is found once. */
          const isMissed = async (trace: Trace) => {
            const { uidl, fingerprint } = trace
            // By its UIDL too, while the ledger knows it by that: others may share a weak fingerprint, and their records be forgotten.
            const exact = uidl !== undefined && (await known(fingerprint, uidl)) > 0 ? uidl : undefined
            const like = likeness(trace, exact)
            const count = missing.get(like) ?? (await known(fingerprint, exact)) - (held.get(like) ?? 0)
            missing.set(like, count - 1)
            return count > 0
          }
          const staged: { readonly taken: string; readonly message: Placed }[] = []
          for (const taken of left)
            for (const message of await search(access, (client, wait) => wait(allIn(client, taken))))
              staged.push({ taken, message })
          const isNew = ({ message: { trace } }: (typeof staged)[number]) =>
            trace !== undefined && tokens.has(trace.token)
          const due = new Set(staged.filter(isNew))
          if (unsure) for (const { message } of due) if (message.trace) await isMissed(message.trace)
          // What an index did not know when the store was killed may come back with a rebuild of mdbox: a batch that has been sent again
          // since, or one that had been moved and was lost from its folder. So it is not the token that tells.
          for (const one of staged) {
            const { trace } = one.message
            if (trace !== undefined && open.has(trace.token)) continue
            if (trace === undefined || (await isMissed(trace))) due.add(one)
          }
          for (const taken of left) {
            const uids = staged.filter((one) => one.taken === taken && due.has(one)).map(({ message }) => message.uid)
            if (uids.length > 0) {
              await use({ code: 'folder', folder }, (client) => preparedFolder(client, folder))
              await move(taken, uids, folder)
            }
            await remove(taken)
          }
        },
      }
    },

    async prepare(folder) {
      return await use({ code: 'folder', folder }, async (client) => {
        await preparedFolder(client, folder)
        const path = encodedPathOf(client, own)
        // Made once: whoever finds it gone has been superseded.
        if (!made) await created(client, path)
        made = true
        return await statusOf(client, path)
      })
    },

    async append(_folder, copies, flags) {
      const rules = { dovecot: true, answerWaitMs: access.appendWaitMs }
      const answer = await access.borrow((client) => multiAppend(client, own, copies, flags, signal, rules))
      // Without its UIDs nothing could be moved; the next run finds it by its tokens.
      if (answer.status === 'stored' && answer.appended.uids.length !== copies.length)
        throw new SessionFailed({ kind: 'store refused', during: 'APPEND', reply: 'OK without APPENDUID' })
      return answer
    },

    async find(intent) {
      const wanted = new Set(intent.entries.map(({ token }) => token))
      const all = await search(access, (client, wait) => wait(allIn(client, own)))
      const there = all.flatMap(({ uid, trace }) =>
        trace !== undefined && wanted.has(trace.token) ? [{ uid, token: trace.token }] : [],
      )
      const uids = there.map(({ uid }) => uid)
      return { tokens: new Set(there.map(({ token }) => token)), appended: { uidValidity: undefined, uids } }
    },

    deliver: (folder, { uids }) => move(own, uids, folder),

    async finish() {
      if (made) await remove(own)
      made = false
    },
  }
}

/**
 * Of one CREATE in a thousand that come at the same time Dovecot 2.3 says that the folder exists already, when it has just made it. What
 * has held mail is another run's all the same.
 */
async function created(client: ImapFlow, path: string): Promise<void> {
  await execute(client, 'CREATE', [atom(path)]).catch(async (error: unknown) => {
    const there = isRefusal(error) ? await statusOf(client, path).catch(() => undefined) : undefined
    if (there?.uidNext !== 1) throw error
  })
}

/**
 * Folders of earlier runs. A Dovecot that rebuilds an mdbox knows in which folder a message was saved, and not in which namespace: what it
 * brings back into a run's folder lies among its user's folders then.
 */
async function leftBehind(client: ImapFlow, { accountId }: Staging): Promise<string[]> {
  const staged = await listed(client, encodedPathOf(client, `${stagingRoot}/${accountId}-`) + '%')
  return [...staged, ...(await listed(client, encodedPathOf(client, `${accountId}-`) + '%'))]
}

/** Renames what earlier runs have left, those that had taken over from others too, to names that this run alone knows. */
async function takenOver(client: ImapFlow, staging: Staging): Promise<string[]> {
  const left = await leftBehind(client, staging)
  const taken: string[] = []
  let nth = 0
  // In the order of their fences, which is that of the maildrop.
  for (const path of left.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))) {
    for (let renamed = false; !renamed; ) {
      nth += 1
      const folder = `${folderOf(staging)}-${nth}`
      try {
        await execute(client, 'RENAME', [atom(path), atom(encodedPathOf(client, folder))])
        taken.push(folder)
        renamed = true
      } catch (error) {
        // A fence comes a second time where the Redis that counts them has been put back to an earlier time.
        const again = isRefusal(error) && codeOf(error) === 'ALREADYEXISTS' && nth < 2 * left.length
        if (!again) throw error
      }
    }
  }
  return taken
}

/** Messages of one account and one fingerprint; of one UIDL, where that is told. */
function likeness({ source, fingerprint }: Trace, uidl: ShortHash | undefined): string {
  return `${source}.${fingerprint}.${uidl ?? ''}`
}

/** How many messages that we appended stand in folders already, by their likeness. */
async function heldElsewhere(client: ImapFlow, wait: Wait): Promise<Map<string, number>> {
  const held = new Map<string, number>()
  const tokens = new Set<Token>()
  for await (const arrived of arrivedByFolder(client, wait)) {
    for (const { trace } of arrived) {
      // A copy that the user has made is none of ours.
      if (trace === undefined || tokens.has(trace.token)) continue
      tokens.add(trace.token)
      for (const uidl of new Set([trace.uidl, undefined])) {
        const like = likeness(trace, uidl)
        held.set(like, (held.get(like) ?? 0) + 1)
      }
    }
  }
  return held
}
