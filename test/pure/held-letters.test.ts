/** Messages that come as JSON at once have room for so many octets together, and give it back when they are answered. */
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import type { FastifyReply } from 'fastify'
import { HeldLetters } from '../../api/held-letters.ts'
import { apiLimits } from '../../api/limits.ts'

const asked = (type: string, octets: number) => ({
  headers: { 'content-type': type, 'content-length': String(octets) },
})
const reply = () => ({ raw: new EventEmitter() }) as unknown as Pick<FastifyReply, 'raw'>

test('a message that would be too much beside others is asked to come again', async () => {
  const held = new HeldLetters(1000)
  const first = reply()
  await held.demand(asked('application/json; charset=utf-8', 600), first)
  await held.demand(asked('application/json', 400), reply())
  await assert.rejects(held.demand(asked('application/json', 1), reply()), { type: 'too-many-requests' })
  await held.demand(asked('message/rfc822', 5_000_000), reply())
  first.raw.emit('close')
  await held.demand(asked('application/json', 600), reply())
})

test('one that is larger than any may be is told what there is for it', async () => {
  const one = asked('application/json', apiLimits.letterOctetsMax + 1)
  await assert.rejects(new HeldLetters().demand(one, reply()), {
    type: 'too-large',
    message: /up to \d+ octets.*message\/rfc822/,
  })
})

test('a message that is larger than all of the room comes alone', async () => {
  const held = new HeldLetters(1000)
  const large = reply()
  await held.demand(asked('application/json', 5000), large)
  await assert.rejects(held.demand(asked('application/json', 1), reply()), { type: 'too-many-requests' })
  large.raw.emit('close')
  await held.demand(asked('application/json', 1), reply())
})
