/** Watches runs until they have ended: by the events of the API if it sends them, and by asking. */
import { setTimeout } from 'node:timers/promises'
import type { Cli } from './cli.ts'
import { CommandFailed } from './failure.ts'
import { eventsOf } from './events.ts'
import { Foot, Pace } from './progress.ts'
import { count, sentenceOf } from './words.ts'
import type { Run } from './wire.ts'

export interface Watched {
  readonly run: Run
  readonly title: string
}

const drawMs = 150
/** The API is asked this often if no events come. If they come, it is still asked now and then, because an event may be lost on the way. */
const askMs = 500
const askSeldomMs = 5000
/** If the API is being restarted, the command waits for it this long. */
const awayMsMax = 60_000
const linesMax = 10

/** Shows each run when it has ended. Ctrl-C ends only the watching, not the runs. */
export async function watch(cli: Cli, watched: readonly Watched[]): Promise<void> {
  const { api, terminal, interrupted } = cli
  const foot = new Foot(terminal)
  const open = new Map(watched.map((one) => [one.run.id, { ...one, pace: new Pace() }]))
  const over = new AbortController()
  const signal = AbortSignal.any([interrupted, over.signal])
  let hearsEvents = false
  let wake = () => {}

  const saw = (run: Run) => {
    const one = open.get(run.id)
    if (one === undefined) return
    one.pace.saw(run, performance.now())
    if (run.finishedAt === null) return
    open.delete(run.id)
    foot.clear()
    showEnded(cli, run, watched.length > 1 ? `${one.title}: ` : '')
    if (open.size === 0) wake()
  }
  const draw = () => {
    const nowMs = performance.now()
    const lines = [...open.values()].slice(0, linesMax).map(({ pace, title }) => pace.line(title, nowMs))
    foot.draw(open.size > linesMax ? [...lines, `and ${count(open.size - linesMax, 'more')}`] : lines)
  }
  const listen = async () => {
    for await (const { event, data } of eventsOf(api, signal, () => (hearsEvents = true)))
      if (event === 'run') saw(JSON.parse(data) as Run)
  }

  for (const { run } of watched) saw(run)
  const drawing = setInterval(draw, drawMs)
  const listening = listen().catch(() => (hearsEvents = false))
  try {
    let answeredMs = performance.now()
    while (open.size > 0 && !interrupted.aborted) {
      await Promise.race([
        new Promise<void>((resolve) => (wake = resolve)),
        setTimeout(hearsEvents ? askSeldomMs : askMs, undefined, { signal }).catch(() => {}),
      ])
      try {
        for (const id of open.keys()) saw(await api.get<Run>(`/runs/${id}`))
        answeredMs = performance.now()
      } catch (error) {
        const away = error instanceof CommandFailed && error.code === 'unreachable'
        if (!away || performance.now() - answeredMs > awayMsMax) throw error
      }
    }
  } catch (error) {
    if (!interrupted.aborted) throw error
  } finally {
    clearInterval(drawing)
    over.abort()
    await listening
    foot.clear()
  }
  const left = [...open.keys()]
  if (left.length === 0) return
  terminal.note(`${left.length === 1 ? 'The run goes' : 'The runs go'} on: tributary run show ${left[0] ?? ''} --watch`)
  cli.outcome = 'interrupted'
}

/** Shows a run that has ended. A failed run makes the command fail, so that scripts notice it. */
export function showEnded(cli: Cli, run: Run, title = ''): void {
  if (cli.terminal.json) cli.terminal.print(JSON.stringify(run))
  else {
    cli.terminal.say(`${title}${sentenceOf(run)}`)
    for (const notice of run.notices) cli.terminal.note(notice)
  }
  if (run.state === 'failed') cli.outcome = 'failed'
}
