/** What the records of one account in a backup must be like: its ledger and notes, intents, quarantine and runs (backup-records.ts). */
import { Type } from 'typebox'
import { recordOctets } from '../src/ledger/record-codec.ts'
import { type Entry, runOfKey } from '../src/redis/backup-entry.ts'
import { runStates } from '../src/runs/run.ts'
import { unpackRun } from '../src/runs/run-record.ts'
import { count, failure, id, json, jsonIn, no, orNull, pattern, readBy, type Rule, text } from './backup-rules.ts'

const folder = Type.String({ minLength: 1, maxLength: 1000, pattern: '^[^\\r\\n\\x00]*$' })
const intent = json(
  'intent',
  Type.Object({
    id: text(100),
    folder,
    uidValidity: count,
    uidNext: count,
    entries: Type.Array(
      Type.Object({ token: Type.String({ pattern: '^[0-9a-f]{32}$' }), digest: text(100), size: Type.Number() }),
      { maxItems: 10_000 },
    ),
    writtenAtSeconds: Type.Number({ minimum: 0, maximum: 8.64e12 }),
  }),
  (record: { id: string }, field) => (record.id === field ? undefined : 'it has the id of another one'),
)
const aside = json(
  'entry of the quarantine',
  Type.Object({
    id,
    uidl: orNull(text(2000)),
    size: Type.Number({ minimum: -1, maximum: Number.MAX_SAFE_INTEGER }),
    firstSeenAt: text(40),
    attempts: count,
    reason: failure,
    record: Type.Object({ uidl: orNull(text(100)), digest: orNull(text(100)) }),
  }),
  (record: { id: string; firstSeenAt: string }, field) => {
    if (record.id !== field) return 'it has the id of another one'
    return Number.isNaN(Date.parse(record.firstSeenAt)) ? 'firstSeenAt is no time' : undefined
  },
)
const noteParts: Readonly<Record<string, Rule>> = {
  mark: json('mark', Type.Object({ folder, uidValidity: count, uidNext: count })),
  suspects: json('suspects', Type.Array(Type.Object({}), { maxItems: 100_000 })),
  window: json('window', Type.Object({})),
  counts: json('counts', Type.Record(Type.String(), Type.Number())),
  lastSeenMs: pattern('time', /^\d{1,16}$/),
  revision: pattern('number', /^\d{1,15}$/),
  run: pattern('id', /^[0-9A-Z]{26}$/),
}
const note: Rule = (value, name) => (Object.hasOwn(noteParts, name) ? noteParts[name]?.(value, name) : undefined)

export const run = json(
  'run',
  Type.Object({
    id,
    accountId: id,
    state: Type.Enum([...runStates]),
    queuedAt: text(40),
    startedAt: orNull(text(40)),
    finishedAt: orNull(text(40)),
    listed: Type.Number(),
    stored: Type.Number(),
    bytes: Type.Number(),
    failure: orNull(failure),
  }),
  (record: Readonly<Record<string, string | null>>) =>
    ['queuedAt', 'startedAt', 'finishedAt'].every((name) => !Number.isNaN(Date.parse(record[name] ?? '2026-01-01')))
      ? undefined
      : 'one of its times is none',
)
export const ofAccount: Readonly<Record<string, readonly [fields: RegExp, rule: Rule]>> = {
  'ledger-notes': [/^[^\r\n]{1,2000}$/, note],
  intents: [/^[^\r\n]{1,100}$/, intent],
  quarantine: [/^[0-9A-Z]{26}$/, aside],
  history: [/^[0-9A-Z]{26}$/, readBy('run', (value, field) => unpackRun(value, field, ''))],
}

export function mistakeOfString({ key, at, value }: Extract<Entry, { type: 'string' }>): string | undefined {
  const octets = Buffer.from(value, 'base64')
  if (runOfKey(key) !== undefined) {
    const read = jsonIn(octets.toString()) as { readonly id?: unknown } | undefined
    return read?.id === runOfKey(key) ? run(octets.toString(), '') : no('run')
  }
  if (key.endsWith(':fence')) return at === 0 && /^\d{1,12}$/.test(octets.toString()) ? undefined : no('fence')
  // A piece is a whole number of records only if it is the last one.
  return at % 1024 === 0 && (octets.length % recordOctets === 0 || octets.length % 1024 === 0)
    ? undefined
    : no('ledger')
}
