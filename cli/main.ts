#!/usr/bin/env node
/** The command `tributary`. */
import { run } from './program.ts'

const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    // A second interrupt ends the command at once, because somebody is in a hurry.
    if (interrupted.signal.aborted) process.exit(130)
    interrupted.abort()
  })
// In `tributary account list | head` the reader ends first. That is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

process.exitCode = await run(process.argv.slice(2), process.env, process, interrupted.signal)
