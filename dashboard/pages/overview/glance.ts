/** Reads a few accounts of one kind, as many as somebody reads at a glance. */
import { get } from '../../client.ts'
import { follow } from '../../live.ts'
import type { Resource } from '../../resource.ts'
import { learn } from '../../roster.ts'
import type { Account, AccountStatus, List, Run } from '../../shapes.ts'

export const shownMax = 6

/** @param wanted as in a query. */
export const someOf = (wanted: string) => `/accounts?${wanted}&limit=${shownMax}`

export const isTrouble = (status: AccountStatus | 'removed') => status === 'failing' || status === 'needs attention'

export function shows({ now: { value: loaded } }: Resource<List<Account>>, id: string): boolean {
  return loaded.state === 'ready' && loaded.value.items.some((account) => account.id === id)
}

/** The runs that were open when the page was opened; later ones come by events. */
export async function runsAt(path: string, signal: AbortSignal): Promise<void> {
  const lists = await Promise.all(
    (['running', 'waiting'] as const).map(
      async (status) => await get<List<Account>>(someOf(`status=${status}`), signal),
    ),
  )
  const found = lists.flatMap(({ items }) => items).slice(0, shownMax)
  learn(found)
  const open = await Promise.all(
    found.map(async ({ id }) => (await get<List<Run>>(`${path}/${id}/runs?limit=1`, signal)).items[0]),
  )
  for (const run of open) if (run !== undefined) follow(run)
}
