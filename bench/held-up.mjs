// Loaded into a worker by bench/large.ts: writes down the longest that its event loop was held up, in milliseconds, once it
// has started up.
import { writeFile } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

const startUpMs = 3000
const delay = monitorEventLoopDelay({ resolution: 1 })
setTimeout(() => {
  delay.enable()
  // Not at once: to write to a disk that the store is syncing may itself take 90 ms.
  const write = () =>
    writeFile(process.env.BENCH_HELD_UP_FILE, String(delay.max / 1e6), () => setTimeout(write, 100).unref())
  write()
}, startUpMs).unref()
