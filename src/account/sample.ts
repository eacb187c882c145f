/** The sample provider, for people who have no account at hand: a login of local mode's own Dovecot, which holds mail that we have made. */

/** No hosted destination has this name: their names have no plus sign. */
export const sampleLogin = 'sample+provider'

/** The settings of an account that gathers from the sample provider. */
export interface SampleProvider {
  readonly host: string
  readonly port: number
  readonly password: string
}
