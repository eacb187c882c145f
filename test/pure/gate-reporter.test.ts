import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestEvent } from 'node:test/reporters'
import gateReporter from '../support/gate-reporter.ts'

async function* events(): AsyncGenerator<TestEvent> {
  const file = join(process.cwd(), 'dist/test/pure/some.test.js')
  const at = { nesting: 0, file, line: 1, column: 1 }
  const complete = (name: string, ms: number) =>
    ({
      type: 'test:complete',
      data: { ...at, name, testNumber: 1, details: { duration_ms: ms, passed: true } },
    }) as TestEvent
  yield complete('quick', 10)
  yield complete('slow', 2000)
  yield complete(file, 2500)
  yield { type: 'test:diagnostic', data: { ...at, message: 'tests 2' } }
  yield { type: 'test:diagnostic', data: { ...at, message: 'pass 2' } }
}

test('the slowest tests and files stand before the closing lines, which stay the last ones', async () => {
  let output = ''
  for await (const piece of gateReporter(events())) output += piece
  // In colours on a terminal.
  const lines = output
    .replaceAll(/\x1b\[\d+m/g, '')
    .trim()
    .split('\n')
  assert.deepEqual(lines, [
    'ℹ The slowest tests, in seconds:',
    'ℹ      2.0  test/pure/some.test.ts: slow',
    'ℹ      0.0  test/pure/some.test.ts: quick',
    'ℹ The slowest files, in seconds:',
    'ℹ      2.5  test/pure/some.test.ts',
    'ℹ tests 2',
    'ℹ pass 2',
  ])
})
