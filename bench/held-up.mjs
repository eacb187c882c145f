// Loaded into a worker by bench/large.ts: writes down the longest that its event loop was held up, in milliseconds, once it
// has started up. What it waited for a core meanwhile, which Redis, two Dovecots or a neighbour had, is no doing of its own.
import { openSync, readSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'

const startUpMs = 3000
const file = process.env.BENCH_HELD_UP_FILE
// Of the thread whose event loop it is; proc_pid_schedstat: nanoseconds on a core, nanoseconds waiting for one, times on one.
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

// Not at once: to write to a disk that the store is syncing may itself take 90 ms. Whole or not at all: somebody reads it meanwhile.
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
