/** Carries the data over to the current format, and makes a backup beforehand. The API does this before anything else. */
import type { Redis } from 'ioredis'
import { writeBackup } from '../src/disk/backups.ts'
import type { Home } from '../src/disk/home.ts'
import { programVersion } from '../src/disk/version.ts'
import type { Logger } from '../src/log.ts'
import { backupLines } from '../src/redis/backup.ts'
import { bringHostsToOneForm } from '../src/redis/account-hosts.ts'
import { carryOver, type CarryOverNews } from '../src/redis/format/carry-over.ts'
import { leaveToOthers, Presence } from '../src/redis/processes.ts'
import { createSeal, type Ring } from '../src/seal.ts'

/** Makes the data ready, and records that this process works with them from then on. @throws FormatRefused */
export async function openData(
  redis: Redis,
  { backups }: Home,
  openRing: () => Promise<Ring>,
  log: Logger,
): Promise<Presence> {
  await carryOver({
    redis,
    version: programVersion(),
    async backup(format) {
      const nowMs = Date.now()
      const seal = createSeal(await openRing())
      return await writeBackup(backups, format, backupLines(redis, seal, nowMs, format), nowMs)
    },
    tell: (news) => log.info(news, carryOverWords(news)),
  })
  return await Presence.begin(redis, 'api', () => leaveToOthers(log))
}

function carryOverWords(news: CarryOverNews): string {
  switch (news.event) {
    case 'data wait':
      return `The data must be carried over to a new format; waiting for ${news.for.join(', ')}`
    case 'data carried over by another process':
      return 'Another process carries the data over, or restores a backup; waiting for it'
    case 'data are carried over':
      return `Carrying the data over from format ${news.from} to format ${news.to}; as they were they lie in ${news.backup}`
    case 'step done':
      return `Carried over to format ${news.format}: ${news.step}`
    case 'data carried over':
      return `The data have format ${news.to} now`
    case 'unfinished restore removed':
      return 'A restore was broken off; what it had put back was removed, restore the backup again'
  }
}

/** Brings the hosts of accounts to their one form, and says which accounts were paused because they turned out to be one. */
export async function bringTogether(redis: Redis, log: Logger): Promise<void> {
  for (const { paused, first } of await bringHostsToOneForm(redis)) {
    const [one, other] = [paused.account, first.account]
    log.warn(
      { event: 'account paused', accountId: one.id, twinOf: other.id },
      `The account of ${one.address} (${one.id}) fetches the same mail as that of ${other.address} (${other.id}), whose host was written in another form; it is paused now, remove one of the two`,
    )
  }
}
