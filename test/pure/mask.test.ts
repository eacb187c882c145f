import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loginMask } from '../../src/mask.ts'

test('a password is hidden in every form, wherever it stands', () => {
  const mask = loginMask('me', 'se/cret')
  for (const form of ['se/cret', 'SE/CRET', 'c2UvY3JldA==', '73652f63726574', 'se%2Fcret', 'AG1lAHNlL2NyZXQ='])
    assert.equal(mask(`bad ${form}, x${form}x`), 'bad ***, x***x', form)
})

test('a password of a letter or two is hidden where it stands for itself, and leaves other words whole', () => {
  assert.equal(loginMask('me', 'e')('Authentication failed for e (user me)'), 'Authentication failed for *** (user me)')
  assert.equal(loginMask('me', 'on')('Login is not on: "on", ON'), 'Login is not ***: "***", ***')
})
