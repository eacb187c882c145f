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

const token = `eyJ0eXAi/${'0123456789abcdef.'.repeat(120)}+~`

test('a token is hidden inside of a SASL response, a Basic header and a form', () => {
  for (const one of [token, 'pass word+/~é']) {
    const mask = loginMask('me', one)
    for (const before of ['', 'u', 'us', 'user=me\x01auth=Bearer ', '\0me\0']) {
      const whole = Buffer.from(`${before}${one}\x01\x01`)
      for (const said of [whole.toString('base64'), whole.toString('base64url')]) {
        const shown = Buffer.from(mask(`no ${said} here`).split(' ')[1]?.split('***')[0] ?? '', 'base64').toString()
        assert.ok(shown.length <= before.length + 1, `${before} ${shown}`)
      }
    }
  }
})

test('what is cut of a long token is hidden, too, up to the next blank', () => {
  const mask = loginMask('me', token)
  for (const form of [token, Buffer.from(token).toString('base64'), encodeURIComponent(token)])
    for (const length of [20, 21, 100, 200])
      assert.equal(mask(`no ${form.slice(0, length)} ok`), 'no *** ok', `${length}`)
})
