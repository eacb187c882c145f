/** Finds out how a master that may be replaced assures that what it was told outlives that, and refuses one that does not. */
import { Redis } from 'ioredis'
import { SessionFailed } from '../failure/session-failed.ts'
import { redisLimits } from './limits.ts'
import { addressIn, type InfoOf, infoIn, lineFor, settingOf, wrongSettings } from './node-settings.ts'

export type Assurance =
  /** A replica says that its disk has it: WAITAOF, from Redis 7.2 on. */
  | 'synced'
  /** A replica says that it has it: WAIT. It syncs before it answers, as its `appendfsync always` demands. */
  | 'replicated'
  /** A master of a Cluster without any replica: nothing can take its place. */
  | 'alone'

/** No replica is there to confirm anything. This passes, when one comes. */
export class NoReplica extends Error {
  override readonly name = 'NoReplica'

  constructor(master: Redis) {
    super(
      `NOREPLICAS no replica is connected to ${addressIn(master)}, and a write counts only once a replica has it: start one`,
    )
  }
}

/** @throws SessionFailed if the settings of this master, or of a replica of it, would lose what it is told. */
export async function demandAssurance(master: Redis): Promise<Assurance> {
  const { assurance, wrong } = await assuranceOf(master)
  if (wrong.length === 0) return assurance
  throw new SessionFailed({
    kind: 'internal',
    reason: `Redis has another master, which would lose what it is told. ${wrong.join('. ')}`,
    remedy: 'Change that there; no mail is lost, and runs go on by themselves then',
  })
}

/** @throws NoReplica */
export async function assuranceOf(master: Redis): Promise<{ assurance: Assurance; wrong: readonly string[] }> {
  const infoOf = infoIn(await master.info())
  if (infoOf('role') !== 'master') throw new Error('READONLY it is a replica')
  const named = (at: string, lines: readonly string[]) => lines.map((line) => `${at}: ${line}`)
  const wrong = named(addressIn(master), await wrongSettings(master, infoOf))
  const least = await settingOf(master, 'min-replicas-to-write', infoOf)
  if (Number(least) === 0 && (await standsAlone(master, infoOf))) return { assurance: 'alone', wrong }
  const replicas = replicasIn(infoOf)
  // A replica may become the master.
  wrong.push(...named(addressIn(master), wrongLeast(least)))
  if (replicas.length === 0 && wrong.length === 0) throw new NoReplica(master)
  for (const at of replicas) wrong.push(...named(`${at.host}:${at.port}`, await wrongInReplica(master, at)))
  const [major = 0, minor = 0] = (infoOf('redis_version') ?? '').split('.').map(Number)
  return { assurance: major > 7 || (major === 7 && minor >= 2) ? 'synced' : 'replicated', wrong }
}

function wrongLeast(least: string | undefined): string[] {
  if (least === undefined || Number(least) >= 1) return []
  return [`min-replicas-to-write is ${least}: ${lineFor('min-replicas-to-write', '1')}`]
}

/** Whether no replica of this master of a Cluster is known, not even one that is away. */
async function standsAlone(master: Redis, infoOf: InfoOf): Promise<boolean> {
  if (infoOf('cluster_enabled') !== '1') return false
  const id = String(await master.call('CLUSTER', 'MYID'))
  return ((await master.call('CLUSTER', 'REPLICAS', id)) as unknown[]).length === 0
}

interface At {
  readonly host: string
  readonly port: number
}

/** The replicas that are connected, as `slave0:ip=...,port=...,state=online,...` tells them. */
function replicasIn(infoOf: InfoOf): At[] {
  const found: At[] = []
  for (let nth = 0; ; nth += 1) {
    const told = infoOf(`slave${nth}`)
    if (told === undefined) return found
    const of = (name: string) => new RegExp(`(?:^|,)${name}=([^,]*)`).exec(told)?.[1] ?? ''
    if (of('state') === 'online') found.push({ host: of('ip'), port: Number(of('port')) })
  }
}

async function wrongInReplica({ options }: Redis, { host, port }: At): Promise<string[]> {
  const { username, password, tls } = options
  const replica = new Redis({
    host,
    port,
    ...(username == null ? {} : { username }),
    ...(password == null ? {} : { password }),
    ...(tls == null ? {} : { tls }),
    lazyConnect: true,
    connectTimeout: redisLimits.confirmedWithinMs,
    commandTimeout: redisLimits.confirmedWithinMs,
    retryStrategy: () => null,
  })
  replica.on('error', () => {})
  try {
    await replica.connect()
    const infoOf = infoIn(await replica.info())
    const least = await settingOf(replica, 'min-replicas-to-write', infoOf)
    return [...(await wrongSettings(replica, infoOf)), ...wrongLeast(least)]
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return [`this replica cannot be asked for its settings (${reason}): let the gateway connect to it`]
  } finally {
    replica.disconnect()
  }
}
