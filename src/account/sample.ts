/** A provider for whoever has no account at hand: a login of local mode's own Dovecot that holds mail of our own making. */

/** No hosted destination is called that: their names have no plus sign. */
export const sampleLogin = 'sample+provider'

/** Where it is, for an account that gathers from it. */
export interface SampleProvider {
  readonly host: string
  readonly port: number
  readonly password: string
}
