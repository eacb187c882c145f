/** Stores the applications with which people sign in at their providers; their secrets are sealed like passwords. */
import type { Redis } from 'ioredis'
import type { OAuthApplication, OpenApplication, ServiceAccountKey } from '../oauth/application.ts'
import type { Seal } from '../seal.ts'
import { readable } from '../readable.ts'
import { keys } from './key-names.ts'
import { replaced } from './replaced.ts'

export interface ApplicationRecord {
  readonly application: OAuthApplication
  readonly sealedClientSecret?: string
  /** The key of its service account, as JSON. */
  readonly sealedServiceAccount?: string
}

/** @throws SealBroken */
export function openApplication(
  { application, sealedClientSecret, sealedServiceAccount }: ApplicationRecord,
  seal: Seal,
): OpenApplication {
  const { id } = application
  return {
    application,
    clientSecret: sealedClientSecret === undefined ? null : seal.open(sealedClientSecret, id, 'clientSecret'),
    serviceAccount:
      sealedServiceAccount === undefined
        ? null
        : (JSON.parse(seal.open(sealedServiceAccount, id, 'serviceAccount')) as ServiceAccountKey),
  }
}

export function sealedApplication(
  { application, clientSecret, serviceAccount }: OpenApplication,
  seal: Seal,
): ApplicationRecord {
  const { id } = application
  return {
    application,
    ...(clientSecret === null ? {} : { sealedClientSecret: seal.seal(clientSecret, id, 'clientSecret') }),
    ...(serviceAccount === null
      ? {}
      : { sealedServiceAccount: seal.seal(JSON.stringify(serviceAccount), id, 'serviceAccount') }),
  }
}

/** Undefined for one that cannot be read. */
export function applicationIn(json: string | null | undefined): ApplicationRecord | undefined {
  const record = readable<ApplicationRecord>(json, 'application')
  return Array.isArray(record?.application.addresses) ? record : undefined
}

export class OAuthApplications {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  async create(record: ApplicationRecord): Promise<void> {
    await this.#redis.hset(keys.oauthApplications, record.application.id, JSON.stringify(record))
  }

  async get(id: string): Promise<ApplicationRecord | undefined> {
    return applicationIn(await this.#redis.hget(keys.oauthApplications, id))
  }

  /** Gives all, in the order in which they were made. */
  async all(): Promise<ApplicationRecord[]> {
    const records = (await this.#redis.hvals(keys.oauthApplications)).flatMap((json) => applicationIn(json) ?? [])
    return records.sort((one, other) => (one.application.id < other.application.id ? -1 : 1))
  }

  async update(
    id: string,
    change: (before: ApplicationRecord) => ApplicationRecord,
  ): Promise<ApplicationRecord | undefined> {
    const json = await replaced(this.#redis, { hash: keys.oauthApplications, field: id }, (json) => {
      const before = applicationIn(json)
      return before === undefined ? undefined : JSON.stringify(change(before))
    })
    return json === undefined ? undefined : (JSON.parse(json) as ApplicationRecord)
  }

  async remove(id: string): Promise<boolean> {
    return (await this.#redis.hdel(keys.oauthApplications, id)) === 1
  }
}
