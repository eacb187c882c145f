/** Begins a process: its main function runs, and if it throws, people read the error before the process ends with 1. */
import { ConfigInvalid } from './config.ts'

const endWithinMs = 500

export function runMain(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    // A mistake in the settings is reported without a stack: the place in the code helps nobody.
    const told = error instanceof Error && !(error instanceof ConfigInvalid) ? error.stack : undefined
    process.stderr.write(`${told ?? (error instanceof Error ? error.message : String(error))}\n`)
    process.exitCode = 1
    // Connections that are tried for ever would keep the process alive.
    setTimeout(() => process.exit(1), endWithinMs).unref()
  })
}
