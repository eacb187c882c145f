// Loaded into a worker by bench/large.ts: writes down the longest that its event loop was held up, in milliseconds, once it
// has started up.
import { writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

const startUpMs = 3000
const delay = monitorEventLoopDelay({ resolution: 1 })
setTimeout(() => {
  delay.enable()
  setInterval(() => writeFileSync(process.env.BENCH_HELD_UP_FILE, String(delay.max / 1e6)), 100).unref()
}, startUpMs).unref()
