/** `/settings` on the wire. */
import { type Static, type TSchema, Type } from 'typebox'
import type { InstanceSettings } from '../../src/account/instance-settings.ts'
import { like, orNull, port, strict } from './vocabulary.ts'

const ports = Type.Unsafe<readonly number[]>(Type.Array(port(995), { maxItems: 100, ...like([110, 995]) }))
const ownerPorts = Type.Object(
  { pop3: ports, imap: ports, smtp: ports, web: ports },
  { ...strict, description: 'where accounts, destinations and webhooks of owners may lead' },
)
const owners = Type.Object(
  {
    accountsMax: Type.Integer({
      minimum: 0,
      maximum: 1_000_000,
      description: 'accounts of a destination',
      ...like(100),
    }),
    intervalMinSeconds: Type.Integer({
      minimum: 1,
      maximum: 30 * 86_400,
      description: 'the shortest interval that may be set',
      ...like(60),
    }),
    runsMax: Type.Integer({
      minimum: 1,
      maximum: 1000,
      description: 'runs that were asked for and have not ended',
      ...like(4),
    }),
    requestsMax: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      description: 'requests that one process of the API answers at once',
      ...like(20),
    }),
  },
  {
    ...strict,
    description:
      'what tokens and logins that are bound to a destination may add to it at most; what exists stays and runs',
  },
)
const bytesPerHour = Type.Integer({ minimum: 1, maximum: 1_000_000_000_000 })
const settingFields = {
  ownerPorts,
  owners,
  adminMayReachPrivate: Type.Boolean({
    description: 'whether what an admin registers may lead into private networks and to this machine itself',
  }),
  arrivedKeptDays: Type.Integer({
    minimum: 0,
    maximum: 3650,
    description: 'for how long one can see what a run brought; 0: never',
  }),
  transcriptsKept: Type.Integer({
    minimum: 0,
    maximum: 100,
    description: 'of how many runs of an account the protocol is kept',
  }),
  setAsideAfterSeconds: Type.Integer({
    minimum: 0,
    maximum: 30 * 86_400,
    description: 'how long a message must go on failing, three times at least, before it is set aside',
    ...like(21_600),
  }),
  importBytesPerHour: Type.Record(Type.String(), bytesPerHour, {
    description: 'the octets that first imports may bring in an hour from a host, all its accounts together',
    ...like({ 'pop.gmail.com': 20_000_000 }),
  }),
} satisfies Record<keyof InstanceSettings, TSchema>
export const SettingsShape = Type.Object(settingFields, strict)
export type SettingsShape = Static<typeof SettingsShape>

/** As they are stored: a group that was changed before a setting was added to it lacks that one. */
export const settingsStored = {
  ...settingFields,
  ownerPorts: Type.Partial(ownerPorts, strict),
  owners: Type.Partial(owners, strict),
}

export const SettingsPatch = Type.Partial(
  Type.Object({
    ...settingFields,
    ownerPorts: Type.Partial(ownerPorts, strict),
    owners: Type.Partial(owners, strict),
    importBytesPerHour: Type.Record(Type.String({ maxLength: 255 }), orNull(bytesPerHour), {
      maxProperties: 1000,
      description: 'null: the host has no limit any more',
      ...like({ 'pop.gmail.com': 20_000_000 }),
    }),
  }),
  strict,
)
export type SettingsPatch = Static<typeof SettingsPatch>
