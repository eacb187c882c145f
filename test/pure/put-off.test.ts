/** A visit that a server turns away because we are too many there is put off; a server that means the account is believed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Failure } from '../../src/failure/failure.ts'
import { type AccountState, defaultState } from '../../src/redis/accounts.ts'
import { isUntroubled } from '../../src/runs/idle-row.ts'
import type { Run } from '../../src/runs/run.ts'
import { workerLimits } from '../../workers/limits.ts'
import type { PullWorld } from '../../workers/pull-world.ts'
import { putOff, type ShutOut, stillAgainMs } from '../../workers/put-off.ts'
import { account } from '../support/world.ts'

const turned: Failure = { kind: 'throttled', server: 'pop.example.net:995', reply: '-ERR Too many connections' }

/** A world in which no account was tested. @param isShared whether other sessions of ours are at the server. */
function worldWith(isShared: boolean) {
  const changed: Run[] = []
  let state: AccountState = defaultState
  const world = {
    redis: { hgetall: async () => await Promise.resolve({}) },
    runs: { change: async (run: Run) => void changed.push(run) },
    clock: { nowMs: () => Date.now() },
    due: { isShared: async () => await Promise.resolve(isShared) },
    accounts: {
      state: async () => await Promise.resolve(state),
      setState: async (_id: string, after: AccountState) => {
        state = after
      },
    },
  } as unknown as PullWorld
  const log = { info: () => {}, warn: () => {} }
  const shutOut = (failure: Failure) =>
    ({ run: { task: 'pull', state: 'running' }, loaded: { account }, failure, log }) as unknown as ShutOut
  return {
    changed,
    put: async (failure: Failure) => await putOff(world, shutOut(failure)),
    state: () => state,
    standStill: async () => await stillAgainMs(world, account.id),
  }
}

test('an account that is turned away among others of ours waits for seconds, twice; the third time it counts', async () => {
  const { changed, put, state } = worldWith(true)
  for (const least of workerLimits.turnedAwayMs) {
    const forMs = await put(turned)
    assert.ok(forMs !== undefined && forMs >= least && forMs <= 2 * least)
  }
  assert.deepEqual([state().failures, state().lastFailure], [0, null], 'nothing has failed')
  assert.deepEqual(
    changed.map((run) => run.state),
    workerLimits.turnedAwayMs.map(() => 'queued'),
  )
  assert.match(changed[0]?.notices[0] ?? '', /takes fewer sessions at once than we had there/)
  assert.equal(await put(turned), undefined)
  assert.equal(changed.length, workerLimits.turnedAwayMs.length)
})

test('who was alone at its server is throttled, and so is whoever is told a time or LOGIN-DELAY', async () => {
  assert.equal(await worldWith(false).put(turned), undefined)
  const { put } = worldWith(true)
  assert.equal(await put({ ...turned, backOffMs: 600_000 }), undefined)
  assert.equal(await put({ ...turned, reply: '-ERR [LOGIN-DELAY] too soon' }), undefined)
  assert.equal(await put({ kind: 'maildrop in use', server: 'a', reply: '-ERR [IN-USE]' }), undefined)
})

test('an account whose server stood still comes again soon, and later each time in a row; that is no failure', async () => {
  const { standStill, state } = worldWith(true)
  const times = workerLimits.stillAgainMs
  for (const least of [...times, ...times.slice(-1), ...times.slice(-1)]) {
    const forMs = await standStill()
    assert.ok(forMs >= least && forMs <= 2 * least, `${forMs}`)
  }
  assert.deepEqual([state().failures, state().lastFailure, state().stoodStill], [0, null, times.length + 2])
  assert.ok(!isUntroubled(state()), 'the next visit that goes well forgets it')
})

test('a maildrop that the session still holds which we left at a server that stood still is no failure, for some minutes', async () => {
  const inUse: Failure = { kind: 'maildrop in use', server: 'pop.example.net:995', reply: '-ERR [IN-USE] locked' }
  const { put, standStill, changed, state } = worldWith(true)
  await standStill()
  let waitedMs = 0
  for (let nth = 1; nth < workerLimits.stillLockedMax; nth += 1) {
    const forMs = await put(inUse)
    const least = workerLimits.stillAgainMs[Math.min(nth, workerLimits.stillAgainMs.length - 1)] ?? 0
    assert.ok(forMs !== undefined && forMs >= least && forMs <= 2 * least, `${forMs}`)
    waitedMs += forMs
  }
  assert.ok(waitedMs > 3 * 60_000)
  assert.match(changed[0]?.notices[0] ?? '', /still had our last session, which we left because it stood still/)
  assert.deepEqual([state().failures, state().lastFailure], [0, null])
  assert.equal(await put(inUse), undefined)
})
