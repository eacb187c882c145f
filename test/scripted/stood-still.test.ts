/** A process that stood still for longer than an answer may take finds its waits at their end: what came meanwhile is read before a server is silent, or too slow. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Behaviour } from '../support/pop3-server.ts'
import { holds, lettersOf, providerOf, went } from '../support/visits.ts'

const messages = lettersOf('a', 'b', 'c')

/** Stands still as under SIGSTOP: nothing of this process runs. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

/** Each answer to such a command is sent when the wait for it is over. */
const late = (verb: string): NonNullable<Behaviour['mangles']> => {
  return (reply, command) => {
    if (command.startsWith(verb)) standStill(500)
    return reply
  }
}

for (const verb of ['CAPA', 'PASS', 'UIDL', 'RETR', 'QUIT'])
  test(`an answer that came while this process stood still is no silence: ${verb}`, async (t) => {
    const waits = { replyMs: 200, capaMs: 200, listingMs: 200, quitMs: 200 }
    const provider = await providerOf(t, { messages, mangles: late(verb) }, waits)
    went(await provider.visit({ retention: { mode: 'delete' } }), { stored: 3, deleted: 3 })
    holds(provider, messages)
    assert.deepEqual([...provider.traits], [])
  })

test('a silence is one all the same', async (t) => {
  const silent = await providerOf(t, { messages, silentOn: 'UIDL', mangles: late('UIDL') }, { listingMs: 200 })
  assert.equal((await silent.visit()).failure?.kind, 'silent')
})

test('octets that came while this process stood still count before a server is too slow', async (t) => {
  let retrieves = 0
  const mangles: Behaviour['mangles'] = (reply, command) => {
    // The rate is looked at as soon as the loop turns again.
    if (command.startsWith('RETR') && (retrieves += 1) === 1) standStill(2000)
    return reply
  }
  const provider = await providerOf(t, { messages, mangles }, { leastRateMs: 100 })
  went(await provider.visit(), { stored: 3 })
})
