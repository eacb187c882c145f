/** `tributary send` and `tributary outbox`: sends a message as an address of a mailbox, and tells what became of it. */
import { basename } from 'node:path'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { type Command, Option } from 'commander'
import type { Cli } from './cli.ts'
import { CommandFailed } from './failure.ts'
import { readable } from './files.ts'
import { destinationId } from './find.ts'
import { type ListOptions, list, withPages } from './lists.ts'
import { example, remark } from './reference.ts'
import { type Column, cut } from './table.ts'
import type { Sending } from './wire.ts'
import { away, moment, octets } from './words.ts'

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
}

const several = (value: string, before: readonly string[]) => [...before, ...value.split(',')]
const states = ['queued', 'sending', 'accepted', 'deferred', 'rejected', 'unknown', 'cancelled']

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
    .option('--at <time>', 'not before that time, as 2026-11-24T08:30:00Z')
    .option('--key <text>', 'sent again with the same key within two days, it is the same message')
    .action(async (name: string, file: string | undefined, options: SendOptions) => {
      const path = `/destinations/${await destinationId(cli.api, name)}/messages`
      const headers = options.key === undefined ? {} : { 'idempotency-key': options.key }
      const taken = isMade(options)
        ? await cli.api.ask<Sending>('POST', path, { body: await messageOf(cli, file, options), headers })
        : await cli.api.ask<Sending>('POST', path, {
            query: { sendAt: options.at },
            stream: withLineEnds(file === undefined ? terminal.stdin : createReadStream(await readable(file))),
            type: 'message/rfc822',
            headers,
          })
      if (terminal.json) return terminal.document(taken)
      const when = taken.state === 'queued' && options.at !== undefined ? ` It goes out ${away(taken.sendAt)}.` : ''
      terminal.print(`${taken.id} is taken for ${taken.recipients.map(({ address }) => address).join(', ')}.${when}`)
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

async function messageOf({ terminal }: Cli, file: string | undefined, options: SendOptions) {
  const { from, to, cc, bcc, subject, text: given, attach, at } = options
  if (file !== undefined)
    throw new CommandFailed(
      'usage',
      `Is ${file} a whole message, or is one made of the options? Give one or the other.`,
    )
  if (from === undefined) throw new CommandFailed('usage', 'As which address? Name it with --from.')
  if (to.length + cc.length + bcc.length === 0) throw new CommandFailed('usage', 'To whom? Name somebody with --to.')
  const people = (addresses: readonly string[]) => addresses.map((address) => ({ address: address.trim() }))
  const attachments = await Promise.all(
    attach.map(async (path) => ({
      filename: basename(path),
      content: (await readFile(await readable(path))).toString('base64'),
    })),
  )
  return {
    identity: from,
    to: people(to),
    cc: people(cc),
    bcc: people(bcc),
    subject: subject ?? '',
    text: given ?? (await text(terminal.stdin)),
    attachments,
    ...(at === undefined ? {} : { sendAt: at }),
  }
}

const columns: readonly Column<Sending>[] = [
  { title: 'id', of: ({ id }) => id },
  { title: 'taken', of: ({ createdAt }) => away(createdAt) },
  { title: 'state', of: ({ state }) => state },
  { title: 'again', of: ({ nextAttemptAt }) => (nextAttemptAt === null ? '' : away(nextAttemptAt)) },
  { title: 'size', of: ({ octets: size }) => octets(size), right: true },
  { title: 'from', of: ({ identity }) => cut(identity, 24) },
  { title: 'to', of: ({ recipients }) => cut(recipients.map(({ address }) => address).join(', '), 32) },
  { title: 'subject', of: ({ subject }) => subject },
]

export function addOutbox(program: Command, cli: Cli): void {
  const { terminal } = cli
  const outbox = program
    .command('outbox')
    .description('The outbox: what a mailbox sends, and has sent in the last 30 days')
  const show = (entry: Sending) => {
    if (terminal.json) return terminal.document(entry)
    const { failure, copy, recipients } = entry
    terminal.fields(
      ['id', entry.id],
      ['state', entry.state],
      ['from', entry.identity],
      ['subject', entry.subject],
      ['size', octets(entry.octets)],
      ['taken', moment(entry.createdAt)],
      ['tried', entry.attempts],
      ['tried again', entry.nextAttemptAt === null ? null : moment(entry.nextAttemptAt)],
      ['ended', entry.endedAt === null ? null : moment(entry.endedAt)],
      ['why', failure?.message],
      ['its words', failure?.reply],
      ['in Sent', copy.folder === null ? copy.state : `${copy.state}, ${copy.folder}`],
    )
    terminal.table(
      [
        { title: 'recipient', of: ({ address }) => address },
        { title: 'state', of: ({ state }) => state },
        { title: 'the server said', of: ({ reply }) => reply ?? '' },
      ],
      recipients,
    )
  }

  example(
    withPages(outbox.command('list', { isDefault: true }).description('List what a mailbox sends, newest first'))
      .argument('<destination>', 'its login, USER@HOST, or id')
      .addOption(new Option('--state <state>', 'only those of this state').choices(states))
      .action(async (name: string, { state, ...pages }: ListOptions & { state?: string }) => {
        const path = `/destinations/${await destinationId(cli.api, name)}/outbox`
        await list<Sending>(cli, { path, query: { state } }, pages, columns)
      }),
    'tributary outbox list alice --state deferred',
  )
  example(
    outbox
      .command('show')
      .description('Show where a message is, for each recipient')
      .argument('<id>', 'its id in the list')
      .action(async (id: string) => show(await cli.api.get<Sending>(`/outbox/${encodeURIComponent(id)}`))),
    'tributary outbox show 01JQ5Z0V9Q3W7X2B4C6D8E0F1G',
  )
  example(
    outbox
      .command('cancel')
      .description('Do not send a message that waits, or leave one alone that is unknown')
      .argument('<id>', 'its id in the list')
      .action(async (id: string) => show(await cli.api.post<Sending>(`/outbox/${encodeURIComponent(id)}/cancel`))),
    'tributary outbox cancel 01JQ5Z0V9Q3W7X2B4C6D8E0F1G',
  )
  example(
    outbox
      .command('retry')
      .description('Send a message now that waits, or once more that is unknown: whoever has it may get it twice')
      .argument('<id>', 'its id in the list')
      .action(async (id: string) => show(await cli.api.post<Sending>(`/outbox/${encodeURIComponent(id)}/retry`))),
    'tributary outbox retry 01JQ5Z0V9Q3W7X2B4C6D8E0F1G',
  )
}
