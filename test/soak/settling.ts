/** Waits until every account is well again by itself, for so long and no longer. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Gateway } from './gateway.ts'
import type { Gathered } from './verdict.ts'

interface SeenRun {
  readonly state: string
  readonly finishedAt: string | null
  readonly failure: { readonly kind: string; readonly message: string } | null
}

interface SeenAccount {
  readonly id: string
  readonly status: string
  readonly lastRun: SeenRun | null
  readonly lastCheckedAt?: string | null
  readonly nextRunAt: string | null
}

export interface Settled {
  /** The accounts that are not well, with what they say of themselves. */
  readonly wrong: readonly string[]
  readonly asked: number
  readonly runs: number
  readonly failedRuns: number
}

const askedEveryMs = 4000

/**
 * `complete` is asked whenever every account says that it is well: a provider that gives little at a time needs some more visits.
 */
export async function settle(
  gateway: Gateway,
  accounts: readonly Gathered[],
  { settleSeconds, patienceSeconds }: { readonly settleSeconds: number; readonly patienceSeconds: number },
  { complete, note }: { readonly complete: () => Promise<boolean>; readonly note: (line: string) => void },
): Promise<Settled> {
  await gateway.ready()
  const [quietMs, beganMs] = [Date.now(), performance.now()]
  const passedMs = () => performance.now() - beganMs
  const asked = new Map<string, number>()
  for (;;) {
    const seen = await seenAccounts(gateway)
    const ill = accounts.flatMap(({ id, name }) => {
      const account = seen.get(id)
      return isWell(account, quietMs) ? [] : [{ id, sentence: `${name} is not well: ${told(account)}` }]
    })
    note(`${ill.length} are not well${ill.length > 3 ? '' : `: ${ill.map(({ sentence }) => sentence).join(' ')}`}`)
    if ((ill.length === 0 && (await complete())) || passedMs() > settleSeconds * 1000) {
      return { wrong: ill.map(({ sentence }) => sentence), asked: asked.size, ...(await runsOf(gateway, accounts)) }
    }
    if (passedMs() > patienceSeconds * 1000) {
      for (const { id } of ill) {
        if (performance.now() - (asked.get(id) ?? -Infinity) < askedEveryMs) continue
        asked.set(id, performance.now())
        await gateway.call('POST', `/accounts/${id}/pull`).catch(() => {})
      }
    }
    await delay(500)
  }
}

function isWell(account: SeenAccount | undefined, sinceMs: number): boolean {
  // It is visited every few seconds, so it may be at work again.
  const well = account !== undefined && ['idle', 'waiting', 'running'].includes(account.status)
  if (!well || account.lastRun?.state !== 'done') return false
  return Date.parse(account.lastCheckedAt ?? account.lastRun.finishedAt ?? '') > sinceMs
}

const told = (account: SeenAccount | undefined) => (account === undefined ? 'it is not there' : JSON.stringify(account))

async function seenAccounts(gateway: Gateway): Promise<Map<string, SeenAccount>> {
  try {
    const { items } = await gateway.call('GET', '/accounts?limit=100')
    return new Map((items as readonly SeenAccount[]).map((account) => [account.id, account]))
  } catch {
    return new Map()
  }
}

/** Counts the runs that are still in the history. */
async function runsOf(gateway: Gateway, accounts: readonly Gathered[]) {
  const all = await Promise.all(
    accounts.map(async ({ id }) => (await gateway.call('GET', `/accounts/${id}/runs?limit=500`))['items'] as SeenRun[]),
  )
  const runs = all.flat()
  return { runs: runs.length, failedRuns: runs.filter(({ state }) => state === 'failed').length }
}
