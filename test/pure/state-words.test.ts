import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { runStateWords, statusWords } from '../../cli/states.ts'

/** The dashboard is built for browsers, so the text of its words is read. */
const english = readFileSync('dashboard/words/en.ts', 'utf8')

test('the command line and the dashboard have the same words for the states of accounts and runs', () => {
  for (const [name, table] of Object.entries({ ...statusWords, ...runStateWords }))
    assert.ok(
      [`${name}: '${table}'`, `'${name}': '${table}'`].some((line) => english.includes(line)),
      `${name}: ${table}`,
    )
})
