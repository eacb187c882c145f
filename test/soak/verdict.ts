/** Compares what was sent with what is stored and with what is left at the providers. */
import { withoutTrace } from '../support/reader.ts'
import { isPoison, type Letter, tokenOf } from './letters.ts'
import type { Provider } from './providers.ts'
import type { DestinationStore } from './stores.ts'

/** An account of the soak with all that was ever sent to it. */
export interface Gathered {
  readonly id: string
  readonly name: string
  readonly provider: Provider
  readonly store: DestinationStore
  readonly folder: string
  readonly retention: 'keep' | 'delete'
  readonly sent: Letter[]
}

export interface Verdict {
  readonly stored: number
  /** Everything that is wrong, a sentence each. */
  readonly wrong: readonly string[]
}

/** Looks at everything, once nothing is under way any more. */
export async function judge(accounts: readonly Gathered[], stores: readonly DestinationStore[]): Promise<Verdict> {
  const wrong: string[] = []
  const kept = new Map<string, { readonly folder: string; readonly source: string }[]>()
  let stored = 0
  for (const store of stores) {
    for (const { folder, bytes } of await store.kept()) {
      stored += 1
      const token = tokenOf(bytes)
      // A message of our own, by which a store was asked whether it takes any: its answer was lost, so it was not taken away.
      if (folder === 'tributary-probe') continue
      if (!bytes.includes('X-Tributary-Id: ')) {
        wrong.push(`${store.what}, ${folder}: ${bytes.length} octets without our line, of ${token ?? 'nobody'}`)
        continue
      }
      const source = withoutTrace(bytes).source.toString('latin1')
      if (token === undefined) wrong.push(`${store.what}, ${folder}: a message that nobody has sent`)
      else kept.set(token, [...(kept.get(token) ?? []), { folder, source }])
    }
  }
  for (const account of accounts) wrong.push(...judgeAccount(account, kept))
  return { stored, wrong }
}

function* judgeAccount(account: Gathered, kept: ReadonlyMap<string, readonly { folder: string; source: string }[]>) {
  const { name, provider, store, retention, sent } = account
  const where = `${name} (${provider.what} -> ${store.what}, ${retention})`
  const left = new Map<string, number>()
  for (const bytes of provider.left()) {
    const token = tokenOf(bytes) ?? ''
    left.set(token, (left.get(token) ?? 0) + 1)
  }
  const times = new Map<string, number>()
  for (const { token } of sent) times.set(token, (times.get(token) ?? 0) + 1)
  for (const [token, wanted] of times) {
    const copies = kept.get(token) ?? []
    const here = left.get(token) ?? 0
    if (isPoison(token)) {
      if (copies.length > 0) yield `${where}: ${token} is stored, though its store refuses it`
      if (here !== wanted) yield `${where}: ${token} is LOST: its store refuses it, and it is gone at the provider`
      continue
    }
    const bytes = sent.find((letter) => letter.token === token)?.bytes.toString('latin1')
    if (copies.length + here < wanted) yield `${where}: ${token} is LOST: neither stored nor at the provider`
    else if (copies.length < wanted) yield `${where}: ${token} is not stored, and still at the provider`
    if (copies.length > wanted) yield `${where}: ${token} is stored ${copies.length} times for ${wanted}`
    if (copies.some(({ source }) => source !== bytes)) yield `${where}: ${token} is stored with other bytes`
    const strange = copies.find(({ folder }) => folder !== account.folder)
    if (strange !== undefined) yield `${where}: ${token} is stored in ${strange.folder}`
    if (retention === 'keep' && here !== wanted) yield `${where}: ${token} was to be kept, and is gone at the provider`
    if (retention === 'delete' && provider.deletes && here > 0) yield `${where}: ${token} is still at the provider`
  }
}
