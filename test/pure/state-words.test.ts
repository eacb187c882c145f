import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { destinationWords, runStateWords, standingWords, statusWords, webhookWords } from '../../cli/states.ts'

/** The dashboard is built for browsers, so the text of its words is read. */
const english = readFileSync('dashboard/words/en.ts', 'utf8')
const englishOfSettings = readFileSync('dashboard/words/settings/en.ts', 'utf8')

test('the command line and the dashboard have the same words for the states of accounts and runs', () => {
  for (const [name, table] of Object.entries({ ...statusWords, ...runStateWords, ...standingWords }))
    assert.ok(
      [`${name}: '${table}'`, `'${name}': '${table}'`].some((line) => english.includes(line)),
      `${name}: ${table}`,
    )
})

test('they have the same words for the states of mailboxes and webhooks', () => {
  const { ok, failing, paused } = destinationWords
  const mailboxes = english.slice(english.indexOf('  destinations: {'))
  assert.match(mailboxes, new RegExp(`    works: '${ok}',\\n    paused: '${paused}',`))
  assert.equal(failing, statusWords.failing)
  const webhooks = Object.entries(webhookWords).map(([name, word]) => `${name}: '${word}'`)
  assert.ok(englishOfSettings.includes(`webhookStatus: { ${webhooks.join(', ')} }`))
})
