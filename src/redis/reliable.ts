/** Checks that Redis does not lose what it is told: each master, when a process starts. */
import type { Redis } from 'ioredis'
import { ConfigInvalid } from '../config.ts'
import { assuranceOf, NoReplica } from './assurance.ts'
import { addressIn, infoIn, wrongSettings } from './node-settings.ts'
import { clusterOf, failsOver, mastersOf, clusterTrouble } from './nodes.ts'

/**
 * Resolves if this Redis answers, and keeps what it is told. A worker waits here for a Redis that is away.
 *
 * @throws ConfigInvalid that says what must be changed. It shows the address, but no password.
 */
export async function demandReliable(redis: Redis): Promise<void> {
  let reason: string | undefined
  const onError = (error: Error & { readonly lastNodeError?: Error }) => {
    reason = error.lastNodeError?.message ?? error.message
  }
  redis.on('error', onError)
  try {
    await untilKnown(redis)
    const masters = await mastersOf(redis)
    const wrong = (await Promise.all(masters.map(failsOver(redis) ? wrongInMaster : wrongInOne))).flat()
    if (wrong.length > 0) throw new ConfigInvalid(`This Redis would lose what it is told:\n${wrong.join('\n')}`)
  } catch (error) {
    if (error instanceof ConfigInvalid) throw error
    // While a connection is tried again, the command's own error tells only how often.
    const cluster = clusterOf(redis)
    const words =
      (cluster && (await clusterTrouble(cluster))) ?? reason ?? (error instanceof Error ? error.message : String(error))
    throw new ConfigInvalid(
      `No Redis can be used at ${placeOf(redis)} (${words}). Start it, or correct TRIBUTARY_REDIS_URL and TRIBUTARY_REDIS_PASSWORD.`,
      { cause: error },
    )
  } finally {
    redis.off('error', onError)
  }
}

async function wrongInOne(redis: Redis): Promise<readonly string[]> {
  return await wrongSettings(redis, infoIn(await redis.info()))
}

async function wrongInMaster(master: Redis): Promise<readonly string[]> {
  try {
    return (await assuranceOf(master)).wrong
  } catch (error) {
    if (error instanceof NoReplica) return [error.message.replace('NOREPLICAS ', '')]
    throw error
  }
}

/** Waits until the nodes of a Cluster are known, if its connection fails fast: it refuses every command before. */
async function untilKnown(redis: Redis): Promise<void> {
  const cluster = clusterOf(redis)
  if (cluster === undefined || cluster.options.enableOfflineQueue !== false || cluster.status === 'ready') return
  await new Promise<void>((resolve, reject) => {
    cluster.once('ready', resolve)
    cluster.once('close', () => reject(new Error('none of its nodes answers')))
  })
}

function placeOf(redis: Redis): string {
  const cluster = clusterOf(redis)
  if (cluster !== undefined) return 'any node of the Cluster'
  const { sentinels, name } = redis.options
  if (sentinels == null) return addressIn(redis)
  return `the Sentinels ${sentinels.map(({ host, port }) => `${host}:${port}`).join(', ')}, as the master ${name}`
}
