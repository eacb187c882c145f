/** The port of what a first import may bring in an hour. redis/import-octets.ts implements it. */
import type { LimitedBy } from '../account/import-limits.ts'

export interface ImportBudget {
  /**
   * Takes octets out of the budget.
   *
   * @param least fewer are of no use: they are given all the same where nothing was taken for an hour.
   * @returns how many it gives; 0 if there is no room for now.
   */
  take(octets: number, least: number): Promise<number>
  /** Gives back what was taken last and not brought: the session broke, or it was less than one message. */
  giveBack(octets: number): Promise<void>
  /** The octets that it gives in an hour. */
  readonly octetsPerHour: number
  /** Why it gave less than was wanted last; undefined if it gave all. */
  readonly shortage: ImportShortage | undefined
}

/** A budget of a first import that is used up. */
export interface ImportShortage {
  readonly of: LimitedBy
  readonly octetsPerHour: number
  /** When it gives some again. */
  readonly waitSeconds: number
}
