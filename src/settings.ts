/** What an admin sets while it runs; what the environment sets is config.ts. */

export interface Settings {
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

export const defaultSettings: Settings = {
  ownerPorts: { pop3: [110, 995], imap: [143, 993], web: [443] },
  adminMayReachPrivate: true,
  arrivedKeptDays: 30,
  transcriptsKept: 5,
}
