/** How a process begins: its main function runs, and what that throws is what people read before the process ends with 1. */
import { ConfigInvalid } from './config.ts'

const endWithinMs = 500

export function runMain(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    // A mistake in the settings is told in its own words: where in the code it was found helps nobody.
    const told = error instanceof Error && !(error instanceof ConfigInvalid) ? error.stack : undefined
    process.stderr.write(`${told ?? (error instanceof Error ? error.message : String(error))}\n`)
    process.exitCode = 1
    // Connections that are being tried for ever would keep the process alive.
    setTimeout(() => process.exit(1), endWithinMs).unref()
  })
}
