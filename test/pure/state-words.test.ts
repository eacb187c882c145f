import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runStateWords, statusWords } from '../../cli/states.ts'
import { en } from '../../dashboard/words/en.ts'

test('the command line and the dashboard have the same words for the states of accounts and runs', () => {
  assert.deepEqual(statusWords, en.statuses)
  assert.deepEqual(runStateWords, en.runStates)
})
