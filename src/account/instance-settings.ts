/** What an admin sets while it runs; what the environment sets is config.ts. */

export interface InstanceSettings {
  /** Where accounts and destinations of owners may lead. */
  readonly ownerPorts: {
    readonly pop3: readonly number[]
    readonly imap: readonly number[]
    readonly web: readonly number[]
  }
  /** Whether what an admin registers may lead into private networks and to this machine itself. */
  readonly adminMayReachPrivate: boolean
  /** For how long one can see what a run brought; 0: never. */
  readonly arrivedKeptDays: number
  /** Of how many runs of an account the protocol is kept. */
  readonly transcriptsKept: number
}

export const defaultInstanceSettings: InstanceSettings = {
  ownerPorts: { pop3: [110, 995], imap: [143, 993], web: [443] },
  adminMayReachPrivate: true,
  arrivedKeptDays: 30,
  transcriptsKept: 5,
}

/** Of what holds fields of its own, those that are to be changed. */
export type InstanceSettingsPatch = {
  readonly [Name in keyof InstanceSettings]?: InstanceSettings[Name] extends Readonly<Record<string, unknown>>
    ? Partial<InstanceSettings[Name]>
    : InstanceSettings[Name]
}

/** What is not named stays as it was, within a setting too. */
export function merged(before: InstanceSettings, patch: InstanceSettingsPatch): InstanceSettings {
  const was = before as unknown as Readonly<Record<string, unknown>>
  const changed = Object.entries(patch).map(([name, value]) => [
    name,
    isGroup(value) && isGroup(was[name]) ? { ...was[name], ...value } : value,
  ])
  return { ...before, ...(Object.fromEntries(changed) as InstanceSettingsPatch) } as InstanceSettings
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
