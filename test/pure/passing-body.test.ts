import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { isBodyOf, PassingBody, passingAnswer } from '../../api/http/passing-body.ts'

const bodyOf = (...pieces: readonly string[]) => Readable.from(pieces.map((piece) => Buffer.from(piece)))

async function textOf(stream: Readable): Promise<string> {
  let text = ''
  for await (const piece of stream) text += String(piece)
  return text
}

test('a body passes as it is, and is known when all of it was read', async () => {
  const passing = new PassingBody(bodyOf('one ', 'two'))
  assert.equal(passing.digest, undefined)
  assert.equal(await textOf(passing.stream), 'one two')
  const { digest } = passing
  assert.ok(digest !== undefined)
  assert.equal(await isBodyOf(bodyOf('on', 'e two'), digest), true)
  for (const other of [['one tw'], ['one twx'], ['one two', ' three'], []])
    assert.equal(await isBodyOf(bodyOf(...other), digest), false)

  const left = new PassingBody(bodyOf('one ', 'two'))
  for await (const _ of left.stream) break
  assert.equal(left.digest, undefined)
})

test('an answer passes as it is, and is told if it is whole and within the bound', async () => {
  const told: (string | undefined)[] = []
  const ended = async (text: string | undefined) => void told.push(text)
  for (const max of [7, 6]) assert.equal(await textOf(passingAnswer(bodyOf('one ', 'two'), max, ended)), 'one two')
  assert.deepEqual(told, ['one two', undefined])

  const broken = Readable.from(
    (async function* () {
      yield Buffer.from('one')
      throw new Error('it broke off')
    })(),
  )
  await assert.rejects(async () => await textOf(passingAnswer(broken, 7, ended)), /it broke off/)
  const unread = passingAnswer(bodyOf('one'), 7, ended)
  unread.once('error', () => {})
  unread.destroy(new Error('the client has left'))
  await new Promise(setImmediate)
  assert.deepEqual(told, ['one two', undefined, undefined, undefined])
})
