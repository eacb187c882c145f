/**
 * Chance against somebody else's store: whatever it answers, every run and every reading ends, says so in a sentence, holds nobody else up,
 * and nothing is deleted at the provider that the store does not hold.
 */
import assert from 'node:assert/strict'
import { after, test, type TestContext } from 'node:test'
import { underSignals } from '../../src/deadline.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { describe } from '../../src/failure/sentences.ts'
import { bodyOf } from '../../src/imap/body.ts'
import { messagesOf } from '../../src/imap/listing.ts'
import { tryLogin } from '../../src/imap/login.ts'
import { messageOf, streamOf } from '../../src/imap/message.ts'
import { StorePool } from '../../src/imap/pool.ts'
import { foldersOf, type Reader, Unreadable, usualReadWaits } from '../../src/imap/reading.ts'
import { usageOf } from '../../src/imap/usage.ts'
import { hour } from '../../src/units.ts'
import { Chance } from '../support/chance.ts'
import { fuzz } from '../support/fuzz.ts'
import { startHostileStore } from '../support/hostile-store.ts'
import { type ScriptedStore, startImapServer } from '../support/imap-server.ts'
import { readableStore } from '../support/readable-store.ts'
import { takenMeanwhileMs, watchLoop } from '../support/stretches.ts'
import { letter, TestWorld } from '../support/world.ts'

const nobody = { host: '127.0.0.1', port: 1, tls: 'none', masterUser: 'm', masterPassword: 'm' } as const
const alerts: string[] = []
const pulling = new StorePool(nobody, { lateMs: 1, leaveWaitMs: 10, alerted: (_, words) => alerts.push(words) })
const reading = new StorePool(nobody, {
  leaveWaitMs: 10,
  purpose: 'read',
  alerted: (_, words) => alerts.push(words),
})
after(async () => {
  await pulling.close()
  await reading.close()
})

const uncaught: unknown[] = []
process.on('uncaughtExceptionMonitor', (error) => uncaught.push(error))
process.on('unhandledRejection', (error) => uncaught.push(error))

const user = 'me@example.net'
const password = 'Zq7-rosebud-41x'
/** In every form in which it goes over the line. */
const secrets = [
  password,
  Buffer.from(`\0${user}\0${password}`).toString('base64'),
  Buffer.from(password).toString('base64'),
]

/** The loop may be held for so long, in milliseconds of the processor: the hostile store works in it too. */
const heldMsMax = 250
const grownMax = 300 * 2 ** 20

function isSentence(text: string): void {
  assert.doesNotMatch(text, /[\p{Cc}\p{Cs}]|undefined|\[object/u, text)
  for (const secret of secrets) assert.ok(!text.includes(secret), `a secret is told: ${text}`)
}

const sets: readonly (readonly string[])[] = [
  ['IMAP4rev1', 'LITERAL+', 'MULTIAPPEND', 'UIDPLUS', 'BINARY', 'ID', 'NAMESPACE', 'MOVE'],
  ['IMAP4rev1', 'MULTIAPPEND', 'UIDPLUS', 'ID', 'NAMESPACE', 'AUTH=PLAIN', 'SASL-IR'],
  ['IMAP4rev1', 'LITERAL-', 'UIDPLUS', 'ESEARCH', 'STATUS=SIZE'],
  ['IMAP4rev1'],
]

/** Makes the time pass, and watches the loop and the memory. */
async function impatient(t: TestContext, play: () => Promise<void>): Promise<void> {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let isOver = false
  let turns = 0
  let peak = 0
  const before = process.memoryUsage.rss()
  const pass = () => {
    if (isOver) return
    if ((turns += 1) % 25 === 0) t.mock.timers.tick(5000)
    if (turns % 20 === 0) peak = Math.max(peak, process.memoryUsage.rss() - before)
    setImmediate(pass)
  }
  pass()
  await play().finally(() => {
    isOver = true
  })
  t.diagnostic(`${Math.round(peak / 2 ** 20)} MiB more`)
  assert.ok(peak < grownMax, `${peak} octets more`)
  assert.deepEqual(uncaught, [])
}

async function watched(what: () => string, play: () => Promise<void>): Promise<void> {
  const watch = watchLoop()
  try {
    await play()
  } catch (error) {
    throw new Error(`${what()}: ${error instanceof Error ? error.stack : String(error)}`, { cause: error })
  } finally {
    watch.stop()
  }
  const held = watch.stop()
  assert.ok(held < heldMsMax, `${what()}: the loop was held for ${held} ms`)
}

function held(server: ScriptedStore): Set<string> {
  return new Set(server.stored.map(({ literal }) => /Subject: (\w+)/.exec(literal.toString('latin1'))?.[1] ?? ''))
}

let ids = 0

fuzz(
  'a store that answers anything: every run ends, and what is gone at the provider is in the store',
  { cases: 6, share: 0.45 },
  async (chance) => {
    const subjects = Array.from({ length: 1 + chance.below(6) }, (_, nth) => `nr${nth}`)
    const lies = chance.happens(0.3)
    let uid = 1000
    const server = await startImapServer({
      capabilities: chance.of(sets),
      password,
      // It lies: what it says of the messages that it has taken is whole, and it keeps a part of them.
      ...(lies
        ? {
            keeps: (all) => all.slice(0, chance.below(all.length + 1)),
            saysOfStored: (all) => {
              uid += all.length
              return `OK [APPENDUID 4711 ${uid - all.length}:${uid - 1}] done`
            },
          }
        : {}),
    })
    const hostile = await startHostileStore(server.port, chance)
    const id = `fuzz ${(ids += 1)}`
    const world = new TestWorld(subjects.map((subject) => ({ bytes: letter(subject), uidl: subject })))
    world.setAsideAfterMs = 24 * hour
    const mode = chance.of(['keep', 'delete', 'delete'] as const)
    const target = { host: '127.0.0.1', port: hostile.port, tls: 'none', user, password } as const
    const folder = chance.of(['INBOX', 'Work', 'a/b'])
    try {
      await watched(
        () => hostile.deeds.join(', '),
        async () => {
          for (let visit = 0; visit < 3; visit += 1) {
            world.nowMs += hour
            try {
              world.realStore = await pulling.store({ kind: 'imap', id, ...target }, { looksAfter: mode !== 'keep' })
              await world.pull({ folder, retention: { mode } })
            } catch (error) {
              if (!(error instanceof SessionFailed)) throw error
              assert.match(error.failure.kind, /^(?:store unreachable|store refused|store full|throttled|tls)$/)
              isSentence(describe(error.failure))
            }
            const there = held(server)
            const atProvider = new Set(world.provider.map(({ uidl }) => uidl))
            for (const subject of subjects)
              assert.ok(there.has(subject) || atProvider.has(subject), `${subject} is lost`)
          }
          for (const notice of world.notices) isSentence(JSON.stringify(notice))
          for (const words of alerts.splice(0)) isSentence(words)
        },
      )
    } finally {
      await hostile.close()
      await server.close()
    }
  },
  impatient,
)

fuzz(
  'a store that answers anything: every reading of it ends, and tells what it can',
  { cases: 6, share: 0.45 },
  async (chance) => {
    const server = await startImapServer({
      ...readableStore,
      capabilities: [...chance.of(sets), ...chance.of([[], ['SORT']])],
      password,
    })
    const hostile = await startHostileStore(server.port, chance)
    const target = { host: '127.0.0.1', port: hostile.port, tls: 'none', user, password } as const
    const id = `fuzz ${(ids += 1)}`
    const read = async <T>(work: (reader: Reader) => Promise<T>): Promise<T | undefined> => {
      try {
        const waits = usualReadWaits
        const use = async (end: AbortSignal) =>
          await reading.borrow(
            { kind: 'imap', id, ...target },
            async (client) => {
              end.addEventListener('abort', () => client.close(), { once: true })
              return await work({ client, waits })
            },
            end,
          )
        const result = await underSignals([], use, waits.endMs)
        assert.doesNotMatch(JSON.stringify(result) ?? '', /NaN|\[object/)
        return result
      } catch (error) {
        if (error instanceof SessionFailed) isSentence(describe(error.failure))
        else if (!(error instanceof Unreadable)) throw error
        return undefined
      }
    }
    const told = async (work: () => Promise<unknown>) => {
      await work().catch((error: unknown) => {
        if (!(error instanceof SessionFailed)) throw error
        isSentence(describe(error.failure))
      })
    }
    try {
      await watched(
        () => hostile.deeds.join(', '),
        async () => {
          for (const step of readings(chance)) await read(step)
          await told(async () => await usageOf(target))
          await told(async () => await tryLogin(target))
          for (const words of alerts.splice(0)) isSentence(words)
        },
      )
    } finally {
      await hostile.close()
      await server.close()
    }
  },
  impatient,
)

/** What the API does for people. */
function readings(chance: Chance): ((reader: Reader) => Promise<unknown>)[] {
  const place = { folder: 'INBOX', uid: 2 }
  const listed = { folder: 'INBOX', unread: chance.happens(0.3), limit: 50 }
  return [
    foldersOf,
    async (reader) => await messagesOf(reader, listed),
    async (reader) =>
      await messagesOf(reader, { ...listed, search: 'x', from: { kind: 'cursor' as const, cursor: '4711:1:3' } }),
    async (reader) => {
      const { parts } = await messageOf(reader, place)
      return await bodyOf(reader, place.uid, parts, { images: true })
    },
    async (reader) => await drained(reader, place, '2'),
    async (reader) => await drained(reader, place, undefined),
  ]
}

async function drained(reader: Reader, place: Parameters<typeof streamOf>[1], part: string | undefined) {
  let octets = 0
  await streamOf(reader, place, part, (content) => {
    content.on('data', (chunk: Buffer) => {
      octets += chunk.length
      if (octets > 100_000_000) content.destroy()
    })
    content.on('error', () => {})
  }).catch((error: unknown) => {
    if (error instanceof SessionFailed || error instanceof Unreadable) throw error
    // The download ended early.
    if (!(error instanceof Error)) throw error
  })
  return octets
}

test('while stores flood whoever asks them, an account at another store is served', { timeout: 600_000 }, async (t) => {
  const honest = await startImapServer({ password })
  const flooding = await startImapServer({ password })
  const floods = await Promise.all(
    ['one line for ever', 'lines that never end', 'lists that never end', 'a literal that never comes'].map(
      async (act, nth) => await startHostileStore(flooding.port, new Chance(nth), [act], 'NAMESPACE'),
    ),
  )
  const at = (port: number, id: string) =>
    ({ kind: 'imap', id, host: '127.0.0.1', port, tls: 'none', user, password }) as const
  const run = async (port: number, id: string) => {
    const world = new TestWorld([{ bytes: letter('one'), uidl: id }])
    world.realStore = await pulling.store(at(port, id))
    await world.pull()
  }
  const over = new AbortController()
  const flooded = floods.map(async ({ port }, nth) => {
    while (!over.signal.aborted)
      await run(port, `flood ${nth}`).catch((error: unknown) => {
        if (!(error instanceof SessionFailed)) throw error
      })
  })
  try {
    const lasted: number[] = []
    for (let nth = 0; nth < 10; nth += 1)
      lasted.push(await takenMeanwhileMs(async () => await run(honest.port, `neighbour ${nth}`)))
    over.abort()
    t.diagnostic(`${lasted.map(Math.round).join(' ')} ms`)
    assert.equal(honest.stored.length, 10)
    assert.ok(Math.max(...lasted) < 5000, `${lasted.join()} ms`)
  } finally {
    over.abort()
    for (const flood of floods) await flood.close()
    await Promise.all(flooded)
    await Promise.all([honest.close(), flooding.close()])
  }
})
