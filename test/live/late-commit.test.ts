import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { pullLimits } from '../../src/pull/limits.ts'
import { recordOctets } from '../../src/ledger/record-codec.ts'
import { keys } from '../../src/redis/key-names.ts'
import type { AccountId } from '../../src/mail/message.ts'
import { startDovecot, type TestDovecot } from '../support/dovecot.ts'
import { HeldWorker } from '../support/held.ts'
import { converse, readFolder, withoutTrace } from '../support/reader.ts'
import { sessionsOf, unreadBy } from '../support/sessions.ts'
import { until } from '../support/until.ts'
import { type Stack, startStack } from '../support/stack.ts'

const batch = pullLimits.windowMessagesMax
/** Three batches. */
const letters = Array.from({ length: 2 * batch + 30 }, (_, nth) =>
  Buffer.from(`Message-ID: <${nth}@example.org>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nThe ${nth}th.\r\n`),
)
const leaseMs = 1500

interface Case {
  readonly kind: 'hosted' | 'imap'
  readonly place: string
  readonly login: string
}
const cases = (places: readonly string[], kinds: readonly Case['kind'][], what: string): Case[] =>
  kinds.flatMap((kind) =>
    places.map((place) => ({ kind, place, login: `${what} ${kind} ${place}`.replaceAll(' ', '-') })),
  )
/** The worker is killed when its command has arrived whole, and is not read yet. */
const killed = [
  ...cases(['append 1', 'append 2', 'deliver 2'], ['hosted'], 'killed'),
  ...cases(['append 2'], ['imap'], 'killed'),
]
const frozen = [
  ...cases(['append 2', 'record 2', 'deliver 2'], ['hosted'], 'frozen'),
  ...cases(['append 2', 'record 2'], ['imap'], 'frozen'),
]

let stack: Stack
let provider: TestDovecot
before(async () => {
  const logins = [...killed, ...frozen].map(({ login }) => login)
  const passwords = Object.fromEntries(logins.map((login) => [login, 'secret']))
  const maildrops = Object.fromEntries(logins.map((login) => [login, letters]))
  ;[stack, provider] = await Promise.all([startStack(), startDovecot(passwords, maildrops)])
})
after(async () => {
  await Promise.all([stack.stop(), provider.stop()])
})

afterEach(async () => {
  await stack.stopWorker()
})

async function folders(login: string, password = 'wonder'): Promise<string[]> {
  const lists = ['b LIST "" *', 'c LIST "" "tributary-staging/*"', 'd LSUB "" *', 'e LOGOUT']
  const said = await converse(stack.dovecot.imapPort, [`a LOGIN "${login}" "${password}"`, ...lists])
  return [...said.toString('latin1').matchAll(/^\* (?:LIST|LSUB) \([^)]*\) "." (.*)$/gm)].map(([, name = '']) =>
    name.trim(),
  )
}

async function sources(login: string): Promise<string[]> {
  const messages = await readFolder(stack.dovecot.imapPort, login, 'wonder')
  return messages.map(({ bytes }) => withoutTrace(bytes).source.toString('latin1'))
}

/** An account that gathers into that login, its pull under way in a worker that is held at a place. */
async function begin({ kind, place, login }: Case): Promise<{ id: string; run: string; worker: HeldWorker }> {
  const { server, dovecot, secretKey } = stack
  const hosted = await stack.destination(login)
  const { body } =
    kind === 'hosted'
      ? { body: { id: hosted } }
      : await stack.call('POST', '/destinations', {
          kind,
          host: '127.0.0.1',
          port: dovecot.imapPort,
          tls: 'none',
          user: login,
          password: 'wonder',
        })
  // Without trace blocks a batch goes whole into the socket of a process that does not read it.
  const rules = { retention: { mode: 'delete' }, trace: false }
  const id = await stack.account({ port: provider.pop3Port, user: login, destinationId: body.id, ...rules })
  const pulled = await stack.call('POST', `/accounts/${id}/pull`)
  const worker = new HeldWorker({
    place,
    redisUrl: server.url,
    store: dovecot.store,
    secretKey: secretKey.toString('hex'),
    leaseMs,
  })
  await worker.until('held')
  return { id, run: pulled.body.id, worker }
}

/** By another worker, to its end. */
async function takeOver(id: string, run: string): Promise<void> {
  await stack.startWorker({ leaseMs, jobLockMs: leaseMs, lateCommitMs: 500 })
  const ended = await stack.pull(id)
  assert.deepEqual([ended.id, ended.state, ended.failure], [run, 'done', null])
  assert.equal(ended.stored + ended.recovered, letters.length)
}

async function holdsOnce(id: string, login: string): Promise<void> {
  assert.deepEqual((await sources(login)).toSorted(), letters.map(String).toSorted())
  assert.equal(await stack.redis.strlen(keys.ledger(id as AccountId)), letters.length * recordOctets)
  assert.equal(await stack.redis.hlen(keys.intents(id as AccountId)), 0)
  assert.deepEqual(await readFolder(provider.imapPort, login, 'secret'), [], 'all are stored, and deleted there')
  assert.deepEqual(
    (await folders(login)).filter((name) => name.includes('staging')),
    [],
  )
}

for (const { kind, place, login } of killed) {
  test(`${kind}: a store that carries out the ${place.slice(0, -2)} of a killed worker after its run was taken over has every message once (${place})`, async () => {
    const { id, run, worker } = await begin({ kind, place, login })
    // The delivery takes a connection of its own. The append takes that one if it is free again, and a new one otherwise.
    if (kind === 'hosted' && place === 'append 2') await worker.until('delivered')
    const stopped = sessionsOf(stack.dovecot, login)
    assert.ok(stopped.length > 0)
    for (const pid of stopped) process.kill(pid, 'SIGSTOP')
    try {
      worker.go()
      const octets = place.startsWith('append') ? 40_000 : 10
      await until('the command to come', () => unreadBy(stack.dovecot, stopped) > octets)
      await worker.kill()
      if (kind === 'hosted') await takeOver(id, run)
      else {
        // Within the grace that a foreign store has.
        await stack.startWorker({ leaseMs, jobLockMs: leaseMs, lateCommitMs: 4000 })
        const looks = () =>
          stack.dovecot.lines.filter((line) => line.includes(`imap(${login})`) && /Disconnected|Logged out/.test(line))
        const looked = looks().length
        const pulling = stack.pull(id)
        // Its search has a connection of its own, which ends with it.
        await until('the next worker to look', () => looks().length > looked)
        for (const pid of stopped) process.kill(pid, 'SIGCONT')
        assert.equal((await pulling).recovered, batch)
      }
    } finally {
      await worker.kill()
      for (const pid of stopped) process.kill(pid, 'SIGCONT')
    }
    await until('the old sessions to end', () =>
      sessionsOf(stack.dovecot, login).every((pid) => !stopped.includes(pid)),
    )
    await holdsOnce(id, login)
    const again = await stack.pull(id)
    assert.deepEqual([again.stored, again.recovered, again.failure], [0, 0, null])
  })
}

for (const { kind, place, login } of frozen) {
  test(`${kind}: a worker that froze before ${place} and thaws after its run was taken over adds nothing`, async () => {
    const { id, run, worker } = await begin({ kind, place, login })
    try {
      worker.freeze()
      await takeOver(id, run)
      await holdsOnce(id, login)
      worker.go()
      worker.thaw()
      await worker.until('run superseded')
    } finally {
      await worker.kill()
    }
    await holdsOnce(id, login)
  })
}
