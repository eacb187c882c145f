/** Visits one account at one scripted provider again and again: session and pull are real, store and ledger are in memory. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Account } from '../../src/account/account.ts'
import type { FailureKind } from '../../src/failure/failure.ts'
import type { ServerTrait } from '../../src/account/server-traits.ts'
import type { Waits } from '../../src/pop3/waits.ts'
import { openMaildrop } from '../../src/pop3/open-maildrop.ts'
import { noCounts, type RunCounts } from '../../src/runs/run.ts'
import { describe } from '../../src/failure/sentences.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { type Behaviour, type MaildropMessage, type ScriptedServer, startPop3Server } from './pop3-server.ts'
import { letter, TestWorld } from './world.ts'

export interface Visit extends RunCounts {
  /** The failure that an operator reads; null: the run went well. */
  readonly failure: { readonly kind: FailureKind; readonly message: string } | null
  /** Why messages are deferred, if the run went well. */
  readonly because: { readonly kind: FailureKind; readonly message: string } | null
}

export interface Provider {
  readonly server: ScriptedServer
  readonly world: TestWorld
  /** The traits of this server that the sessions have learnt. */
  readonly traits: Set<ServerTrait>
  readonly visit: (changes?: Partial<Account>) => Promise<Visit>
}

/** Starts a provider that is closed when the test ends. */
export async function providerOf(t: TestContext, behaviour: Behaviour, waits: Partial<Waits> = {}): Promise<Provider> {
  const server = await startPop3Server(behaviour)
  t.after(() => server.close())
  const world = new TestWorld([])
  const traits = new Set<ServerTrait>()
  const shortWaits = { connectMs: 5000, replyMs: 5000, capaMs: 5000, listingMs: 5000, quitMs: 5000, ...waits }
  const where = { host: '127.0.0.1', port: server.port, tls: 'none', tlsVerify: true, tlsFingerprint: null } as const
  world.realMaildrop = async (pace) =>
    await openMaildrop({ ...where, user: 'me', password: 'secret', waits: shortWaits, traits, pace })
  return {
    server,
    world,
    traits,
    async visit(changes = {}) {
      const counts = noCounts()
      let failure: Visit['failure'] = null
      let because: Visit['because'] = null
      try {
        const reason = await world.pullInto(counts, { host: where.host, port: where.port, ...changes })
        if (reason !== undefined) because = { kind: reason.kind, message: withoutPlace(describe(reason)) }
      } catch (error) {
        if (!(error instanceof SessionFailed)) throw error
        assert.ok(!error.message.includes('secret'), 'no password in a failure')
        failure = { kind: error.failure.kind, message: withoutPlace(error.message) }
      }
      return { ...counts, failure, because }
    },
  }
}

function withoutPlace(sentence: string): string {
  return sentence.replace(/127\.0\.0\.1(?::\d+)?/g, 'SERVER')
}

/** Makes letters with these subjects, each with a UIDL of its own. */
export function lettersOf(...subjects: readonly string[]): MaildropMessage[] {
  return subjects.map((subject) => ({ bytes: letter(subject), uidl: `id-${subject}` }))
}

/** Asserts that exactly these messages are stored, each as often as it stands here. */
export function holds({ world }: Provider, messages: readonly MaildropMessage[]): void {
  const texts = messages.map(({ bytes }) => bytes.toString('latin1').replace(/\r?\n/g, '\r\n'))
  const whole = texts.map((text) => (text === '' || text.endsWith('\r\n') ? text : `${text}\r\n`))
  assert.deepEqual(world.bodies().toSorted(), whole.toSorted())
}

export function left({ server }: Provider): (string | undefined)[] {
  return server.maildrop().map(({ uidl }) => uidl)
}

/** Counts how often a command that begins with this came. */
export function times({ server }: Provider, command: string): number {
  return server.commands.filter((line) => line.startsWith(command)).length
}

export function went(visit: Visit, counts: Partial<RunCounts>): void {
  assert.equal(visit.failure, null, visit.failure?.message)
  for (const [name, count] of Object.entries(counts)) assert.equal(visit[name as keyof RunCounts], count, name)
}

/** Asserts that a run is done, and that one message is tried again because of this. */
export function deferred(visit: Visit, kind: FailureKind, sentence: RegExp, counts: Partial<RunCounts>): void {
  went(visit, { ...counts, deferred: 1, quarantined: 0 })
  assert.equal(visit.because?.kind, kind)
  assert.match(visit.because.message, sentence)
}

/** @param stored is 0 if it is not given. */
export function failed(visit: Visit, kind: FailureKind, sentence: string | RegExp, stored = 0): void {
  assert.equal(visit.failure?.kind, kind, visit.failure?.message)
  if (typeof sentence === 'string') assert.equal(visit.failure.message, sentence)
  else assert.match(visit.failure.message, sentence)
  assert.equal(visit.stored, stored, 'stored')
  assert.equal(visit.deleted, 0, 'deleted')
}
