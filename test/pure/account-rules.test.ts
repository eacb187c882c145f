import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountMistakes } from '../../src/account/account.ts'
import { demandRules } from '../../api/new-account.ts'
import { account } from '../support/world.ts'

const mistakes = (changes: Partial<typeof account>) =>
  accountMistakes({ ...account, ...changes }, 'secret').map(({ pointer, detail }) => `${pointer} ${detail}`)

test('a flag by which a mail program would remove the mail is refused at its place, with the reason', () => {
  for (const flag of ['\\Deleted', '\\deleted', '\\DELETED'])
    assert.deepEqual(mistakes({ flags: ['\\Seen', flag] }), [
      '/flags/1 must not be \\Deleted: the first mail program that closes the folder would remove the mail for good',
    ])
  for (const flag of ['\\Recent', '\\Nothing', '\\*', '\\', ''])
    assert.match(mistakes({ flags: [flag] }).join(), /^\/flags\/0 must be an IMAP flag/)
  assert.deepEqual(mistakes({ flags: ['\\Seen', '\\flagged', '\\Answered', '\\Draft', '$Junk', 'Deleted'] }), [])
})

test('the folders for mail on its way are refused', () => {
  for (const folder of [
    'tributary-staging',
    'Tributary-Staging/x',
    'INBOX/tributary-staging',
    'inbox/tributary-staging/1',
  ])
    assert.match(mistakes({ folder }).join(), /^\/folder must not be tributary-staging/)
  for (const folder of ['tributary-staging2', 'Work/tributary-staging', 'tributary'])
    assert.deepEqual(mistakes({ folder }), [])
})

test('an address holds no control character, and nothing that has no width or turns the text around', () => {
  for (const address of ['a@b\0', 'a\u0001@b', 'a@b\u0085', '\u202ea@b', 'a\u200b@b', 'a@\ufeffb'])
    assert.match(mistakes({ address }).join(), /^\/address must be an e-mail address/, JSON.stringify(address))
  for (const address of ['me@example.net', 'jörg@bücher.example', '用户@例え.テスト'])
    assert.deepEqual(mistakes({ address }), [])
})

test('an address that was taken before it was refused keeps nobody from changing something else', () => {
  const old = { ...account, address: 'a\u200b@b' }
  assert.equal(demandRules({ ...old, paused: true }, undefined, [], old).paused, true)
  assert.throws(() => demandRules({ ...old, address: 'c\u200b@b' }, undefined, [], old))
  assert.throws(() => demandRules(old, undefined))
})
