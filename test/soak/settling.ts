/** Waits until every account is well again by itself, for so long and no longer. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Gateway } from './gateway.ts'
import type { Gathered } from './verdict.ts'

interface SeenRun {
  readonly state: string
  readonly finishedAt: string | null
  readonly failure: { readonly kind: string; readonly message: string } | null
  readonly notices?: readonly string[]
}

interface SeenAccount {
  readonly id: string
  readonly status: string
  readonly lastRun: SeenRun | null
  readonly lastCheckedAt?: string | null
  readonly nextRunAt: string | null
}

export interface Settled {
  /** The accounts that are not well, or whose mail is not as it should be, with what they say of themselves. */
  readonly wrong: readonly string[]
  /** The names of the accounts that had to be asked for. */
  readonly asked: readonly string[]
  readonly runs: number
  readonly failedRuns: number
}

const askedEveryMs = 4000

/**
 * `look` gives what is wrong with the mail, a sentence each that begins with the name of the account. It is asked whenever every account says that it is well: a provider that gives little at a time needs some more visits.
 */
export async function settle(
  gateway: Gateway,
  accounts: readonly Gathered[],
  { settleSeconds, patienceSeconds }: { readonly settleSeconds: number; readonly patienceSeconds: number },
  { look, note }: { readonly look: () => Promise<readonly string[]>; readonly note: (line: string) => void },
): Promise<Settled> {
  await gateway.ready()
  const [quietMs, beganMs] = [Date.now(), performance.now()]
  const passedMs = () => performance.now() - beganMs
  const asked = new Map<string, number>()
  for (;;) {
    const lookedMs = performance.now()
    const seen = await seenAccounts(gateway)
    const ill = accounts.filter(({ id }) => !isWell(seen.get(id), quietMs))
    note(`${ill.length} are not well: ${ill.map(({ name }) => name).join(' ')}`)
    const owners = ill.length > 0 ? undefined : ownersOf(await look())
    const behind = owners === undefined ? ill : accounts.filter(({ name }) => owners.has(name))
    if (owners?.size === 0 || passedMs() > settleSeconds * 1000) {
      const wrong = behind.map(({ id, name }) => `${name} is ${owners ? 'behind' : 'not well'}: ${told(seen.get(id))}`)
      return { wrong, asked: [...asked.keys()], ...(await runsOf(gateway, accounts)) }
    }
    if (passedMs() > patienceSeconds * 1000) {
      for (const { id, name } of behind) {
        if (performance.now() - (asked.get(name) ?? -Infinity) < askedEveryMs) continue
        asked.set(name, performance.now())
        note(`asked for ${name}: ${told(seen.get(id))}`)
        await gateway.call('POST', `/accounts/${id}/pull`).catch(() => {})
      }
    }
    // A look at all mail of an hour takes some seconds: it is not to be what keeps the gateway busy.
    await delay(Math.max(500, performance.now() - lookedMs))
  }
}

const ownersOf = (sentences: readonly string[]) => new Set(sentences.map((sentence) => sentence.split(' ', 1)[0]))

function isWell(account: SeenAccount | undefined, sinceMs: number): boolean {
  // It is visited every few seconds, so it may be at work again.
  const well = account !== undefined && ['idle', 'waiting', 'running'].includes(account.status)
  if (!well || account.lastRun?.state !== 'done') return false
  return Date.parse(account.lastCheckedAt ?? account.lastRun.finishedAt ?? '') > sinceMs
}

function told(account: SeenAccount | undefined): string {
  if (account === undefined) return 'it is not there'
  const { id, status, lastRun, nextRunAt } = account
  const said = [lastRun?.failure?.message, ...(lastRun?.notices ?? [])].join(' ')
  return `${id} is ${status}; its last run is ${lastRun?.state ?? 'none'}, ended ${lastRun?.finishedAt ?? 'never'}; the next one is at ${nextRunAt ?? 'no time'}. ${said}`
}

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
