/**
 * `npm run bench -- deleting`: what it takes to remove an account of which very many messages are known, and a destination that holds their mail.
 * What a run takes that deletes so many at the provider is measured by `npm run bench -- large deleted`.
 *
 *   --messages 100000
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { childIdentity, handOver } from '../deploy/identity.ts'
import { PullQueue } from '../src/redis/queue.ts'
import { Runs } from '../src/redis/runs.ts'
import { freePorts } from '../test/support/ports.ts'
import { endAll, type Ends } from '../test/support/ends.ts'
import { startGateway } from '../test/support/gateway.ts'
import { startQuietProvider } from '../test/support/quiet-provider.ts'
import { pullWaitMs } from './peers.ts'
import { watch } from './usage.ts'

const { values: options } = parseArgs({ options: { messages: { type: 'string', default: '100000' } } })
const messages = Number(options.messages)
const say = (line: string) => process.stdout.write(`${line}\n`)

/** Asks one question after another until it is stopped. @returns how long the slowest answer took, in milliseconds. */
function slowest(ask: () => Promise<unknown>): () => Promise<number> {
  const over = new AbortController()
  let longestMs = 0
  const asked = (async () => {
    while (!over.signal.aborted) {
      const beganMs = performance.now()
      await ask()
      longestMs = Math.max(longestMs, performance.now() - beganMs)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  })()
  return async () => {
    over.abort()
    await asked
    return longestMs
  }
}

async function bench(ends: Ends): Promise<void> {
  const folder = mkdtempSync('/tmp/tributary-deleting-')
  ends.push(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  handOver(folder, childIdentity([]))
  const ports = await freePorts(1)
  const provider = await startQuietProvider({ ports, messages })
  ends.push(async () => await provider.stop())
  const gateway = await startGateway(folder, ['many'])
  ends.push(async () => await gateway.stop())
  const { redis, server, store } = gateway
  const [api, worker] = [await gateway.startApi(), await gateway.startWorker()]
  ends.push(async () => await Promise.all([api.stop(), worker.stop(20_000)]))
  const destinationId = await gateway.destination('many')
  const [account] = await gateway.register([
    { port: ports[0] ?? 0, user: 'me', password: 'secret', destinationId, paused: true },
  ])
  if (account === undefined) throw new Error('there is no account')
  const runs = new Runs(redis)
  const queue = new PullQueue(redis, runs, { onError: () => {} })
  ends.push(async () => await Promise.all([queue.close(), runs.close()]))
  const run = await runs.waitForEnd((await queue.request(account.id)).id, pullWaitMs)
  if (run?.stored !== messages) throw new Error(`${JSON.stringify(run)}\n${gateway.said.join('\n')}`)

  const measure = async (what: string, path: string) => {
    const watched = watch({ worker: worker.pid, redis: server.pid, store: store.pid(), api: api.pid })
    const ofRedis = slowest(async () => await redis.ping())
    const ofApi = slowest(async () => await api.call('GET', '/destinations?limit=1'))
    const beganMs = performance.now()
    const { status, body } = await api.call('DELETE', path)
    const seconds = (performance.now() - beganMs) / 1000
    if (status !== 204) throw new Error(`DELETE ${path}: ${status} ${JSON.stringify(body)}`)
    const [redisMs, apiMs] = [await ofRedis(), await ofApi()]
    say(
      `${what}: ${seconds.toFixed(2)} s; the slowest answer meanwhile: Redis ${redisMs.toFixed(0)} ms, API ${apiMs.toFixed(0)} ms`,
    )
    for (const [part, { cpuSeconds, peakMiB }] of Object.entries(watched.stop()))
      say(`  ${part}: ${cpuSeconds.toFixed(2)} s of CPU, ${peakMiB.toFixed(0)} MiB at the most`)
  }
  await measure(`An account that knows ${messages} messages`, `/accounts/${account.id}`)
  await measure('The destination, with its mail', `/destinations/${destinationId}?purge=true`)
}

const ends: Ends = []
try {
  await bench(ends)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
} finally {
  await endAll(ends)
  process.exit()
}
