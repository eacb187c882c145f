/** The record of an account as it is stored: short, and read back whole, whichever version has written it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ulid } from 'ulid'
import { type Account, accountDefaults } from '../../src/account/account.ts'
import type { AccountId, DestinationId } from '../../src/mail/message.ts'
import { type AccountRecord, accountRecordIn, storedAccount } from '../../src/redis/account-record.ts'
import { luaOf } from '../../src/redis/scripts.ts'

const madeAtMs = Date.UTC(2026, 10, 29, 12)
const id = ulid(madeAtMs) as AccountId
const usual: Account = {
  ...accountDefaults,
  smtp: false,
  id,
  address: 'ann@example.net',
  user: 'ann@example.net',
  host: 'pop.example.net',
  port: 995,
  destinationId: '01M8H8101J8X736E78WYM8X53F' as DestinationId,
  createdAtMs: madeAtMs,
}
const record = (account: Partial<Account>, more: Partial<AccountRecord> = {}): AccountRecord => ({
  account: { ...usual, ...account },
  sealedPassword: 'v1.key.nonce.secret.tag',
  ...more,
})
const unusual = record(
  {
    user: 'ann',
    port: 110,
    tls: 'starttls',
    tlsVerify: false,
    tlsFingerprint: 'a'.repeat(64),
    folder: 'Work',
    flags: ['\\Flagged'],
    retention: { mode: 'keepDays', days: 7 },
    retentionChanges: 2,
    firstRun: { mode: 'onlyNew' },
    interval: { minSeconds: 60, maxSeconds: 3600 },
    longestChosen: true,
    maxMessageBytes: 1000,
    importBytesPerHour: 5,
    hidesRetrieved: true,
    trace: false,
    paused: true,
    sasl: 'PLAIN',
    smtp: { host: 'smtp.example.net', port: 587, tls: 'starttls', user: 'ann', ownPassword: true },
    senderName: 'Ann',
    signature: 'Ann\nExample',
    sentCopy: 'never',
    sendLimit: { perHour: 10 },
    createdAtMs: madeAtMs + 1,
  },
  {
    guarded: true,
    smtpGuarded: true,
    sealedSmtpPassword: 'v1.key.nonce.other.tag',
    loginTraits: ['no login'] as never,
    twinOf: ulid() as AccountId,
  },
)

test('of what most accounts have nothing is stored', () => {
  assert.equal(
    storedAccount(record({})),
    '{"account":{"address":"ann@example.net","host":"pop.example.net","destinationId":"01M8H8101J8X736E78WYM8X53F"},"sealedPassword":"v1.key.nonce.secret.tag"}',
  )
})

test('a record is read back whole', () => {
  const others = [record({ port: 110 }), record({ tls: 'none', port: 110 }), record({ tls: 'none', port: 995 })]
  for (const one of [record({}), unusual, ...others]) assert.deepEqual(accountRecordIn(id, storedAccount(one)), one)
})

test('a record in which an earlier version said everything is read as it is', () => {
  for (const one of [record({}), unusual]) assert.deepEqual(accountRecordIn(id, JSON.stringify(one)), one)
  const { importBytesPerHour: _none, ...before } = usual
  assert.deepEqual(accountRecordIn(id, JSON.stringify({ ...record({}), account: before })), record({}))
})

test('an account from before sends nothing; a new one says that its server is to be found', () => {
  const before = '{"account":{"address":"ann@example.net","host":"pop.example.net","destinationId":"d"}}'
  assert.equal(accountRecordIn(id, before).account.smtp, false)
  const fresh = storedAccount(record({ smtp: accountDefaults.smtp }))
  assert.equal((JSON.parse(fresh) as AccountRecord).account.smtp, null)
  assert.equal(accountRecordIn(id, fresh).account.smtp, null)
})

test('an id that holds no time leaves the account its own', () => {
  const one = record({ id: 'one' as AccountId })
  assert.deepEqual(accountRecordIn('one', storedAccount(one)), one)
})

test('a default that changes changes no account: what is unsaid stays what it was', () => {
  const { account } = accountRecordIn(id, '{"account":{"address":"a@b.example","host":"h","destinationId":"d"}}')
  assert.deepEqual(account, {
    tls: 'implicit',
    tlsVerify: true,
    tlsFingerprint: null,
    folder: 'INBOX',
    flags: [],
    retention: { mode: 'keep' },
    firstRun: { mode: 'all' },
    interval: { minSeconds: 120, maxSeconds: 3600 },
    maxMessageBytes: 157_286_400,
    importBytesPerHour: null,
    hidesRetrieved: false,
    trace: true,
    paused: false,
    smtp: false,
    senderName: null,
    signature: null,
    sentCopy: 'auto',
    sendLimit: null,
    address: 'a@b.example',
    host: 'h',
    destinationId: 'd',
    id,
    user: 'a@b.example',
    port: 995,
    createdAtMs: madeAtMs,
  })
  assert.ok(luaOf('end-visits').includes(JSON.stringify(account.interval)), 'the scripts know the same interval')
})
