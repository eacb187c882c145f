/** Where a list and an author want answers to go. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answeringIn } from '../../src/imap/answering.ts'

test('List-Post gives an address, or none where nobody may post; Mail-Followup-To is unfolded and decoded', () => {
  for (const [header, listPost] of [
    ['List-Post: <mailto:a@example.org>', 'a@example.org'],
    ['LIST-POST: (to all)\r\n\t<mailto:a%2Bb@example.org?subject=hi>', 'a+b@example.org'],
    ['List-Post: <https://example.org/post>, <mailto:a@example.org>', 'a@example.org'],
    ['List-Post: <mailto:a%40example.org>', 'a@example.org'],
    ['List-Post: <mailto:nobody>', null],
    ['List-Post: NO (posting not allowed)', null],
    ['List-Post: <mailto:a%ZZ@example.org>', 'a%ZZ@example.org'],
    ['X-List-Post: <mailto:a@example.org>', null],
    ['', null],
  ] as const)
    assert.equal(answeringIn(`${header}\r\n\r\n`).listPost, listPost, header)
  assert.deepEqual(answeringIn('Mail-Followup-To: =?utf-8?q?=C3=84d?= <a@x.example>,\r\n b@x.example\r\n\r\n'), {
    listPost: null,
    followUpTo: 'Äd <a@x.example>, b@x.example',
  })
})
