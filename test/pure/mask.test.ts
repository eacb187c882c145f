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

const masked = (password: string, text: string) => loginMask('me', password)(text)

test('a secret of one, two or three signs is hidden where it stands alone, and no word is destroyed by it', () => {
  for (const [password, said, shown] of [
    ['p', 'wrong password for p', 'wrong password for ***'],
    ['p', 'LOGIN "me" "p" refused: no p.', 'LOGIN "me" "***" refused: no ***.'],
    ['p', 'PASS p', 'PASS ***'],
    ['p', '70 messages, p: 1, pp', '70 messages, ***: 1, pp'],
    ['p', 'AUTH cA== refused', 'AUTH *** refused'],
    ['p', `AUTH PLAIN ${Buffer.from('\0me\0p').toString('base64')}`, 'AUTH PLAIN ***'],
    ['1', 'came to no end in 10 s, PASS 1', 'came to no end in 10 s, PASS ***'],
    ['70', '70 messages, 700 octets', '*** messages, 700 octets'],
    ['abc', 'abcde, xabc, ABC, "abc"', 'abcde, xabc, ***, "***"'],
    ['!', 'Stop! Now: "!" and ! and !', 'Stop! Now: "***" and *** and ***'],
    ['a!', 'LOGIN me a! (a!) banana!', 'LOGIN me *** (***) banana!'],
    ['.', 'It failed. Again. (.)', 'It failed. Again. (***)'],
    ['$&', 'LOGIN me $& x$&y', 'LOGIN me *** x$&y'],
  ] as const)
    assert.equal(masked(password, said), shown, password)
})
