/** The sample provider, for people who have no account at hand: a login of local mode's own Dovecot, which holds mail that we have made. */

/** No hosted destination has this name: their names have no plus sign. */
export const sampleLogin = 'sample+provider'

/** The facts that an account which gathers from it needs. */
export interface SampleProvider {
  readonly host: string
  readonly port: number
  readonly password: string
}
