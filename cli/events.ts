/** Listens at `GET /events` to what happens, when it happens (CONTRACT section 8). */
import type { Command } from 'commander'
import { setTimeout } from 'node:timers/promises'
import type { Api } from './api.ts'
import type { Cli } from './cli.ts'
import { CommandFailed } from './failure.ts'
import { example } from './reference.ts'
import { sentenceOf } from './words.ts'
import type { Run } from './wire.ts'

export interface ServerEvent {
  readonly event: string
  readonly data: string
}

/** If nothing has come on a connection for this long, it is taken for dead. */
const silenceMsMax = 120_000
const reconnectMs = 1000
/** A line that is longer than this is not waited for. */
const charactersMax = 1_048_576

/**
 * Gives the events until the signal is aborted. If a connection breaks, it opens another one and asks, by the id of the last event, for
 * the events that it has missed.
 *
 * @param opened is called each time that a connection has been made.
 */
export async function* eventsOf(
  api: Api,
  signal: AbortSignal,
  opened: () => void = () => {},
): AsyncGenerator<ServerEvent> {
  let lastId = ''
  for (let hasOpened = false; !signal.aborted; ) {
    try {
      const headers = { accept: 'text/event-stream', ...(lastId === '' ? {} : { 'last-event-id': lastId }) }
      const stream = await api.open('GET', '/events', { headers, signal, idleMs: silenceMsMax })
      hasOpened = true
      opened()
      for await (const { id, ...event } of parsed(stream.setEncoding('utf8') as AsyncIterable<string>)) {
        lastId = id ?? lastId
        // A block with an id alone only says that the events up to that id were not for us.
        if (event.data !== '') yield event
      }
    } catch (error) {
      if (signal.aborted) return
      // If an instance has never answered, or refuses, it is not asked again.
      if (!hasOpened || (error instanceof CommandFailed && error.code === 'refused')) throw error
    }
    await setTimeout(reconnectMs, undefined, { signal }).catch(() => {})
  }
}

/**
 * Parses block by block, as the HTML standard says (section 9.2.6), except for `retry`. A block that holds only an id is given as
 * well, without data; eventsource-parser drops it, and we would then ask again for events that were not for us.
 */
export async function* parsed(text: AsyncIterable<string>): AsyncGenerator<ServerEvent & { readonly id?: string }> {
  let rest = ''
  let event = 'message'
  let data: string[] = []
  let id: string | undefined
  for await (const piece of text) {
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    if (rest.length > charactersMax) throw new CommandFailed('refused', 'GET /events sent a line without an end.')
    for (const line of lines) {
      const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? []
      if (name === 'event') event = value
      else if (name === 'data') data.push(value)
      else if (name === 'id') id = value
      else if (line === '') {
        yield { event, data: data.join('\n'), ...(id === undefined ? {} : { id }) }
        event = 'message'
        data = []
      }
    }
  }
}

export function addEvents(program: Command, cli: Cli): void {
  const events = program
    .command('events')
    .description('Show what happens as it happens, until Ctrl-C; with --json one line each')
    .action(async () => {
      const { api, terminal, interrupted } = cli
      for await (const { event, data } of eventsOf(api, interrupted)) {
        if (terminal.json) terminal.print(JSON.stringify({ event, data: JSON.parse(data) as unknown }))
        else terminal.say(`${new Date().toLocaleTimeString('sv')}  ${eventSentence(event, JSON.parse(data) as object)}`)
      }
    })
  example(events, 'tributary events --json | grep failed')
}

function eventSentence(event: string, about: object): string {
  if (event === 'run') {
    const run = about as Run
    return `run ${run.id} of ${run.accountId}: ${run.state}, ${sentenceOf(run)}`
  }
  const { id = '', status = '' } = about as { id?: string; status?: string }
  return `${event} ${id}: ${status}`
}
