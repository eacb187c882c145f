/** Watches how long the event loop is held: by the time of the processor, which others on the machine do not lengthen. */

export interface Watch {
  /** The longest time between two turns of the loop, in milliseconds of the processor. */
  stop(): number
}

export function watchLoop(): Watch {
  let longestMs = 0
  let before = process.cpuUsage()
  let beforeMs = performance.now()
  let isOver = false
  const turn = () => {
    const { user, system } = process.cpuUsage(before)
    // Other threads of the process take time of the processor too, but not of the loop.
    longestMs = Math.max(longestMs, Math.min((user + system) / 1000, performance.now() - beforeMs))
    before = process.cpuUsage()
    beforeMs = performance.now()
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  return {
    stop() {
      turn()
      isOver = true
      return longestMs
    },
  }
}
