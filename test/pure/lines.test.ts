import assert from 'node:assert/strict'
import { test } from 'node:test'
import { linesIn } from '../../src/lines.ts'

/** The text, as a stream of pieces that are so long. */
async function* pieces(text: string, octets: number): AsyncGenerator<Buffer> {
  const all = Buffer.from(text)
  for (let from = 0; from < all.length; from += octets) yield all.subarray(from, from + octets)
}

const cases: readonly (readonly [string, readonly (string | undefined)[]])[] = [
  ['', []],
  ['a', ['a']],
  ['a\nb\n', ['a', 'b']],
  ['a\n\nb', ['a', '', 'b']],
  ['four\nfifth\nsix', ['four', undefined, 'six']],
  ['four\nfifth', ['four', undefined]],
  ['far too long\n\nfour', [undefined, '', 'four']],
  ['\u2028\n\r\v\f\n\u2029\n\u0085', ['\u2028', '\r\v\f', '\u2029', '\u0085']],
]

for (const octets of [1, 2, 3, 64])
  test(`lines are the same in pieces of ${octets} octets; one that is too long is told once`, async () => {
    for (const [text, wanted] of cases) {
      const lines: (string | undefined)[] = []
      for await (const some of linesIn(pieces(text, octets), 4)) lines.push(...some)
      assert.deepEqual(lines, wanted, JSON.stringify(text))
    }
  })

test('a line without an end is told as soon as it is too long', async () => {
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) yield Buffer.from('xxx')
  }
  for await (const lines of linesIn(endless(), 10)) {
    assert.deepEqual(lines, [undefined])
    return
  }
})
