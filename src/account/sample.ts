/** The sample provider, for people who have no account at hand: logins of local mode's own Dovecot, with mail that we have made. */

/** No hosted destination has this name: their names have no plus sign. */
export const sampleLogin = 'sample+provider'

/** Everybody whom the sample account writes to: mail for them comes here. */
export const sampleCorrespondents = 'sample+correspondents'

export const sampleAddress = 'you@example.net'

/** The facts that an account which gathers from it needs. */
export interface SampleProvider {
  readonly host: string
  readonly port: number
  /** Undefined: it takes no mail. */
  readonly smtpPort?: number | undefined
  readonly password: string
}
