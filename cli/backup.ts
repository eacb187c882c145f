/** `tributary backup` and `restore`: everything except the mail and the secret key, as one file. */
import { createReadStream, statSync } from 'node:fs'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import type { Cli } from './cli.ts'
import { CommandFailed } from './failure.ts'
import { readable, refuseTaken, writeWhole } from './files.ts'
import { bar, Foot } from './progress.ts'
import { example } from './reference.ts'
import { count, moment, octets } from './words.ts'
import type { Restored } from './wire.ts'

/** The API checks a large backup as a whole before it answers, so the wait is long. */
const restoreIdleMs = 660_000

export function addBackup(program: Command, cli: Cli): void {
  const { terminal } = cli

  example(
    program
      .command('backup')
      .description('Write a backup of all but the mail and the secret key: keep that in another place')
      .argument('<file>', 'made with mode 0600; - for stdout')
      .option('--force', 'replace the file that is there')
      .action(async (file: string, { force }: { force?: true }) => {
        if (file === '-') {
          if (terminal.stdout.isTTY)
            throw new CommandFailed('usage', 'A backup is no text for a terminal: name a file.')
          await pipeline(await cli.api.open('GET', '/backup'), terminal.stdout, { end: false })
          return
        }
        refuseTaken(file, force)
        const foot = new Foot(terminal)
        const counted = counting((sum) => foot.draw([octets(sum)]))
        try {
          await writeWhole(file, await cli.api.open('GET', '/backup'), counted.through)
        } finally {
          foot.clear()
        }
        if (terminal.json) terminal.document({ file, octets: counted.sum() })
        else terminal.say(`${file}: ${octets(counted.sum())}`)
      }),
    'tributary backup tributary-$(date +%F).ndjson.gz',
  )

  example(
    program
      .command('restore')
      .description('Restore a backup; needs the secret key that it was made with')
      .argument('<file>', 'what `backup` wrote; - for stdin')
      .option(
        '--replace',
        'remove the accounts and destinations that are there, with their history; a backup of them is made',
      )
      .option('--proven', 'refuse a file of which nothing proves that an instance with this secret key wrote it')
      .option('-y, --yes', 'do not ask')
      .action(async (file: string, { replace, proven, yes }: { replace?: true; proven?: true; yes?: true }) => {
        const size = file === '-' ? undefined : statSync(await readable(file)).size
        if (replace) await cli.sure('Replace the accounts, destinations and history that are there?', yes)
        const foot = new Foot(terminal)
        const send = async (demandProof: true | undefined) => {
          const { through } = counting((sum) =>
            foot.draw([size === undefined ? octets(sum) : bar(sum / Math.max(1, size))]),
          )
          const stream = (file === '-' ? terminal.stdin : createReadStream(file)).pipe(through)
          const query = { replace, proven: demandProof }
          try {
            const sending = { query, stream, type: 'application/gzip', idleMs: restoreIdleMs }
            return await cli.api.ask<Restored>('POST', '/restore', sending)
          } finally {
            foot.clear()
          }
        }
        const restored = await send(proven ?? (file === '-' || yes ? undefined : true)).catch(
          async (error: unknown) => {
            if (proven || !(error instanceof CommandFailed) || error.problem.type !== '/problems/unproven') throw error
            await cli.sure('Nothing proves where this backup is from. Do you know, and shall it be restored?', yes)
            return await send(undefined)
          },
        )
        if (terminal.json) return terminal.document(restored)
        const { accounts, destinations, createdAt, notice, before } = restored
        terminal.say(
          `Restored as of ${moment(createdAt)}: ${count(accounts, 'account')}, ${count(destinations, 'destination')}.`,
        )
        if (notice !== null) terminal.say(notice)
        if (before !== null) terminal.say(`What was there before is in ${before}.`)
      }),
    'tributary restore tributary-2026-11-24.ndjson.gz',
  )
}

/** @param saw is called after each piece with the number of octets that have passed. */
export function counting(saw: (sum: number) => void): { readonly through: Transform; readonly sum: () => number } {
  let sum = 0
  const through = new Transform({
    transform(piece: Buffer, _encoding, done) {
      sum += piece.length
      saw(sum)
      done(null, piece)
    },
  })
  return { through, sum: () => sum }
}
