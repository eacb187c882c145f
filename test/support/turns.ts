/** How many turns the event loop had until the work was done. */
export async function turnsDuring(work: () => Promise<void>): Promise<number> {
  let turns = 0
  let ended = false
  const turn = () => {
    turns += 1
    if (!ended) setImmediate(turn)
  }
  setImmediate(turn)
  await work().finally(() => (ended = true))
  return turns
}
