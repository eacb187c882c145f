/** Reads a few accounts of one status, as many as somebody reads at a glance. */
import { get } from '../../client.ts'
import { follow } from '../../live.ts'
import { learn } from '../../roster.ts'
import type { Account, AccountStatus, List, Run } from '../../shapes.ts'

export const shownMax = 6

async function someOf(path: string, statuses: readonly AccountStatus[], signal: AbortSignal) {
  const lists = await Promise.all(
    statuses.map(
      async (status) =>
        await get<List<Account>>(`${path}?status=${encodeURIComponent(status)}&limit=${shownMax}`, signal),
    ),
  )
  return lists.flatMap(({ items }) => items).slice(0, shownMax)
}

export const troubledAt = async (path: string, signal: AbortSignal) =>
  await someOf(path, ['needs attention', 'failing'], signal)

/** The runs that were open when the page was opened; later ones come by events. */
export async function runsAt(path: string, signal: AbortSignal): Promise<void> {
  const found = await someOf(path, ['running', 'waiting'], signal)
  learn(found)
  const open = await Promise.all(
    found.map(async ({ id }) => (await get<List<Run>>(`${path}/${id}/runs?limit=1`, signal)).items[0]),
  )
  for (const run of open) if (run !== undefined) follow(run)
}
