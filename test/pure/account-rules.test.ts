import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountMistakes } from '../../src/account/account.ts'
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
