/** `tributary send`: sends a message as an address of a mailbox. */
import { basename } from 'node:path'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import type { Command } from 'commander'
import type { Cli } from './cli.ts'
import { CommandFailed } from './failure.ts'
import { readable } from './files.ts'
import { destinationId } from './find.ts'
import { example, remark } from './reference.ts'
import { notBefore } from './options.ts'
import type { Sending } from './wire.ts'
import { away } from './words.ts'

interface SendOptions {
  readonly from?: string
  readonly to: readonly string[]
  readonly cc: readonly string[]
  readonly bcc: readonly string[]
  readonly subject?: string
  readonly text?: string
  readonly attach: readonly string[]
  readonly at?: string
  readonly key?: string
  readonly watch?: true
}

/** Commas part people, but for those in quotes: "Lovelace, Ada" <ada@example.org>. */
const several = (value: string, before: readonly string[]) => [
  ...before,
  ...(value.match(/(?:"(?:\\.|[^"\\])*"|[^,"])+|"/g) ?? []).map((one) => one.trim()).filter((one) => one !== ''),
]
const askMs = 300

export function addSend(program: Command, cli: Cli): void {
  const { terminal } = cli
  const send = program
    .command('send')
    .description('Send a message as an address of a mailbox')
    .argument('<destination>', 'the mailbox: its login, USER@HOST, or id')
    .argument('[file]', 'a whole message (message/rfc822); left out without --to: standard input')
    .option('--from <address>', 'as which of its addresses; for a message that is made of the options below')
    .option('--to <address>', 'to whom; may be given several times', several, [])
    .option('--cc <address>', 'who gets a copy', several, [])
    .option('--bcc <address>', 'who gets a copy that the others do not see', several, [])
    .option('--subject <text>', 'its subject')
    .option('--text <text>', 'its text; left out: standard input')
    .option(
      '--attach <file>',
      'a file to attach; may be given several times',
      (file: string, before: string[]) => [...before, file],
      [],
    )
    .option('--at <time>', 'not before then, as 2026-11-24T08:30:00Z, or in 30min, 2h or 1d', notBefore)
    .option('--key <text>', 'sent again with the same key within two days, it is the same message')
    .option('-w, --watch', 'until its provider has answered; ends with 4 unless that has taken it')
    .action(async (name: string, file: string | undefined, options: SendOptions) => {
      const path = `/destinations/${await destinationId(cli.api, name)}/messages`
      const headers = options.key === undefined ? {} : { 'idempotency-key': options.key }
      const taken = isMade(options)
        ? await cli.api.ask<Sending>('POST', path, { body: await messageOf(cli, file, options), headers })
        : await cli.api.ask<Sending>('POST', path, {
            query: { sendAt: options.at },
            stream: withLineEnds(file === undefined ? typed(cli) : createReadStream(await readable(file))),
            type: 'message/rfc822',
            headers,
          })
      if (options.watch) return showAnswered(cli, await answered(cli, taken))
      if (terminal.json) return terminal.document(taken)
      const when = taken.state === 'queued' && options.at !== undefined ? ` It goes out ${away(taken.sendAt)}.` : ''
      terminal.print(`${taken.id} is taken for ${taken.recipients.map(({ address }) => address).join(', ')}.${when}`)
      terminal.note(`To see what became of it: tributary outbox show ${taken.id}`)
    })
  remark(
    send,
    'What is given as a whole goes to its To, Cc and Bcc as it is, but for Bcc. `tributary outbox show ID` tells what became of it.',
  )
  example(
    send,
    'tributary send alice message.eml',
    'tributary send alice --from me@example.net --to ada@example.org --subject Tea --text "At four?" --attach cake.jpg',
    'tributary send alice --from me@example.net --to ada@example.org --subject Later --at 2026-11-24T08:30:00Z < text.txt',
  )
}

/** Standard input. Whoever sits before it is told so. */
function typed({ terminal }: Cli): Readable {
  if (terminal.attended) terminal.note('Type it here; Ctrl-D in a line of its own ends it.')
  return terminal.stdin
}

/** Waits until it has ended, or is put off. */
async function answered({ api, interrupted }: Cli, taken: Sending): Promise<Sending> {
  let entry = taken
  while (entry.endedAt === null && entry.state !== 'deferred' && !interrupted.aborted) {
    await setTimeout(askMs, undefined, { signal: interrupted }).catch(() => {})
    entry = await api.get<Sending>(`/outbox/${entry.id}`)
  }
  return entry
}

function showAnswered(cli: Cli, entry: Sending): void {
  const { terminal } = cli
  if (entry.state !== 'accepted') cli.outcome = 'failed'
  if (terminal.json) return terminal.document(entry)
  const { id, state, failure, recipients } = entry
  terminal.say(`${id} is ${state}.${failure === null ? '' : ` ${failure.message}`}`)
  for (const { address, reply } of recipients) terminal.say(`  ${address}${reply === null ? '' : `: ${reply}`}`)
}

/** In a file of this system a line may end in LF alone; in a message it ends in CR LF. */
function withLineEnds(source: Readable): Readable {
  return Readable.from(linesEnded(source as AsyncIterable<Buffer>), { objectMode: false })
}

async function* linesEnded(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let isAfterCr = false
  for await (const piece of source) {
    const text = piece.toString('latin1')
    const ended = text.replace(/(?<!\r)\n/g, (_all, at: number) => (at === 0 && isAfterCr ? '\n' : '\r\n'))
    isAfterCr = text.endsWith('\r')
    yield Buffer.from(ended, 'latin1')
  }
}

function isMade({ from, to, cc, bcc, subject, text: body, attach }: SendOptions): boolean {
  return [from, subject, body].some((one) => one !== undefined) || [to, cc, bcc, attach].some((one) => one.length > 0)
}

async function messageOf(cli: Cli, file: string | undefined, options: SendOptions) {
  const { from, to, cc, bcc, subject, text: given, attach, at } = options
  if (file !== undefined)
    throw new CommandFailed(
      'usage',
      `Is ${file} a whole message, or is one made of the options? Give one or the other.`,
    )
  if (from === undefined) throw new CommandFailed('usage', 'As which address? Name it with --from.')
  if (to.length + cc.length + bcc.length === 0) throw new CommandFailed('usage', 'To whom? Name somebody with --to.')
  const attachments = await Promise.all(
    attach.map(async (path) => ({
      filename: basename(path),
      content: (await readFile(await readable(path))).toString('base64'),
    })),
  )
  return {
    identity: from,
    to,
    cc,
    bcc,
    subject: subject ?? '',
    text: given ?? (await text(typed(cli))),
    attachments,
    ...(at === undefined ? {} : { sendAt: at }),
  }
}
