import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bulletinOf } from '../../src/news/bulletin.ts'
import { newsLimits } from '../../src/news/limits.ts'
import { messageNews } from '../../src/news/message-news.ts'
import type { RunId } from '../../src/mail/message.ts'
import { newsOf, type RunEnd, type ToldNews, noNewsTold } from '../../src/news/news.ts'
import { noCounts, type Run } from '../../src/runs/run.ts'
import type { OutboxEntry, SendState } from '../../src/send/entry.ts'
import { entryOf } from '../support/entries.ts'
import { runOf } from '../support/run.ts'
import { account } from '../support/world.ts'

const t0 = Date.UTC(2026, 10, 1)
const minute = 60_000
const failed = { kind: 'unreachable', message: 'Could not reach pop.example.net:995.', passes: false } as const

function end(fields: Partial<RunEnd> & { readonly failure?: Run['failure']; readonly nth?: number } = {}): RunEnd {
  const { failure = null, nth = 1, ...rest } = fields
  const at = new Date(t0).toISOString()
  const run = runOf({
    id: `01J0000000000000000000RUN${nth}` as RunId,
    accountId: account.id,
    state: failure === null ? 'done' : 'failed',
    queuedAt: at,
    startedAt: at,
    finishedAt: at,
    failure,
  })
  return { account, run, attention: false, quarantined: [], firstImport: undefined, nowMs: t0, ...rest }
}

/** What is told of runs that end one after another. */
function story(ends: readonly RunEnd[]): string[][] {
  let told: ToldNews = noNewsTold
  return ends.map((one) => {
    const after = newsOf(one, told)
    told = after.told
    return after.news.map(({ type }) => type)
  })
}

test('of an account that fails a hundred times in a row one hears once, and once that it is well again', () => {
  const failures = Array.from({ length: 100 }, (_, nth) => end({ failure: failed, nowMs: t0 + nth * 30 * minute }))
  const told = story([end(), ...failures, end({ nowMs: t0 + 3000 * minute }), end({ nowMs: t0 + 3001 * minute })])
  assert.deepEqual(told.flat(), ['run.failed', 'account.recovered'])
  assert.deepEqual([told[0], told[1]?.length], [[], 1])
})

test('an account that stops is told when it stops, and again should it stop after somebody acted', () => {
  const stop = (nowMs: number) => end({ failure: failed, attention: true, nowMs })
  assert.deepEqual(
    story([
      end({ failure: failed }),
      stop(t0 + 400 * minute),
      // Pulled by hand, in vain.
      stop(t0 + 401 * minute),
      // Changed, and the change was none.
      end({ failure: failed, nowMs: t0 + 402 * minute }),
      stop(t0 + 800 * minute),
      end({ nowMs: t0 + 801 * minute }),
    ]),
    [
      ['run.failed'],
      ['run.failed', 'account.needs_attention'],
      [],
      [],
      ['run.failed', 'account.needs_attention'],
      ['account.recovered'],
    ],
  )
})

test('an account that fails every other time is told of once an hour, and a row that lasts is told all the same', () => {
  const ends = Array.from({ length: 60 }, (_, nth) =>
    end({ ...(nth % 2 === 0 ? { failure: failed } : {}), nowMs: t0 + nth * 5 * minute }),
  )
  const types = story(ends).flat()
  assert.equal(types.filter((type) => type === 'run.failed').length, 5, 'in five hours')
  assert.equal(types.filter((type) => type === 'account.recovered').length, 5)
  const late = (min: number) => end({ failure: failed, nowMs: t0 + min * minute })
  assert.deepEqual(story([late(0), end({ nowMs: t0 + minute }), late(2), late(30), late(61)]), [
    ['run.failed'],
    ['account.recovered'],
    [],
    [],
    ['run.failed'],
  ])
})

test('what is ours is told to nobody: a worker that was stopped, a run that another one took over', () => {
  const ours = (['stopped', 'superseded'] as const).map((kind) =>
    end({ failure: { kind, message: kind, passes: false } }),
  )
  assert.deepEqual(story([...ours, end()]).flat(), [])
})

test('what a run set aside is told whatever became of the run, in sentences and not without end', () => {
  const entry = (nth: number) => ({
    id: `01J00000000000000000000${String(nth).padStart(3, '0')}`,
    uidl: 'a uidl',
    size: 10,
    firstSeenAt: '',
    attempts: 1,
    reason: { kind: 'store refused', message: 'The mail store refused a message.' } as const,
    record: { uidl: null, digest: null },
  })
  const many = Array.from({ length: 70 }, (_, nth) => entry(nth))
  const { news } = newsOf(end({ failure: failed, quarantined: many }), noNewsTold)
  assert.deepEqual(
    news.map(({ type }) => type),
    ['message.quarantined', 'run.failed'],
  )
  const [first] = news
  assert.ok(first?.type === 'message.quarantined')
  assert.deepEqual([first.data.count, first.data.messages.length], [70, newsLimits.newsMessagesMax])
  const { id, size, reason } = entry(0)
  assert.deepEqual(first.data.messages[0], { id, size, reason })
})

test('the end of a first import is told with its counts; what is told again has the id that it had', () => {
  const firstImport = { ...noCounts(), listed: 9, stored: 8, bytes: 800 }
  const [once, again] = [1, 1].map(() => newsOf(end({ firstImport }), noNewsTold).news[0])
  assert.ok(once?.type === 'first_import.finished' && once.data.stored === 8 && once.data.address === account.address)
  assert.equal(again?.id, once.id)
  assert.match(once.id, /^[0-9A-HJKMNP-TV-Z]{26}$/)
  const other = newsOf(end({ firstImport, nth: 2 }), noNewsTold).news[0]
  assert.notEqual(other?.id, once.id)
})

test('of a message that is sent its end is told, and each bounce, with an id that follows from what is told', () => {
  const queued = entryOf(['queued', 'queued'], { accountId: account.id })
  const ended = (state: SendState, states: readonly SendState[]) => ({
    ...queued,
    state,
    recipients: queued.recipients.map((one, nth) => ({ ...one, state: states[nth] ?? state, reply: '550 no' })),
  })
  const told = (before: OutboxEntry, after: OutboxEntry) => messageNews(before, after, t0)
  const accepted = ended('accepted', [])
  const [sent, ...more] = told(queued, accepted)
  assert.equal(more.length, 0)
  const about = { accountId: account.id, destinationId: 'd', address: 'me@example.net', outboxId: queued.id }
  assert.deepEqual([sent?.type, sent?.data], ['message.sent', { ...about, recipients: 2 }])
  assert.match(sent?.id ?? '', /^[0-9A-HJKMNP-TV-Z]{26}$/)
  assert.equal(sent?.id, told(queued, accepted)[0]?.id)
  assert.deepEqual(told(queued, ended('sending', [])), [])
  assert.deepEqual(told(accepted, accepted), [])
  const failed = told(queued, ended('rejected', ['accepted', 'rejected']))
  assert.deepEqual(
    failed.map(({ type, data }) => [type, data]),
    [
      [
        'message.failed',
        { ...about, state: 'rejected', recipients: [{ address: '1@example.org', state: 'rejected', reply: '550 no' }] },
      ],
    ],
  )
  const bounce = { atMs: 1, address: '0@example.org', status: '5.1.1', diagnostic: '550 no', folder: 'INBOX', uid: 1 }
  const [bounced] = told(accepted, { ...accepted, bounces: [bounce] })
  assert.deepEqual(
    [bounced?.type, bounced?.data],
    ['message.bounced', { ...about, recipient: '0@example.org', status: '5.1.1', diagnostic: '550 no' }],
  )
  const { text } = bulletinOf([...told(queued, accepted), ...failed, ...(bounced === undefined ? [] : [bounced])], 0)
  assert.match(text, /me@example\.net: one recipient, 1@example\.org among them \(550 no\)\./)
  assert.match(text, /me@example\.net: to 0@example\.org\. 550 no/)
  assert.match(text, /me@example\.net: taken for 2 recipients\./)
})
