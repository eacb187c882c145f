/** The program that start.mjs starts for `npm start`. */
import { resolve } from 'node:path'
import { createLog } from '../src/log.ts'
import { isNoRoom } from '../src/no-room.ts'
import { interruptsOf } from './interrupts.ts'
import { startLocal } from './local.ts'
import { again, prepareService } from './service.ts'
import { signInLink } from './sign-in-link.ts'
import { welcome } from './terminal.ts'

async function main(): Promise<number> {
  // This comes before anything is started: a signal during the start must not leave children behind.
  const interrupts = interruptsOf(process)
  if (process.getuid?.() === 0) return await again(prepareService(process.env))
  interrupts.kill.addEventListener('abort', () => setImmediate(() => process.exit(1)))
  try {
    const local = await startLocal(process.env, interrupts)
    const { config, home } = local
    const link = process.stdout.isTTY ? await signInLink(config, home) : undefined
    const { facts, lines } = welcome(config, home, link)
    if (process.stdout.isTTY) process.stdout.write(lines)
    // This line is written at any level, because the program that started this one waits for it.
    else createLog('local', 'info').info({ event: 'running', ...facts }, 'Tributary is running.')
    return (await local.ended) === 'gave up' ? 1 : 0
  } catch (error) {
    if (interrupts.stop.aborted) return 0
    const home = resolve(process.env['TRIBUTARY_HOME'] || './data')
    if (isNoRoom(error))
      throw new Error(`There is no room left on the disk of ${home}: make some, and start again`, { cause: error })
    throw error
  }
}

try {
  process.exitCode = await main()
} catch (error) {
  // Sentences are meant for people; for any other error the stack trace helps to find the fault.
  const isSentence = error instanceof Error && (error.constructor === Error || error.name === 'ConfigInvalid')
  process.stderr.write(`${isSentence ? error.message : String(error instanceof Error ? error.stack : error)}\n`)
  process.exitCode = 1
}
