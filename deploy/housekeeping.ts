/** Purges the hosted store once a day: mdbox gives back the space of expunged messages only when it is asked to. */
import type { Logger } from '../src/log.ts'
import { type DovecotPlaces, purge } from './dovecot.ts'
import type { Identity } from './identity.ts'

const purgeFirstMs = 10 * 60_000
const purgeEveryMs = 24 * 3_600_000

export function keepHouse(places: DovecotPlaces, identity: Identity, log: Logger): { stop(): void } {
  let timer: NodeJS.Timeout
  const turn = async () => {
    const fromMs = performance.now()
    try {
      await purge(places, identity)
      log.info({ event: 'store purged', ms: Math.round(performance.now() - fromMs) })
    } catch (error) {
      log.warn({ event: 'store not purged', reason: error instanceof Error ? error.message : String(error) })
    }
    timer = setTimeout(() => void turn(), purgeEveryMs)
  }
  timer = setTimeout(() => void turn(), purgeFirstMs)
  return { stop: () => clearTimeout(timer) }
}
