import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fieldDateOf } from '../../src/mail/arrival.ts'
import { fieldsOf, headerOf, mboxLine } from '../../src/mail/header.ts'
import type { Listed, MessageNumber, Octets } from '../../src/mail/message.ts'
import { letterOf } from '../../src/pull/letter.ts'
import { Neighbours } from '../../src/pull/neighbours.ts'

const folder = process.env['MAIL_CORPUS']
const nowMs = Date.UTC(2026, 10, 28)

test('at a first import of real mail nearly every message gets its date from its header, and the rest from a neighbour', {
  skip: folder === undefined && 'MAIL_CORPUS names no folder',
}, async (t) => {
  assert.ok(folder !== undefined)
  const lines = readFileSync(join(folder, 'INDEX.jsonl'), 'utf8').trim().split('\n')
  const from: Record<string, number> = {
    received: 0,
    date: 0,
    'another field': 0,
    'the line of an mbox': 0,
    'a neighbour': 0,
    now: 0,
  }
  const neighbours = new Neighbours({ begun: false, importing: false })
  const dated = []
  for (const [nth, line] of lines.entries()) {
    const bytes = readFileSync(join(folder, (JSON.parse(line) as { file: string }).file))
    const field = fieldDateOf(fieldsOf(headerOf(bytes)), nowMs)?.field
    const name =
      field === undefined || field === 'received' || field === 'date'
        ? field
        : field === mboxLine
          ? 'the line of an mbox'
          : 'another field'
    if (name !== undefined) from[name] = (from[name] ?? 0) + 1
    const message: Listed = { number: (nth + 1) as MessageNumber, uidl: undefined, size: bytes.length as Octets }
    dated.push(...neighbours.date([await letterOf({ message, bytes }, nowMs)]))
  }
  dated.push(...neighbours.rest())
  assert.deepEqual(
    dated.map(({ sighting }) => sighting.message.number),
    lines.map((_, nth) => nth + 1),
  )
  for (const { internalDate, sighting } of dated)
    if (sighting.arrived === undefined) {
      const name = internalDate.getTime() === nowMs ? 'now' : 'a neighbour'
      from[name] = (from[name] ?? 0) + 1
    }
  t.diagnostic(JSON.stringify(from))
  assert.equal(
    Object.values(from).reduce((sum, count) => sum + count, 0),
    lines.length,
  )
  assert.ok((from['now'] ?? 0) < lines.length / 100, JSON.stringify(from))
  // What no field dates has none that a person can read, or one before 1990.
  assert.ok((from['a neighbour'] ?? 0) <= 353, JSON.stringify(from))
})
