/**
 * `npm run bench -- listings`: how much memory one worker takes while it visits four maildrops of 900,000 messages at once.
 *
 *   --messages 900000   --maildrops 4   --only known,nothing,dated   --seconds 90 (for the two that would go on for hours)
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { childIdentity, handOver } from '../deploy/identity.ts'
import type { Account } from '../src/account/account.ts'
import { newRecord } from '../src/ledger/ledger.ts'
import { encodeRecord, recordOctets } from '../src/ledger/record-codec.ts'
import { fieldsOf, headerFingerprint, headerOf, shortHash, uidlHash } from '../src/mail/header.ts'
import type { Uidl } from '../src/mail/message.ts'
import { keys } from '../src/redis/key-names.ts'
import { PullQueue } from '../src/redis/queue.ts'
import { Runs } from '../src/redis/runs.ts'
import { freePorts } from '../test/support/ports.ts'
import { startGateway } from '../test/support/gateway.ts'
import { hugeMessage, hugeUidl, startHugeProvider } from '../test/support/huge-provider.ts'
import { watch } from './usage.ts'
import { verdict } from './verdict.ts'

const { values: options } = parseArgs({
  options: {
    messages: { type: 'string', default: '900000' },
    maildrops: { type: 'string', default: '4' },
    only: { type: 'string', default: 'known,nothing,dated' },
    seconds: { type: 'string', default: '90' },
  },
})
const [messages, maildrops, seconds] = [Number(options.messages), Number(options.maildrops), Number(options.seconds)]
const wantedMiB = 300
const dayMs = 86_400_000
/** So many messages at the end of each maildrop are new. */
const fresh = 3

const cases = {
  known: { what: 'all but three known, the whole way', known: messages - fresh, retention: { mode: 'keep' } },
  nothing: { what: 'nothing known: a first import', known: 0, retention: { mode: 'keep' } },
  dated: {
    what: 'all stored, and due for deletion by keepDays',
    known: messages,
    retention: { mode: 'keepDays', days: 30 },
  },
} as const satisfies Record<string, { what: string; known: number; retention: Account['retention'] }>

/** A ledger that knows the first messages of a maildrop, as they are. */
function ledgerOf(port: number, known: number): Buffer {
  const packed = Buffer.allocUnsafe(known * recordOctets)
  for (let nth = 1; nth <= known; nth += 1) {
    const text = Buffer.from(hugeMessage(port, nth))
    const fingerprint = headerFingerprint(fieldsOf(headerOf(text)))
    const identity = {
      uidl: uidlHash(hugeUidl(port, nth) as Uidl),
      fingerprint,
      digest: shortHash(text),
      size: text.length,
    }
    encodeRecord(newRecord('stored', identity, Date.now() - 40 * dayMs)).copy(packed, (nth - 1) * recordOctets)
  }
  return packed
}

async function measure({ what, known, retention }: (typeof cases)[keyof typeof cases]): Promise<void> {
  const folder = mkdtempSync('/tmp/tributary-listings-')
  handOver(folder, childIdentity([]))
  const ports = await freePorts(maildrops)
  const provider = await startHugeProvider({ ports, messages })
  const gateway = await startGateway(folder, ports.map(String))
  const { redis } = gateway
  const runs = new Runs(redis)
  const queue = new PullQueue(redis, runs, { onError: () => {} })
  try {
    const accounts: Account[] = []
    for (const port of ports) {
      const destinationId = await gateway.destination(String(port))
      const [account] = await gateway.register([
        { port, user: String(port), password: 'secret', destinationId, paused: true, retention },
      ])
      if (account === undefined) throw new Error('there is no account')
      accounts.push(account)
      if (known === 0) continue
      await redis.set(keys.ledger(account.id), ledgerOf(port, known))
      await redis.hset(keys.ledgerNotes(account.id), 'begun', '1')
    }
    const worker = await gateway.startWorker()
    try {
      // What the worker takes by itself is measured as well.
      const watched = watch({ worker: worker.pid, redis: gateway.server.pid })
      const beganMs = performance.now()
      const requested = await Promise.all(accounts.map(async ({ id }) => await queue.request(id)))
      const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), seconds * 1000).unref())
      const ended = await Promise.race([
        Promise.all(requested.map(async ({ id }) => await runs.waitForEnd(id, 3_600_000))),
        late,
      ])
      const tookSeconds = (performance.now() - beganMs) / 1000
      const { worker: used } = watched.stop()
      const seen = await provider.see()
      const all = ended ?? (await Promise.all(requested.map(async ({ id }) => await runs.get(id))))
      const told = all.map((run) => {
        const listed = run?.listed ?? 0
        return `${run?.state}: ${listed} listed, ${run?.stored} stored, ${run?.deleted} deleted${run?.failure ? `, ${JSON.stringify(run.failure)}` : ''}`
      })
      const words = `${maildrops} × ${messages} messages, ${what}: ${used.peakMiB.toFixed(0)} MiB at the most (${wantedMiB} wanted), ${tookSeconds.toFixed(0)} s, ${used.cpuSeconds.toFixed(1)} s of CPU`
      process.stdout.write(`${verdict(used.peakMiB <= wantedMiB, words)}\n`)
      for (const line of told) process.stdout.write(`  ${line}\n`)
      process.stdout.write(`  ${seen.listingsMost} listings were sent at once; ${JSON.stringify(seen.commands)}\n`)
      for (const line of gateway.said.slice(0, 5)) process.stdout.write(`  ${line}\n`)
    } finally {
      await worker.stop(30_000)
    }
  } finally {
    await queue.close()
    await runs.close()
    await gateway.stop()
    await provider.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

for (const [name, one] of Object.entries(cases)) if (options.only.split(',').includes(name)) await measure(one)
