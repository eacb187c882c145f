import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fold, spellingIn, foldedWords } from '../../src/mail/folding.ts'
import { takenMs } from '../support/stretches.ts'

test('letters with marks and those without are the same, in many scripts', () => {
  for (const [text, folded] of [
    ['Đơn hàng', 'don hang'],
    ['ĐƠN HÀNG'.normalize('NFD'), 'don hang'],
    ['Straße, ẞ', 'strasse, ss'],
    ['Ærø Łódź þing ıI', 'aero lodz thing ii'],
    ['ﬁn ＡＢ', 'fin ab'],
    ['a \t\r\n  b', 'a b'],
    ['Ωμέγα Ёлка', 'ωμεγα елка'],
  ] as const)
    assert.equal(fold(text), folded, text)
  assert.deepEqual(foldedWords('  Đơn   hàng '), ['don', 'hang'])
})

test('a text tells how it spells what is looked for', () => {
  assert.equal(spellingIn('Re: ĐƠN  HÀNG số 3', 'don hang'), 'đơn hàng')
  assert.equal(spellingIn('Re: ĐƠN HÀNG'.normalize('NFD'), 'don hang'), 'đơn hàng')
  assert.equal(spellingIn('Große Straße', 'strasse'), 'straße')
  assert.equal(spellingIn('😀 Straßen', 'strasse'), 'straße')
  assert.equal(spellingIn('nothing of it', 'strasse'), undefined)
  assert.equal(spellingIn('anything', ''), undefined)
})

test('a long text is folded in a time that grows with its length alone', () => {
  const ms = takenMs(() => fold(`${' '.repeat(100_000)}${'\u0301'.repeat(100_000)}`))
  assert.ok(ms < 3000, `${ms} ms`)
})
