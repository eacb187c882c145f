/**
 * What a page reads again by itself, because something happened or its time has come: one request a second at most, however much changes.
 * What somebody asks for does not wait here.
 */

/** Makes one request, and tells its failure to nobody but the page. */
type Reading = () => Promise<void>

const everyMs = 1000
/** What happens at once is gathered before the first request. */
const gatheredMs = 200
/** A request that nobody answers keeps the others waiting no longer than this. */
const waitMs = 30_000

/** Each has its turn, in the order in which they were asked for. */
const asked = new Set<Reading>()
let timer: number | undefined
let isReading = false
let lastMs = Number.NEGATIVE_INFINITY

/** @param reading must be the same function each time: asked for again before its turn, it is made once. */
export function readSoon(reading: Reading): void {
  asked.add(reading)
  setTurn()
}

export function readNoMore(reading: Reading): void {
  asked.delete(reading)
}

function setTurn(): void {
  if (isReading || timer !== undefined || asked.size === 0) return
  timer = window.setTimeout(() => void take(), Math.max(gatheredMs, lastMs + everyMs - performance.now()))
}

async function take(): Promise<void> {
  timer = undefined
  const [reading] = asked
  if (reading === undefined) return
  asked.delete(reading)
  lastMs = performance.now()
  isReading = true
  try {
    await Promise.race([reading(), new Promise((resolve) => window.setTimeout(resolve, waitMs))])
  } finally {
    isReading = false
    setTurn()
  }
}
