import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { soak } from '../soak/soak.ts'

const seed = Number(process.env['TRIBUTARY_TEST_SEED'] ?? randomInt(2 ** 31))

test('two minutes of faults of every kind: every message is stored once, and every account is well again', async (t) => {
  t.diagnostic(`TRIBUTARY_TEST_SEED=${seed}`)
  const { wrong, folder, messages, faults, settledSeconds } = await soak({
    seconds: 95,
    seed,
    settleSeconds: 100,
    patienceSeconds: 3,
    say: (line) => t.diagnostic(line),
  })
  t.diagnostic(`${messages} messages, ${JSON.stringify(faults)}, well after ${settledSeconds} s`)
  assert.deepEqual(
    wrong.slice(0, 20),
    [],
    `${wrong.length} things are wrong with seed ${seed}; the logs are in ${folder}`,
  )
})
