/** `tributary import` and `export`: any number of accounts, one on each line. */
import { createReadStream, statSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import { linesIn } from '../src/lines.ts'
import { counting } from './backup.ts'
import type { Cli } from './cli.ts'
import { CommandFailed, type Problem, sentencesOf } from './failure.ts'
import { destinationId } from './find.ts'
import { readable, refuseTaken, writeWhole } from './files.ts'
import { bar, Foot } from './progress.ts'
import { example } from './reference.ts'
import { count, number, octets } from './words.ts'

/** A line of the answer to `POST /accounts/import`. */
type Line =
  | { readonly line: number; readonly id: string | null; readonly notices?: readonly string[] }
  | { readonly line: number; readonly problem: Problem }

interface ExportOptions {
  output?: string
  force?: true
  destination?: string
  sealed?: true
}

const idleMs = 300_000
/** An answer has up to a few sentences. */
const answerOctetsMax = 1_048_576

async function* answeredLines(answer: AsyncIterable<Buffer>): AsyncGenerator<string> {
  for await (const lines of linesIn(answer, answerOctetsMax))
    for (const line of lines) {
      if (line === undefined)
        throw new CommandFailed('refused', 'The answer has a line that is larger than any that is expected here.')
      yield line
    }
}

export function addImports(program: Command, cli: Cli): void {
  const { terminal } = cli

  example(
    program
      .command('import')
      .description(
        'Register accounts from a file, one JSON object a line; lines that are refused are told, the others hold',
      )
      .argument('<file>', 'newline-delimited JSON, - for stdin')
      .option('--dry-run', 'only say what would become of each line')
      .action(async (file: string, { dryRun }: { dryRun?: true }) => {
        const size = file === '-' ? undefined : statSync(await readable(file)).size
        const foot = new Foot(terminal)
        const { through, sum } = counting(() => {})
        const stream = (file === '-' ? terminal.stdin : createReadStream(file)).pipe(through)
        const beganMs = performance.now()
        let registered = 0
        let refused = 0
        let answered = false
        const draw = () => {
          const done = registered + refused
          const pace = `${number(Math.round((done * 1000) / (performance.now() - beganMs)))}/s`
          foot.draw([
            [...(size === undefined ? [] : [bar(sum() / Math.max(1, size))]), count(done, 'line'), pace].join('  '),
          ])
        }
        const drawing = setInterval(draw, 150)
        try {
          const answer = await cli.api.open('POST', '/accounts/import', {
            query: { dryRun },
            stream,
            type: 'application/x-ndjson',
            idleMs,
          })
          for await (const text of answeredLines(answer)) {
            if (text === '') continue
            if (terminal.json) terminal.print(text)
            const said = JSON.parse(text) as Line
            if ('id' in said) {
              registered += 1
              if (said.notices !== undefined && !terminal.json) {
                foot.clear()
                for (const notice of said.notices) terminal.note(`line ${said.line}: ${notice}`)
              }
            } else {
              refused += 1
              foot.clear()
              if (!terminal.json)
                for (const sentence of sentencesOf(said.problem)) terminal.warn(`line ${said.line}: ${sentence.trim()}`)
            }
          }
          answered = true
        } finally {
          clearInterval(drawing)
          foot.clear()
          // The lines that were registered stay registered, even if the import broke off.
          if (!terminal.json && (answered || registered + refused > 0)) {
            const became = dryRun ? 'could be registered' : 'registered'
            terminal.say(`${count(registered, 'account')} ${became}, ${number(refused)} refused.`)
          }
        }
        if (refused > 0) cli.outcome = 'failed'
      }),
    'tributary import accounts.ndjson',
    'jq -c ".[]" accounts.json | tributary import -',
  )

  example(
    program
      .command('export')
      .description('Write all accounts, one JSON object a line; passwords are left out, or sealed')
      .option('--destination <name>', 'only those that gather into this one')
      .option('--sealed', 'with passwords, sealed: for an instance with the same secret key')
      .option('-o, --output <file>', 'to a file of mode 0600 instead of stdout')
      .option('--force', 'replace the file that is there')
      .action(async ({ output, force, destination, sealed }: ExportOptions) => {
        if (output !== undefined) refuseTaken(output, force)
        const id = destination === undefined ? undefined : await destinationId(cli.api, destination)
        const query = { destinationId: id, secrets: sealed ? 'sealed' : undefined }
        const source = await cli.api.open('GET', '/accounts/export', { query, idleMs })
        if (output === undefined) return await pipeline(source, terminal.stdout, { end: false })
        const { through, sum } = counting(() => {})
        await writeWhole(output, source, through)
        terminal.note(`${output}: ${octets(sum())}`)
      }),
    'tributary export > accounts.ndjson',
    'tributary export --sealed --output sealed.ndjson',
  )
}
