/**
 * `npm run bench -- send`: many messages of many accounts go out to a server that takes everything; says how quickly, how often each, and what
 * the worker takes of memory. Wanted: each once, and no more memory for a large one.
 *
 *   --messages 10000   --accounts 100   --large-mib 150
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { startDoomedSender } from '../test/support/doomed-senders.ts'
import { outgoingLetter, outgoingOf } from '../test/support/outgoing.ts'
import { honest } from '../test/support/sasl-server.ts'
import { startScriptedSmtp } from '../test/support/scripted-smtp.ts'
import { startStack } from '../test/support/stack.ts'
import { until } from '../test/support/until.ts'
import { verdict } from './verdict.ts'

const { values } = parseArgs({
  args: process.argv.slice(2).filter((word) => word !== 'send'),
  options: {
    messages: { type: 'string', default: '10000' },
    accounts: { type: 'string', default: '100' },
    'large-mib': { type: 'string', default: '150' },
  },
})
const [messages, accounts, largeMib] = [values.messages, values.accounts, values['large-mib']].map(Number) as [
  number,
  number,
  number,
]

const stack = await startStack()
const outgoing = outgoingOf(stack)
const sink = await startScriptedSmtp({
  auth: { mechanisms: ['PLAIN'], plays: honest() },
  extensions: ['PIPELINING', 'SIZE 1000000000', '8BITMIME'],
})
const destinationId = await stack.destination('alice')
const smtp = { host: '127.0.0.1', port: sink.port, tls: 'none' }
const senders: string[] = []
for (let nth = 0; nth < accounts; nth += 1)
  senders.push(await stack.account({ destinationId, port: 20_000 + nth, smtp }))

const puts = Array.from({ length: messages }, (_, nth) => nth)
const put = async () => {
  for (let nth = puts.pop(); nth !== undefined; nth = puts.pop())
    await outgoing.put({ accountId: senders[nth % accounts] ?? '', destinationId, bytes: outgoingLetter(nth) })
}
await Promise.all(Array.from({ length: 32 }, put))

const beganMs = performance.now()
const worker = startDoomedSender({
  places: {},
  outbox: outgoing.folder,
  redisUrl: stack.server.url,
  store: stack.dovecot.store,
  secretKey: stack.secretKey.toString('hex'),
  leaseMs: 30_000,
})
const peakMib = () => {
  const status = readFileSync(`/proc/${worker.pid}/status`, 'utf8')
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024)
}
const pending = async () => await outgoing.sendings.countOf(destinationId)
await until('all to be sent', async () => (await pending()) === 0, 1_800_000)
const seconds = (performance.now() - beganMs) / 1000
const subjects = sink.mails.map(({ bytes }) => /Subject: (.*)\r/.exec(String(bytes))?.[1])
const beforeMib = peakMib()

const piece = Buffer.from(`${'x'.repeat(70)}\r\n`.repeat(910))
const pieces = Array.from({ length: Math.ceil((largeMib * 1024 * 1024) / piece.length) }, () => piece)
await outgoing.put({ accountId: senders[0] ?? '', destinationId, bytes: [outgoingLetter('large'), ...pieces] })
await until('the large one to be sent', async () => (await pending()) === 0, 600_000)

process.stdout.write(
  `${[
    verdict(
      new Set(subjects).size === messages && subjects.length === messages,
      `${subjects.length} messages came, ${new Set(subjects).size} of ${messages} different ones, in ${seconds.toFixed(1)} s (${(messages / seconds).toFixed(0)} a second)`,
    ),
    verdict(beforeMib < 300, `${beforeMib} MiB at most of the worker`),
    verdict(peakMib() - beforeMib < 60, `${peakMib() - beforeMib} MiB more for a message of ${largeMib} MiB`),
  ].join('\n')}\n`,
)
worker.kill('SIGTERM')
await stack.stop()
await sink.close()
await outgoing.remove()
