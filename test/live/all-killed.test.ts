import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { connectRedis } from '../../src/redis/connection.ts'
import type { Run } from '../../src/runs/run.ts'
import { assertAgree, assertEachOnce, assertNoneLost, ledgerOf } from '../support/audit.ts'
import { startDovecot } from '../support/dovecot.ts'
import { alive, commandOf, familyOf } from '../support/family.ts'
import { callInstance, instancePorts, settingsOf } from '../support/instance.ts'
import { seeded } from '../support/pieces.ts'
import { readFolder } from '../support/reader.ts'
import { until, untilTold } from '../support/until.ts'

const letters = Array.from({ length: 2000 }, (_, nth) =>
  Buffer.from(`Message-ID: <${nth}@example.org>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n\r\nThe ${nth}th.\r\n`),
)
/** Each in its own moment when all is killed. */
const logins = ['one', 'two', 'three']
/** Pulled before the others and left in peace: it tells how long a run lives on this machine. */
const rehearsal = 'rehearsal'
const kills = 3

const seed = Number(process.env['TRIBUTARY_TEST_SEED'] ?? Date.now() % 1_000_000)
const random = seeded(seed)

test(`everything killed at once, ${kills} times in a row at random moments: every message is stored once`, async (t) => {
  t.diagnostic(`TRIBUTARY_TEST_SEED=${seed}`)
  const folder = mkdtempSync('/tmp/tributary-whole-')
  const provider = await startDovecot(
    Object.fromEntries([rehearsal, ...logins].map((login) => [login, 'secret'])),
    Object.fromEntries([rehearsal, ...logins].map((login) => [login, letters])),
  )
  const ports = await instancePorts()

  /** `npm start`, but for what start.mjs does before it hands over. */
  const start = async () => {
    const child = spawn(process.execPath, ['dist/deploy/run.js'], {
      env: {
        PATH: process.env['PATH'],
        TRIBUTARY_HOME: join(folder, 'home'),
        TRIBUTARY_WORKERS: '2',
        ...settingsOf(ports),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const saying = async (what: string, since = 0) =>
      await until(what, () => {
        assert.equal(child.exitCode, null, said)
        return said.includes(what, since)
      })
    await saying('Tributary is running.')
    return {
      hasSaid: (what: string) => said.includes(what),
      redisSocket() {
        const title = familyOf(child.pid ?? 0)
          .map(commandOf)
          .find((command) => command.startsWith('redis-server'))
        return /unixsocket:([^\s\0]+)/.exec(title ?? '')?.[1] ?? ''
      },
      async kill(signal: 'SIGKILL' | 'SIGTERM') {
        const family = familyOf(child.pid ?? 0)
        const exited = once(child, 'exit')
        // The parent first: it would start its children again.
        for (const pid of signal === 'SIGKILL' ? [child.pid ?? 0, ...family] : [child.pid ?? 0])
          if (alive([pid]).length > 0) process.kill(pid, signal)
        await exited
        await until('the end of all', () => alive(family).length === 0)
      },
    }
  }
  const call = async (method: string, path: string, body?: object) => {
    const token = readFileSync(join(folder, 'home', 'admin-token'), 'utf8').trim()
    return await callInstance(ports, token, method, path, body)
  }
  const stored = async (login: string) => await readFolder(ports.imap, login, 'wonder')
  const left = async (login: string) => await readFolder(provider.imapPort, login, 'secret')

  let local = await start()
  try {
    const register = async (login: string) => {
      const destination = await call('POST', '/destinations', { kind: 'hosted', login, password: 'wonder' })
      const { id } = await call('POST', '/accounts', {
        address: `${login}@example.net`,
        host: '127.0.0.1',
        port: provider.pop3Port,
        tls: 'none',
        user: login,
        password: 'secret',
        destinationId: destination.id,
        retention: { mode: 'delete' },
        paused: true,
      })
      return id
    }
    const pull = async (id: string, wait = 0) =>
      (await call('POST', `/accounts/${id}/pull?wait=${wait}`)) as object as Run
    const undisturbed = await pull(await register(rehearsal), 60)
    const runMs = Date.parse(undisturbed.finishedAt ?? '') - Date.parse(undisturbed.startedAt ?? '')
    const ids = []
    for (const login of logins) ids.push({ login, id: await register(login) })
    const accounts = await Promise.all(ids.map(async (one) => ({ ...one, runId: (await pull(one.id)).id })))
    const runOf = async (runId: string) => (await call('GET', `/runs/${runId}`)) as object as Run
    const areOver = async () => {
      const runs = await Promise.all(accounts.map(async ({ runId }) => await runOf(runId)))
      return runs.every(({ finishedAt }) => finishedAt !== null)
    }
    let killed = 0
    for (; killed < kills; killed += 1) {
      // After a start only once the leases of those that were killed have ended.
      const begun = killed === 0 ? '"accountId":"' + (accounts[0]?.id ?? '') : '"run started"'
      const seen = await untilTold('a run', async () => (local.hasSaid(begun) ? 'begun' : (await areOver()) && 'over'))
      if (seen === 'over') break
      await new Promise((resolve) => setTimeout(resolve, random() * 2 * runMs))
      await local.kill('SIGKILL')
      local = await start()
      for (const { login } of accounts) assertNoneLost(await stored(login), await left(login), letters)
    }
    assert.ok(killed > 0)
    t.diagnostic(`killed ${killed} times, a run taking ${runMs} ms`)
    for (const { id, login, runId } of accounts) {
      const run = await untilTold('the end of the run', async () => {
        const seen = await runOf(runId)
        return seen.finishedAt === null ? undefined : seen
      })
      // A store that was killed while it wrote may have to mend itself, and cut a run off for that.
      const runs = [run]
      while (runs.at(-1)?.failure !== null) {
        assert.ok(runs.length < 5, JSON.stringify(runs))
        runs.push(await pull(id, 60))
      }
      const again = await pull(id, 60)
      assert.deepEqual([again.stored, again.recovered, again.failure], [0, 0, null], JSON.stringify(runs))
      const { items: aside } = await call('GET', `/accounts/${id}/quarantine`)
      assert.deepEqual(aside, [], "a machine that goes as a whole is no message's fault")
      assertEachOnce(await stored(login), letters)
      assert.deepEqual(await left(login), [])
    }
    const redis = connectRedis(local.redisSocket(), 'api', () => {})
    for (const { id, login } of accounts) assertAgree(await ledgerOf(redis, id), await stored(login))
    redis.disconnect()
  } finally {
    await local.kill('SIGTERM')
    await provider.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})
