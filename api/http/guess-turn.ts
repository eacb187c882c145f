import { Problem } from './problems.ts'

/**
 * @param waitMs until a password may be guessed again.
 * @param besides what goes on meanwhile.
 * @throws Problem if there is a time to wait.
 */
export function demandTurn(waitMs: number, besides = ''): void {
  const seconds = Math.ceil(waitMs / 1000)
  if (seconds > 0)
    throw new Problem(
      'too-many-requests',
      `Too many attempts have failed; try again in ${seconds} s.${besides}`,
      [],
      seconds,
    )
}
