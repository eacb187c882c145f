/** `GET /events`: what happens, as it happens (CONTRACT section 8). */
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

/** A server says something at least so often, or the connection is taken for dead. */
const silenceMsMax = 120_000
const reconnectMs = 1000
/** Of an event that is not through. */
const charactersMax = 1_048_576

/**
 * For as long as the signal says, over connections that break; what was missed meanwhile is asked for by the id of the last one heard.
 * @param opened each time that it listens.
 */
export async function* eventsOf(
  api: Api,
  signal: AbortSignal,
  opened: () => void = () => {},
): AsyncGenerator<ServerEvent> {
  let last = ''
  for (let heard = false; !signal.aborted; ) {
    try {
      const headers = { accept: 'text/event-stream', ...(last === '' ? {} : { 'last-event-id': last }) }
      const stream = await api.open('GET', '/events', { headers, signal, idleMs: silenceMsMax })
      heard = true
      opened()
      for await (const { id, ...event } of parsed(stream.setEncoding('utf8') as AsyncIterable<string>)) {
        last = id ?? last
        // An id alone says how far it is with what is not for us.
        if (event.data !== '') yield event
      }
    } catch (error) {
      if (signal.aborted) return
      // What never was there, and what is refused, does not come by being asked for again.
      if (!heard || (error instanceof CommandFailed && error.code === 'refused')) throw error
    }
    await setTimeout(reconnectMs, undefined, { signal }).catch(() => {})
  }
}

/** Block by block, as the HTML standard has it (section 9.2.6), but for `retry`. */
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
        else terminal.say(`${new Date().toLocaleTimeString('sv')}  ${said(event, JSON.parse(data) as object)}`)
      }
    })
  example(events, 'tributary events --json | grep failed')
}

function said(event: string, about: object): string {
  if (event === 'run') {
    const run = about as Run
    return `run ${run.id} of ${run.accountId}: ${run.state}, ${sentenceOf(run)}`
  }
  const { id = '', status = '' } = about as { id?: string; status?: string }
  return `${event} ${id}: ${status}`
}
