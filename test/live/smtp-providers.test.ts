/** The whole way to servers that providers really run, Debian's Exim and Postfix: what is said of each message, and what has arrived there. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { AccountSending } from '../../api/schemas/sending.ts'
import { hostPort } from '../../src/account/server-traits.ts'
import { Senders } from '../../src/redis/senders.ts'
import type { OutboxEntry } from '../../src/send/entry.ts'
import { untilSenderDoomed } from '../support/doomed-senders.ts'
import { startExim } from '../support/exim.ts'
import { type Outgoing, outgoingLetter, outgoingOf, quickSending } from '../support/outgoing.ts'
import { startPostfix } from '../support/postfix.ts'
import { providerOctetsMax, type SmtpProvider } from '../support/smtp-provider.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

// Postfix' master gives its parts users of their own.
const kinds = process.getuid?.() === 0 ? ({ Exim: startExim, Postfix: startPostfix } as const) : { Exim: startExim }
/** It is waited for where a worker has died. */
const leaseMs = 1500
const servers = new Map<string, SmtpProvider>()
let stack: Stack
let outgoing: Outgoing
let destinationId: string
before(async () => {
  stack = await startStack()
  outgoing = outgoingOf(stack)
  destinationId = await stack.destination('alice')
  for (const [kind, start] of Object.entries(kinds)) servers.set(kind, await start())
})
after(async () => {
  await stack.stop()
  await Promise.all([...servers.values()].map(async (server) => await server.stop()))
  await outgoing.remove()
})

const isEnded = ({ endedAtMs }: OutboxEntry) => endedAtMs !== null
const wasTried = ({ attempts, attempt }: OutboxEntry) => attempts > 0 && attempt === null
const ca = () => [...servers.values()].map((server) => server.ca).join('')

let accounts = 0
async function senderAt(kind: string, tls: 'implicit' | 'starttls' = 'starttls', fields: object = {}): Promise<string> {
  const { port = 0, tlsPort = 0 } = servers.get(kind) ?? {}
  const smtp = { host: 'localhost', port: tls === 'implicit' ? tlsPort : port, tls, ...fields }
  return await stack.account({ destinationId, port: 20_000 + (accounts += 1), smtp })
}
const startSending = async () =>
  await stack.startWorker({ outbox: outgoing.folder, send: { ...quickSending, ca: ca() } })

/** To whom a message of this subject was delivered, each as often as it was. */
function deliveredTo(kind: string, subject: string): string[] {
  const mails = (servers.get(kind)?.mails() ?? []).map((bytes) => bytes.toString('latin1'))
  return mails
    .filter((mail) => mail.includes(`\nSubject: no ${subject}\n`))
    .map((mail) => /^(?:Delivered-To|Envelope-to): (\S+)$/m.exec(mail)?.[1] ?? '')
    .toSorted()
}
const untilDelivered = async (kind: string, subject: string, count: number) =>
  await until(`${subject} to be delivered`, async () => deliveredTo(kind, subject).length >= count)

for (const kind of Object.keys(kinds))
  describe(kind, () => {
    const put = async (accountId: string, name: string, to: readonly string[], changes: Partial<OutboxEntry> = {}) =>
      await outgoing.put({ accountId, destinationId, to, bytes: outgoingLetter(name), changes })

    test('each recipient has an answer of its own: taken, put off, refused, or one too many at once', async () => {
      await startSending()
      const accountId = await senderAt(kind)
      const good = Array.from({ length: 6 }, (_, nth) => `${nth}@example.org`)
      const id = await put(accountId, 'several', [
        ...good.slice(0, 2),
        'slow@example.org',
        'gone@example.org',
        ...good.slice(2),
      ])
      const entry = await outgoing.until(
        id,
        ({ recipients, attempt }) => attempt === null && recipients.every(({ state }) => state !== 'queued'),
      )
      assert.deepEqual(
        entry.recipients.map(({ state }) => state),
        ['accepted', 'accepted', 'deferred', 'rejected', 'accepted', 'accepted', 'accepted', 'accepted'],
      )
      assert.deepEqual([entry.state, entry.attempts], ['deferred', 1])
      await untilDelivered(kind, 'several', 6)
      assert.deepEqual(deliveredTo(kind, 'several'), good)
      const { port = 0 } = servers.get(kind) ?? {}
      const learnt = await new Senders(stack.redis).limits(accountId, hostPort({ host: 'localhost', port }))
      assert.ok((learnt.recipients?.most ?? 9) <= 4, JSON.stringify(learnt))
    })

    test('what is refused at the end or is too large is rejected, and TLS from the first octet will do', async () => {
      const accountId = await senderAt(kind, 'implicit')
      const bytes = Buffer.from('From: me@example.net\r\nSubject: refused\r\n\r\nNo.\r\n')
      const refused = await outgoing.put({ accountId, destinationId, bytes })
      const large = await put(accountId, 'large', ['you@example.org'], { octets: providerOctetsMax + 1 })
      const good = await put(accountId, 'good', ['you@example.org'])
      for (const id of [refused, large]) {
        const entry = await outgoing.until(id, isEnded)
        assert.deepEqual([entry.state, entry.failure?.kind], ['rejected', 'message refused'])
      }
      assert.match((await outgoing.entry(refused)).failure?.reply ?? '', /It is refused/)
      assert.equal((await outgoing.until(good, isEnded)).state, 'accepted')
      await untilDelivered(kind, 'good', 1)
    })

    test('a wrong password holds the account, and says so', async () => {
      const accountId = await senderAt(kind, 'starttls', { password: 'wrong' })
      const id = await put(accountId, 'wrong', ['you@example.org'])
      const entry = await outgoing.until(id, wasTried)
      assert.deepEqual([entry.state, entry.failure?.kind], ['deferred', 'credentials refused'])
      const { body } = await stack.call('GET', `/accounts/${accountId}`)
      assert.equal((body['sending'] as AccountSending).state, 'held')
      await stack.stopWorker()
    })

    test('a worker that is killed in the middle: nobody gets it twice, and it is unknown only behind the dot', async () => {
      const places = ['before envelope', 'before body', 'before dot', 'after answer', 'before settle']
      const messages = await Promise.all(
        places.map(async (place) => {
          const accountId = await senderAt(kind)
          return { place, accountId, id: await put(accountId, place, ['you@example.org']) }
        }),
      )
      const doomed = await untilSenderDoomed({
        places: Object.fromEntries(messages.map(({ accountId, place }) => [accountId, place])),
        outbox: outgoing.folder,
        redisUrl: stack.server.url,
        store: stack.dovecot.store,
        secretKey: stack.secretKey.toString('hex'),
        leaseMs,
        ca: ca(),
      })
      assert.equal(doomed, 'SIGKILL')
      await startSending()
      for (const { place, id } of messages) {
        const { recipients } = await outgoing.until(id, isEnded)
        const isUnknown = ['before dot', 'after answer', 'before settle'].includes(place)
        assert.equal(recipients[0]?.state, isUnknown ? 'unknown' : 'accepted', place)
        const times = place === 'before dot' ? 0 : 1
        if (times > 0) await untilDelivered(kind, place, times)
        assert.equal(deliveredTo(kind, place).length, times, place)
      }
      await stack.stopWorker()
    })
  })
