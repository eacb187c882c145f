/** What was started is ended in reverse order, whatever fails meanwhile: nothing is left behind. */

export type Ends = (() => unknown)[]

/** @throws the first error, once all have been ended. */
export async function endAll(ends: Ends): Promise<void> {
  const errors: unknown[] = []
  for (let end = ends.pop(); end !== undefined; end = ends.pop()) {
    try {
      await end()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw errors[0]
}
