/** Texts that come in: one rule for every schema. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import { Type } from 'typebox'
import { textFormats, withLines } from '../../api/http/text.ts'
import { orNull, whole } from '../../api/schemas/vocabulary.ts'
import { wellFormedJson } from '../../src/well-formed.ts'

const fits = (schema: object, value: unknown) =>
  new Ajv({ strict: false, formats: textFormats }).compile(withLines(schema) as object)(value)

const noLines = [
  'a\nb',
  'a\r',
  '\0',
  '\t',
  '\x1b[0m',
  '\x7f',
  '\u0085',
  '\u2028',
  '\u2029',
  '\ud800',
  'a\udfff',
  '\ude00\ud83d',
]
const lines = ['', 'a', ' a b ', 'pässwörd', '😀', 'Thứ ba', '\u00a0', '\u200d', '\ufffd']

test('a text is one line of whole characters, wherever a schema has it', () => {
  const text = Type.String()
  const places: readonly (readonly [object, (value: string) => unknown])[] = [
    [text, (value) => value],
    [orNull(text), (value) => value],
    [Type.Array(Type.String()), (value) => [value]],
    [Type.Object({ a: Type.Object({ b: Type.Optional(text) }) }), (value) => ({ a: { b: value } })],
    [Type.Record(Type.String(), Type.Integer()), (value) => ({ [value]: 1 })],
    [Type.Union([Type.Literal('x'), text]), (value) => value],
  ]
  for (const [schema, at] of places) {
    for (const value of lines) assert.ok(fits(schema, at(value)), JSON.stringify([schema, value]))
    for (const value of noLines) assert.ok(!fits(schema, at(value)), JSON.stringify([schema, value]))
  }
})

test('a text that may hold more holds whole characters all the same', () => {
  const secret = Type.String({ ...whole })
  for (const value of [...lines, 'a\nb', '\0', '\u2028']) assert.ok(fits(secret, value), JSON.stringify(value))
  for (const value of ['\ud800', 'a\udfffb', '\ude00\ud83d']) assert.ok(!fits(secret, value), JSON.stringify(value))
})

test('what a schema shows or defaults to is no schema', () => {
  const schema = Type.Object({ a: Type.String({ default: 'x', examples: [{ type: 'string' }] }) })
  const { properties } = withLines(schema) as { properties: { a: object } }
  assert.deepEqual(properties.a, { type: 'string', default: 'x', examples: [{ type: 'string' }], format: 'line' })
})

test('JSON that is kept holds no half of a character, and all others as they were', () => {
  for (const [value, kept] of [
    ['a\ud83d', 'a\ufffd'],
    ['\ude00\ud83d', '\ufffd\ufffd'],
    ['😀\ud83d', '😀\ufffd'],
    ['\\ud800', '\\ud800'],
    ['\\\ud800', '\\\ufffd'],
    ['é\u2028\n"', 'é\u2028\n"'],
  ] as const)
    assert.deepEqual(JSON.parse(wellFormedJson({ value })), { value: kept })
})
