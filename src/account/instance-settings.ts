/** The settings of a whole instance, which an admin changes while it runs. The settings of the environment are in config.ts. */

export interface InstanceSettings {
  /** The ports to which accounts, destinations and webhooks of owners may lead. */
  readonly ownerPorts: {
    readonly pop3: readonly number[]
    readonly imap: readonly number[]
    readonly smtp: readonly number[]
    readonly web: readonly number[]
  }
  /** What an owner may have at once (api/owner-quotas.ts). What exists stays and runs. */
  readonly owners: {
    /** The accounts of a destination. */
    readonly accountsMax: number
    readonly intervalMinSeconds: number
    /** The runs that were asked for and have not ended. */
    readonly runsMax: number
    /** The requests that are answered at once. */
    readonly requestsMax: number
  }
  /** Whether the admin's accounts, destinations and webhooks may lead into private networks, and to this machine itself. */
  readonly adminMayReachPrivate: boolean
  /** The number of days for which people can see which messages a run has stored; 0 for never. */
  readonly arrivedKeptDays: number
  /** The number of transcripts that are kept of an account, those of its last runs. */
  readonly transcriptsKept: number
  /** A message that fails is set aside after three failures at least, over this time (CONTRACT section 6). */
  readonly setAsideAfterSeconds: number
  /** The octets that first imports from a provider's host may bring in an hour, all its accounts together. A host that is not named has no limit. */
  readonly importBytesPerHour: Readonly<Record<string, number>>
}

export const defaultInstanceSettings: InstanceSettings = {
  ownerPorts: { pop3: [110, 995], imap: [143, 993], smtp: [465, 587], web: [443] },
  owners: { accountsMax: 100, intervalMinSeconds: 60, runsMax: 4, requestsMax: 20 },
  adminMayReachPrivate: true,
  arrivedKeptDays: 30,
  transcriptsKept: 5,
  setAsideAfterSeconds: 6 * 3600,
  importBytesPerHour: {},
}

/** The settings that are to be changed. A group may contain only some of its settings. */
export type InstanceSettingsPatch = {
  readonly [Name in keyof Omit<InstanceSettings, 'importBytesPerHour'>]?: InstanceSettings[Name] extends Readonly<
    Record<string, unknown>
  >
    ? Partial<InstanceSettings[Name]>
    : InstanceSettings[Name]
} & {
  /** Null: the host has no limit any more. */
  readonly importBytesPerHour?: Readonly<Record<string, number | null>>
}

/** Applies a change. A setting that is not named does not change, in a group too. */
export function merged(before: InstanceSettings, patch: InstanceSettingsPatch): InstanceSettings {
  const values = before as unknown as Readonly<Record<string, unknown>>
  const changed = Object.entries(patch).map(([name, value]) => [
    name,
    isGroup(value) && isGroup(values[name]) ? withoutNull({ ...values[name], ...value }) : value,
  ])
  return { ...before, ...(Object.fromEntries(changed) as InstanceSettingsPatch) } as InstanceSettings
}

function withoutNull(group: object): object {
  return Object.fromEntries(Object.entries(group).filter(([, value]) => value !== null))
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
