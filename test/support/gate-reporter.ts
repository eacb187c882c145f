/**
 * The reporter of `npm test` and `npm run check`: Node's `spec`, and before its closing lines the ten slowest tests and files.
 * With TEST_SHOW=failures it leaves out tests that passed, for the gate that runs at every save.
 */
import { relative, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { spec, type TestEvent } from 'node:test/reporters'

interface Timed {
  readonly name: string
  readonly ms: number
}

const shownAtMost = 10
const failuresOnly = process.env['TEST_SHOW'] === 'failures'

export default async function* gateReporter(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  yield* Readable.from(withSlowest(events)).compose(new spec())
}

async function* withSlowest(events: AsyncIterable<TestEvent>): AsyncGenerator<TestEvent> {
  const tests: Timed[] = []
  const files: Timed[] = []
  let closing = false
  for await (const event of events) {
    if (event.type === 'test:complete' && event.data.nesting === 0) {
      const { name, file = '', details } = event.data
      // The runner reports a file as a test whose name is the file's path; its time includes `before` and `after`.
      const place = relative(process.cwd(), file).replace(/^dist\/(.*)\.js$/, '$1.ts')
      if (resolve(name) === resolve(file)) files.push({ name: place, ms: details.duration_ms })
      else tests.push({ name: `${place}: ${name}`, ms: details.duration_ms })
    }
    if (event.type === 'test:diagnostic' && event.data.nesting === 0 && /^tests \d+$/.test(event.data.message)) {
      closing = true
      for (const message of [...slowest('tests', tests), ...slowest('files', files)])
        yield { type: 'test:diagnostic', data: { nesting: 0, message } }
    }
    if (event.type === 'test:pass' && failuresOnly && !closing) continue
    yield event
  }
}

function slowest(what: string, timed: readonly Timed[]): string[] {
  const shown = timed.toSorted((one, other) => other.ms - one.ms).slice(0, shownAtMost)
  return [
    `The slowest ${what}, in seconds:`,
    ...shown.map(({ name, ms }) => `${(ms / 1000).toFixed(1).padStart(8)}  ${name}`),
  ]
}
