/** The remedies of a failure of our own, as codes with facts, for clients that have words of their own. They are read from the sentence. Pure. */
export const remedyCodes = [
  'raise maxmemory',
  'make room on the disk of Redis',
  'see what Redis says',
  'see whether Redis runs',
  'wait for Redis',
  'point at the master',
  'put the Redis URL right',
  'change the settings of Redis',
  'set user and password anew',
  'choose the folder anew',
  'change the account',
  'change the destination',
  'look at the application',
  'put the key back',
  'set the secret anew',
  'sign in again',
] as const
export type RemedyCode = (typeof remedyCodes)[number]

const beginnings: Readonly<Record<RemedyCode, RegExp>> = {
  'raise maxmemory': /^Raise its maxmemory\b/,
  'make room on the disk of Redis': /^Make room on it\b/,
  'see what Redis says': /^See what Redis says of it\b/,
  'see whether Redis runs': /^See whether it runs\b/,
  'wait for Redis': /^Wait;/,
  'point at the master': /^Point TRIBUTARY_REDIS_URL at the master\b/,
  'put the Redis URL right': /^Put the URL right\b/,
  'change the settings of Redis': /^Change that there\b/,
  'set user and password anew': /^Set both anew\b/,
  'choose the folder anew': /^Choose the folder anew\b/,
  'change the account': /^Change the account (?<subject>[0-9A-Z]{26})\b/,
  'change the destination': /^Change the destination (?<subject>[0-9A-Z]{26})\b/,
  'look at the application': /^Look at the application (?<subject>[0-9A-Z]{26})\b/,
  'put the key back': /^Put the secret-key (?<subject>\S+) back\b/,
  'set the secret anew': /^Set the \w+ anew\b/,
  'sign in again': /^Sign in again\b/,
}

/** A remedy in English, and what it is. */
export interface RemedyStep {
  readonly code: 'remedy'
  readonly remedy: string
  /** Undefined: of another version. */
  readonly about?: RemedyCode
  /** The id of what is to be changed, or of the key. */
  readonly subject?: string
}

export function remedyStep(remedy: string): RemedyStep {
  for (const about of remedyCodes) {
    const found = beginnings[about].exec(remedy)
    if (found === null) continue
    const subject = found.groups?.['subject']
    return { code: 'remedy', remedy, about, ...(subject === undefined ? {} : { subject }) }
  }
  return { code: 'remedy', remedy }
}
