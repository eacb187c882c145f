/** Workers that die, or freeze, before and after every effect of sending: what was accepted is not lost, and nobody gets it twice by us. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { queuePrefix, sendQueueName } from '../../src/redis/queue.ts'
import { sendEffects } from '../../workers/outbox-world.ts'
import { startDoomedSender, untilHeld, untilSenderDoomed } from '../support/doomed-senders.ts'
import { type Outgoing, outgoingLetter, outgoingOf, quickSending } from '../support/outgoing.ts'
import { honest } from '../support/sasl-server.ts'
import { type ScriptedMail, type ScriptedSmtp, startScriptedSmtp } from '../support/scripted-smtp.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { untilTold } from '../support/until.ts'

/** It is waited for where a worker has died. */
const leaseMs = 1500
let stack: Stack
let outgoing: Outgoing
let destinationId: string
let server: ScriptedSmtp
let waitsFor: Promise<void> | undefined
before(async () => {
  stack = await startStack()
  outgoing = outgoingOf(stack)
  destinationId = await stack.destination('alice')
  server = await startScriptedSmtp({
    auth: { mechanisms: ['PLAIN'], plays: honest() },
    acts: { RCPT: (line) => (line.includes('gone@') ? '550 5.1.1 No such user' : undefined) },
    dot: async (mail) => {
      if (placeIn(mail) === 'stalled') await waitsFor
      if (placeIn(mail) === 'after dot') await new Promise((resolve) => setTimeout(resolve, 1500))
      return undefined
    },
  })
})
after(async () => {
  await stack.stop()
  await server.close()
  await outgoing.remove()
})

const placeIn = ({ bytes }: ScriptedMail) => /Subject: no (.*)\r/.exec(String(bytes))?.[1] ?? ''
const mailsAt = (place: string) => server.mails.filter((mail) => placeIn(mail) === place)

let accounts = 0
/** A message that is to stop there, of an account of its own. */
async function doomed(
  place: string,
): Promise<{ readonly place: string; readonly accountId: string; readonly id: string }> {
  const smtp = { host: '127.0.0.1', port: server.port, tls: 'none' }
  const accountId = await stack.account({ destinationId, port: 20_000 + (accounts += 1), smtp })
  const to = ['you@example.org', 'gone@example.org']
  const id = await outgoing.put({ accountId, destinationId, to, bytes: outgoingLetter(place) })
  return { place, accountId, id }
}

const doomedBy = (places: Readonly<Record<string, string>>) => ({
  places,
  outbox: outgoing.folder,
  redisUrl: stack.server.url,
  store: stack.dovecot.store,
  secretKey: stack.secretKey.toString('hex'),
  leaseMs,
})

async function startAnother(): Promise<void> {
  await stack.startWorker({ outbox: outgoing.folder, send: quickSending })
}

/** From the note that nobody can know any more to the note of what has become of it. */
const undecidable = ['after undecidable', 'before dot', 'after dot', 'before answer', 'after answer', 'before settle']

test('a worker is killed before and after every effect, and another one goes on: all is sent once, or unknown where nobody could know', async (t) => {
  const places = sendEffects
    .flatMap((effect) => [`before ${effect}`, `after ${effect}`])
    // The answer comes by itself: there is no moment before it but the one behind the dot.
    .filter((place) => place !== 'before answer')
  const messages = await Promise.all(places.map(async (place) => await doomed(place)))
  const where = Object.fromEntries(messages.map(({ accountId, place }) => [accountId, place]))
  assert.equal(await untilSenderDoomed(doomedBy(where)), 'SIGKILL', 'all came to their places')
  const had = new Map(messages.map(({ place }) => [place, mailsAt(place).length]))
  await startAnother()
  for (const { place, id } of messages) {
    await t.test(place, async () => {
      const entry = await outgoing.until(id, ({ endedAtMs }) => endedAtMs !== null)
      const isUnknown = undecidable.includes(place)
      const [mine, gone] = entry.recipients.map(({ state }) => state)
      assert.equal(mine, isUnknown ? 'unknown' : 'accepted')
      assert.equal(gone, 'rejected')
      const sent = mailsAt(place).length
      // The dot was sent by the first worker, or by the second, or by none.
      if (isUnknown) assert.equal(sent, ['after dot', 'after answer', 'before settle'].includes(place) ? 1 : 0)
      else assert.equal(sent, 1)
      assert.equal(had.get(place), place === 'after settle' || (isUnknown && sent === 1) ? 1 : 0)
      assert.deepEqual([entry.attempt, entry.nextAttemptAtMs], [null, null])
    })
  }
  await stack.stopWorker()
})

test('a worker that was frozen and thaws after the take-over sends nothing, and says what it knows', async () => {
  const places = ['before envelope', 'before body', 'before undecidable', 'before dot']
  const messages = await Promise.all(places.map(async (place) => await doomed(`frozen ${place}`)))
  const where = Object.fromEntries(messages.map(({ accountId }, nth) => [accountId, places[nth] ?? '']))
  const child = startDoomedSender({ ...doomedBy(where), goesOn: true })
  try {
    await untilHeld(child, places.length)
    child.kill('SIGSTOP')
    await startAnother()
    for (const { id, place } of messages) {
      const entry = await outgoing.until(id, ({ endedAtMs }) => endedAtMs !== null)
      const isUnknown = place === 'frozen before dot'
      assert.equal(entry.recipients[0]?.state, isUnknown ? 'unknown' : 'accepted', place)
      assert.equal(mailsAt(place).length, isUnknown ? 0 : 1, place)
    }
    child.send('go on')
    child.kill('SIGCONT')
    // It knows that the dot was not sent: the message is no longer unknown, and goes out.
    const { id = '' } = messages.at(-1) ?? {}
    const sent = await outgoing.until(id, ({ recipients }) => recipients[0]?.state === 'accepted')
    assert.equal(sent.attempts, 2)
    child.kill('SIGTERM')
    await once(child, 'exit')
    for (const { place } of messages) assert.equal(mailsAt(place).length, 1, place)
  } finally {
    child.kill('SIGKILL')
    await stack.stopWorker()
  }
})

test('a job that is taken for stalled and run a second time sends nothing a second time, and its lock is renewed while a server lets it wait', async () => {
  const lock = `${queuePrefix}:${sendQueueName}:*:lock`
  const { id, accountId } = await doomed('stalled')
  let answer: () => void = () => {}
  waitsFor = new Promise<void>((resolve) => {
    answer = resolve
  })
  const jobLockMs = 8000
  await stack.startWorker({ outbox: outgoing.folder, send: { ...quickSending, waits: {} }, jobLockMs })
  try {
    await untilTold('the dot to come', async () => mailsAt('stalled').length === 1)
    const before = server.connections()
    let leftMs = jobLockMs
    for (const times of ['once', 'twice'])
      await untilTold(`the lock to be renewed ${times}`, async () => {
        const [name = ''] = await stack.redis.keys(lock)
        const beforeMs = leftMs
        leftMs = await stack.redis.pttl(name)
        return leftMs > beforeMs
      })
    assert.equal(server.connections(), before, 'nobody else has taken it up')
    // As where the process stood still for longer.
    await stack.redis.del(...(await stack.redis.keys(lock)))
    await untilTold('the job to be run again', async () => server.connections() > before)
    answer()
    const entry = await outgoing.until(id, ({ endedAtMs }) => endedAtMs !== null)
    assert.deepEqual([entry.recipients[0]?.state, entry.attempts], ['accepted', 1])
    assert.equal(mailsAt('stalled').length, 1)
    assert.equal((await outgoing.sendings.dueAccounts(Number.MAX_SAFE_INTEGER, 100)).includes(accountId), false)
  } finally {
    answer()
    await stack.stopWorker()
  }
})
