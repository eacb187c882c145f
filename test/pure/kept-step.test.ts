import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keptStep, wholeStep } from '../../src/failure/kept-step.ts'
import { nextStep } from '../../src/failure/next-step.ts'

test('a step is whole again when it is read, and a link that somebody wrote into a record is none', () => {
  const step = nextStep({ kind: 'credentials refused', server: 'pop.gmail.com:995', reply: 'no' }, undefined)
  assert.ok(step?.code === 'provider note' && step.advice?.url?.startsWith('https://') === true)
  const kept = keptStep(step)
  assert.deepEqual([wholeStep(kept), 'advice' in kept, 'note' in kept], [step, false, false])

  const forged = {
    ...step,
    provider: 'Nobody',
    note: 'Sign in there.',
    advice: { ...step.advice, url: 'https://x.test/' },
  }
  assert.deepEqual(wholeStep(forged), {
    code: 'provider note',
    provider: 'Nobody',
    note: 'Sign in there.',
    certain: step.certain,
  })
})
