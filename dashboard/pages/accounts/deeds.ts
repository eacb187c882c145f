/** Carries out actions on accounts, one or many at once. */
import { signal } from '@preact/signals'
import { call, problemOf } from '../../client.ts'
import { sentenceOf } from '../../components/states.tsx'
import { tell } from '../../components/toast.tsx'
import { forget, learn } from '../../roster.ts'
import type { Account } from '../../shapes.ts'
import { words } from '../../words/index.ts'

export const verbs = {
  checkNow: { scope: 'operate', act: async ({ id }: Account) => await call('POST', `/accounts/${id}/pull`) },
  pause: {
    scope: 'operate',
    act: async ({ id }: Account) => learn([await call<Account>('POST', `/accounts/${id}/pause`)]),
  },
  resume: {
    scope: 'operate',
    act: async ({ id }: Account) => learn([await call<Account>('POST', `/accounts/${id}/resume`)]),
  },
  remove: {
    scope: 'admin',
    act: async ({ id }: Account) => {
      await call('DELETE', `/accounts/${id}`)
      forget(id)
    },
  },
} as const
export type Verb = keyof typeof verbs

export const chosen = signal<ReadonlySet<string>>(new Set())
/** How far an action on many accounts is. */
export const work = signal<{ readonly done: number; readonly of: number } | undefined>(undefined)

/** How many requests are on their way at once. */
const atOnce = 6

export async function doAll(verb: Verb, those: readonly Account[]): Promise<void> {
  const { accounts: say } = words.value
  const did = { checkNow: say.didCheck, pause: say.didPause, resume: say.didResume, remove: say.didRemove }[verb]
  await workThrough(those, verbs[verb].act, did)
}

/** @param body the fields that are to be the same for all of them. */
export async function changeAll(those: readonly Account[], body: object): Promise<void> {
  const change = async ({ id }: Account) => learn([await call<Account>('PATCH', `/accounts/${id}`, body)])
  await workThrough(those, change, words.value.accounts.didChange)
}

/** Works through the accounts, a few at a time. It counts the failures and reports the first one. */
async function workThrough(
  those: readonly Account[],
  act: (account: Account) => Promise<unknown>,
  did: (count: number) => string,
): Promise<void> {
  const { accounts: say } = words.value
  const left = [...those]
  const failed: string[] = []
  let done = 0
  if (those.length > 1) work.value = { done, of: those.length }
  const one = async () => {
    for (let account = left.shift(); account !== undefined; account = left.shift()) {
      try {
        await act(account)
      } catch (error) {
        failed.push(sentenceOf(problemOf(error)))
      }
      done += 1
      if (work.value !== undefined) work.value = { done, of: those.length }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, those.length) }, one))
  work.value = undefined
  if (failed.length === 0) chosen.value = new Set()
  const well = those.length - failed.length
  if (well > 0) tell(did(well))
  if (failed[0] !== undefined) tell(say.didFail(failed.length, failed[0]), 'bad')
}
