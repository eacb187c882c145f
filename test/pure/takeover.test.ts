import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countByKind, type Evidence, undelivered } from '../../src/imap/takeover.ts'
import type { ShortHash, Token } from '../../src/mail/message.ts'
import type { Trace } from '../../src/mail/trace.ts'

const hash = (text: string) => text.padEnd(16, '0') as ShortHash

/** Written `token`, `token fingerprint`, or `token fingerprint uidl`; `-` stands for none. */
function traceOf(text: string): Trace | undefined {
  const [token = '', fingerprint = 'f', uidl = '-'] = text.split(' ')
  if (token === '-') return undefined
  return {
    source: hash('5'),
    uidl: uidl === '-' ? undefined : hash(uidl),
    fingerprint: hash(fingerprint),
    token: token as Token,
  }
}
const tracesOf = (texts: readonly string[]) => texts.map(traceOf).filter((trace) => trace !== undefined)

interface Row {
  readonly story: string
  readonly staged: readonly string[]
  /** Tokens of open intents, and which of them stood there at the first look. */
  readonly intended?: readonly string[]
  readonly recovered?: readonly string[]
  /** Of what the ledger has records: with a UIDL only where it still knows the message by that. */
  readonly recorded?: readonly string[]
  readonly delivered?: readonly string[]
  /** Tokens. */
  readonly wanted: readonly string[]
}

const rows: readonly Row[] = [
  { story: 'recorded and still in staging', staged: ['a'], recorded: ['a'], wanted: ['a'] },
  {
    story: 'recorded and delivered already: a MOVE was cut in half',
    staged: ['a'],
    recorded: ['a'],
    delivered: ['a'],
    wanted: [],
  },
  {
    story: 'recorded, and delivered by another token: it was sent again since',
    staged: ['a'],
    recorded: ['b'],
    delivered: ['b'],
    wanted: [],
  },
  { story: 'in no record: its provider has it still', staged: ['a'], wanted: [] },
  {
    story: 'of an open intent, found in time',
    staged: ['a'],
    intended: ['a'],
    recovered: ['a'],
    recorded: ['a'],
    wanted: ['a'],
  },
  { story: 'of an open intent, found too late', staged: ['a'], intended: ['a'], recorded: ['a'], wanted: [] },
  {
    story: 'a batch of which part came too late',
    staged: ['a f', 'b g'],
    intended: ['a', 'b'],
    recovered: ['a'],
    recorded: ['a f'],
    wanted: ['a'],
  },
  { story: 'not ours: it has no trace', staged: ['-'], wanted: ['-'] },
  {
    story: 'two alike, one of them delivered',
    staged: ['a', 'b'],
    recorded: ['a', 'b'],
    delivered: ['a'],
    wanted: ['a'],
  },
  { story: 'two alike, both recorded', staged: ['a', 'b'], recorded: ['a', 'b'], wanted: ['a', 'b'] },
  { story: 'two alike, one recorded', staged: ['a', 'b'], recorded: ['a'], wanted: ['a'] },
  {
    story: 'two of one fingerprint, told apart by their UIDLs',
    staged: ['a f 1', 'b f 2'],
    recorded: ['a f 1', 'b f 2'],
    delivered: ['a f 1'],
    wanted: ['b'],
  },
  {
    story: 'an older one of its fingerprint is delivered, and in no record any more',
    staged: ['a f 1'],
    recorded: ['a f 1'],
    delivered: ['z f 9'],
    wanted: ['a'],
  },
  {
    story: 'the provider has renamed it: the ledger knows its UIDL no more',
    staged: ['a f 1'],
    recorded: ['a f 2'],
    delivered: ['a f 1'],
    wanted: [],
  },
  { story: 'the same, and it is delivered nowhere', staged: ['a f 1'], recorded: ['a f 2'], wanted: ['a'] },
  {
    story: 'a provider without UIDs',
    staged: ['a f', 'b g'],
    recorded: ['a f', 'b g'],
    delivered: ['b g'],
    wanted: ['a'],
  },
  {
    story: 'a new one stands for itself, and for no older one of its kind',
    staged: ['a', 'b'],
    intended: ['b'],
    recovered: ['b'],
    recorded: ['a', 'b'],
    delivered: ['a'],
    wanted: ['b'],
  },
  {
    story: 'a new one beside an older one of its kind that is not delivered',
    staged: ['a', 'b'],
    intended: ['b'],
    recovered: ['b'],
    recorded: ['a', 'b'],
    wanted: ['a', 'b'],
  },
  {
    story: 'more copies in folders than records: nothing is owing',
    staged: ['a'],
    recorded: ['a'],
    delivered: ['b', 'c'],
    wanted: [],
  },
  {
    story: 'the user has copied one of two',
    staged: ['b'],
    recorded: ['a', 'b'],
    delivered: ['a', 'a'],
    wanted: ['b'],
  },
  { story: 'of another account, the same fingerprint', staged: ['a other'], recorded: ['b'], wanted: [] },
  { story: 'nothing is staged', staged: [], recorded: ['a'], wanted: [] },
]

for (const { story, wanted, ...row } of rows) {
  test(`${story}: ${wanted.length === 0 ? 'nothing' : wanted.join(', ')} is delivered`, () => {
    const staged = row.staged.map((text) => ({ text, trace: traceOf(text) }))
    const evidence: Evidence = {
      intended: new Set((row.intended ?? []) as Token[]),
      recovered: new Set((row.recovered ?? []) as Token[]),
      recorded: countByKind(tracesOf(row.recorded ?? [])),
      delivered: countByKind(tracesOf(row.delivered ?? [])),
    }
    const tokens = [...undelivered(staged, evidence)].map(({ text }) => text.split(' ')[0] ?? '')
    assert.deepEqual(tokens.toSorted(), wanted)
  })
}
