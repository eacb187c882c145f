/** Half of a surrogate pair is no character: Redis' scripts cannot read JSON with it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { halfSurrogateIn } from '../../api/http/json.ts'
import { singleLine } from '../../src/printable.ts'

test('half of a surrogate pair is found wherever JSON may write it, and nothing else is', () => {
  for (const [json, found] of [
    ['{"user":"\\ud800"}', 'ud800'],
    ['{"\\uDFFF":1}', 'uDFFF'],
    ['["\\ud83d\\ude00\\ud83d"]', 'ud83d'],
    ['["\\ude00\\ud83d"]', 'ude00'],
    ['["\\ud83d\\\\ude00"]', 'ud83d'],
    ['["\\\\\\ud800"]', 'ud800'],
    ['["\\ud83d\\ude00"]', undefined],
    ['["😀 \\u00e9 \\ud7ff \\ue000"]', undefined],
    ['["\\\\ud800"]', undefined],
    ['["\\\\\\\\ud800 \\n\\\\ud800"]', undefined],
    ['', undefined],
  ] as const)
    assert.equal(halfSurrogateIn(json), found?.slice(1), json)
})

test("a line of other people's words is cut between characters", () => {
  assert.equal(singleLine('ab\r\n😀', 4), 'ab ')
  assert.equal(singleLine('ab\r\n😀', 5), 'ab 😀')
})
