// bench/large.ts loads this into a worker. It writes down the longest time for which the event loop was held up, in milliseconds, after
// the start. The time for which the thread waited for a core, because Redis, two Dovecots or a neighbour had it, does not count.
import { openSync, readSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'

const startUpMs = 3000
const file = process.env.BENCH_HELD_UP_FILE
// These counters belong to the thread of the event loop. proc_pid_schedstat: nanoseconds on a core, nanoseconds waiting for one, times on one.
const schedstat = openSync('/proc/thread-self/schedstat')
const read = Buffer.alloc(100)

function waitedMs() {
  const length = readSync(schedstat, read, 0, read.length, 0)
  return Number(read.toString('latin1', 0, length).split(' ')[1]) / 1e6
}

let longestMs = 0
let lastMs = 0
let lastWaitedMs = 0

function turn() {
  const nowMs = performance.now()
  const nowWaitedMs = waitedMs()
  longestMs = Math.max(longestMs, nowMs - lastMs - (nowWaitedMs - lastWaitedMs))
  lastMs = nowMs
  lastWaitedMs = nowWaitedMs
  setTimeout(turn, 1).unref()
}

// It does not write at once, because a write to a disk that the store is syncing may itself take 90 ms. It renames a whole file into place, because somebody reads it meanwhile.
async function write() {
  await writeFile(`${file}.new`, String(longestMs))
  await rename(`${file}.new`, file)
  setTimeout(write, 100).unref()
}

setTimeout(() => {
  lastMs = performance.now()
  lastWaitedMs = waitedMs()
  turn()
  void write()
}, startUpMs).unref()
