/** Removes a destination and, if the request asks for it, the mail of its login. */
import { randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { AccountId } from '../src/mail/message.ts'
import type { DestinationRecord, Destinations } from '../src/redis/destinations.ts'
import { exclusively } from '../src/redis/exclusively.ts'
import { keys } from '../src/redis/key-names.ts'
import { Sendings } from '../src/redis/outbox.ts'
import type { Webhooks } from '../src/redis/webhooks.ts'
import type { HostedLogins } from './hosted-logins.ts'
import { passwordHash } from './http/passwords.ts'
import { conflict, Problem, unknown } from './http/problems.ts'
import { apiLimits } from './limits.ts'

export interface RemovalWorld {
  readonly redis: Redis
  readonly destinations: Destinations
  readonly hosted: HostedLogins
  readonly webhooks: Webhooks
}

export interface Removal {
  readonly purge: boolean
  /** Is given the current record, and may throw. */
  readonly allow: (before: DestinationRecord) => void
}

/**
 * The order of effects of a purge: the intent is written and the login closed, the store is emptied, the login is set free. If a purge
 * breaks off in between (the store is away, or the process is killed), the next request to remove the same destination finishes it,
 * in whatever process. Until then nobody is given that login, and so nobody reads mail that was to be removed.
 *
 * @throws Problem
 */
export async function removeDestination(world: RemovalWorld, id: string, { purge, allow }: Removal): Promise<void> {
  const { destinations, hosted, webhooks } = world
  // A purge that was begun goes on, whatever this request says about the mail, because half of the mail may be gone.
  if ((await destinations.loginUnderPurge(id)) !== undefined) return await finishPurge(world, id)
  const closedBy = purge ? { purgeUnder: await passwordHash(randomBytes(32).toString('base64')) } : {}
  const removed = await destinations.remove(id, { allow, ...closedBy })
  if (removed === 'unknown') {
    // Another process may have begun a purge of it at this moment.
    if ((await destinations.loginUnderPurge(id)) === undefined) throw unknown('destination', id)
    return await finishPurge(world, id)
  }
  if (removed === 'in use')
    throw new Problem(
      'in-use',
      `Accounts still gather into the destination ${id}; remove them or give them another one first.`,
    )
  if (removed === 'sending') throw stillSends(`The destination ${id}`)
  if (removed === 'unreadable' && purge)
    throw conflict(
      `The record of the destination ${id} cannot be read, so nobody knows where its mail is; remove it without purge.`,
    )
  await webhooks.removeOf(id)
  await new Sendings(world.redis).forgetOf(id)
  if (removed === 'unreadable') return await hosted.withdraw()
  if (removed.destination.kind !== 'hosted') return
  if (purge) await finishPurge(world, id)
  else await hosted.withdraw()
}

/** Only one process may do this at a time: otherwise one could set the login free, and it could be given away, while another still empties it. */
async function finishPurge({ redis, destinations, hosted, webhooks }: RemovalWorld, id: string): Promise<void> {
  const patience = { waitMs: apiLimits.purgeWaitMs, pollMs: apiLimits.leasePollMs, late: () => purgeUnderWay(id) }
  // Ids are never given twice, so the lease of an account can be used for a destination too.
  await exclusively(redis, id as AccountId, patience, async () => {
    const login = await destinations.loginUnderPurge(id)
    if (login === undefined) return
    await webhooks.removeOf(id)
    await hosted.withdraw()
    await hosted.empty(login)
    await hosted.removeFiles(login)
    await destinations.endPurge(id, login)
    await hosted.write()
    await redis.del(keys.fence(id))
  })
}

/** @param what is to be removed: `The account 01J...`. */
export function stillSends(what: string): Problem {
  return new Problem(
    'in-use',
    `${what} has messages that are still to be sent; wait until they have gone, or cancel them in its outbox, and remove it then.`,
  )
}

function purgeUnderWay(id: string): Problem {
  return conflict(`The mail of the destination ${id} is being removed just now; send the request again in a while.`)
}

/** Explains why a login cannot be given to a new destination. */
export async function loginTaken(destinations: Destinations, login: string): Promise<Problem> {
  const id = await destinations.idOfLogin(login)
  const isUnderPurge = id !== undefined && (await destinations.loginUnderPurge(id)) !== undefined
  const detail = isUnderPurge
    ? `The login ${login} is free when its mail has been removed; send DELETE /api/v1/destinations/${id}?purge=true again for that, or choose another.`
    : `The login ${login} is taken; choose another.`
  return new Problem('taken', detail, [{ pointer: '/login', detail: 'is taken', rule: 'taken' }])
}
