/** Measures work, and how long the event loop is held by it: in time of the processor, which others on the machine do not lengthen. */

export interface Watch {
  /** The longest time between two turns of the loop, in milliseconds of the processor. */
  stop(): number
}

/** Gives how long a work that waits for nothing takes, in milliseconds of the processor. */
export function takenMs(work: () => void): number {
  const [beganMs, before] = [performance.now(), process.cpuUsage()]
  work()
  return taken(before, beganMs)
}

/** Gives how much of the processor this process takes while a work goes on, in milliseconds. */
export async function takenMeanwhileMs(work: () => Promise<void>): Promise<number> {
  const [beganMs, before] = [performance.now(), process.cpuUsage()]
  await work()
  return taken(before, beganMs)
}

/** Other threads of the process take time of the processor too, but not of the loop. */
function taken(before: NodeJS.CpuUsage, beforeMs: number): number {
  const { user, system } = process.cpuUsage(before)
  return Math.min((user + system) / 1000, performance.now() - beforeMs)
}

export function watchLoop(): Watch {
  let longestMs = 0
  let before = process.cpuUsage()
  let beforeMs = performance.now()
  let isOver = false
  const turn = () => {
    longestMs = Math.max(longestMs, taken(before, beforeMs))
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
