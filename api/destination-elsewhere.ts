/** Whether a destination elsewhere may be where somebody puts it, and its record. */
import type { Redis } from 'ioredis'
import type { Destination } from '../src/account/destination.ts'
import { normalHost } from '../src/account/host.ts'
import { sealedProxy } from '../src/account/proxy.ts'
import type { DestinationRecord } from '../src/redis/destinations.ts'
import type { InstanceSettingsStore } from '../src/redis/instance-settings.ts'
import type { OAuthApplications } from '../src/redis/oauth-applications.ts'
import type { Pauses } from '../src/redis/pauses.ts'
import { fingerprintsOf, shownCertificate } from '../src/redis/shown-certificates.ts'
import type { Seal } from '../src/seal.ts'
import { demandReach, type Guarded, guardedBy } from './http/reach.ts'
import type { Principal } from './http/who.ts'
import { storedForm } from './login-fields.ts'
import type { DestinationPatch, NewDestination } from './schemas/destinations.ts'
import { demandTokensMayGo } from './sign-in-rules.ts'

export interface ElsewhereWorld {
  readonly seal: Seal
  readonly settings: InstanceSettingsStore
  readonly applications: OAuthApplications
}

/** @throws Problem unless it may be there. */
export async function newElsewhere(
  { seal, settings, applications }: ElsewhereWorld,
  { password = '', proxy }: NewDestination,
  destination: Extract<Destination, { kind: 'imap' }>,
  guarded: Guarded,
): Promise<DestinationRecord> {
  const { id } = destination
  await demandReach(settings, guarded, 'imap', destination)
  await demandTokensMayGo(applications, destination, guarded)
  const sealedPassword = seal.seal(password, id, 'password')
  return { destination, passwordHash: null, sealedPassword, ...sealedProxy(seal, id, proxy), ...guarded }
}

/** @throws Problem unless it may be where the change puts it. */
export async function demandPlaces(
  { settings, applications }: ElsewhereWorld,
  principal: Principal,
  { destination, guarded }: DestinationRecord,
  body: DestinationPatch,
): Promise<void> {
  if (destination.kind === 'hosted') return
  const host = normalHost(body.host ?? destination.host) ?? destination.host
  if (body.host !== undefined || body.port !== undefined) {
    const after = { port: destination.port, ...body, host }
    await demandReach(settings, guardedBy(principal, after, { ...destination, guarded }), 'imap', after)
  }
  const { password: _, ...given } = body
  const after = storedForm({ ...destination, ...given, host }, body)
  const byWhom = guardedBy(principal, after, { ...destination, guarded })
  await demandTokensMayGo(applications, after, byWhom)
}

/** The fingerprints that its server has shown to the last test and in what paused it. */
export async function shownByDestination(
  { redis, pauses }: { readonly redis: Redis; readonly pauses: Pauses },
  id: string,
): Promise<string[]> {
  const [tested, [pause]] = await Promise.all([shownCertificate(redis, id), pauses.of([id])])
  return [...(tested === undefined ? [] : [tested]), ...fingerprintsOf(pause?.failure)]
}
