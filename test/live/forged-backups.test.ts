/** A backup is a file, and files are made by hand: what is refused changes nothing, and what is taken is what an instance could have written. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { Guesses } from '../../src/redis/guesses.ts'
import { keys } from '../../src/redis/key-names.ts'
import { Pauses } from '../../src/redis/pauses.ts'
import { ServerMemory } from '../../src/redis/server-memory.ts'
import { ServerTraits } from '../../src/redis/server-traits.ts'
import { digestOf, newTokenText } from '../../src/redis/tokens.ts'
import { Chance } from '../support/chance.ts'
import { dumped } from '../support/dumped.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { watchLoop } from '../support/stretches.ts'

let stack: Stack
let lines: string[]
let id: string
let other: string
let destinationId: string
before(async () => {
  stack = await startStack()
  destinationId = await stack.destination('alice')
  id = await stack.account({ destinationId, user: 'first', interval: { minSeconds: 7 } })
  other = await stack.account({ destinationId, user: 'second' })
  const imap = { kind: 'imap', host: 'imap.example.net', user: 'me', password: 'x' }
  await stack.call('POST', '/destinations', imap)
  await stack.call('POST', '/webhooks', { url: 'http://127.0.0.1:9/', events: ['run.failed'], destinationId })
  await stack.call('POST', '/tokens', { name: 'alice', scopes: ['read'], destinationId })
  await stack.call('PATCH', '/settings', { transcriptsKept: 6 })
  await stack.call('POST', '/oauth/applications', {
    provider: 'custom',
    clientId: 'c',
    issuer: 'https://id.example.net',
  })
  const letter = { host: '127.0.0.1', port: 9, tls: 'none', from: 'a@example.net', to: ['b@example.net'] }
  const headers = { authorization: `Bearer ${adminToken}` }
  await stack.app.inject({ method: 'PUT', url: '/api/v1/bulletin', headers, payload: letter })
  await stack.redis.set(keys.ledger(id), randomBytes(4000))
  await stack.redis.hset(keys.quarantine(id), '01M8H8121F3SVZVTMJKMQDCF51', asideJson())
  const refused = { kind: 'store refused', during: 'login', reply: 'NO no', everyAccount: true } as const
  await new Pauses(stack.redis).pause(destinationId, refused, Date.now())
  // What visits leave behind.
  const server = { host: 'pop.example.net', port: 995, tls: 'implicit' } as const
  await new ServerMemory(stack.redis).note(server, { before: ['UIDL', 'SASL PLAIN'], after: [] }, Date.now())
  await new ServerTraits(stack.redis).learn(server, ['no UIDL n'], Date.now())
  await new ServerTraits(stack.redis).learnSeparator({ host: 'imap.example.net', port: 993 }, '/')
  lines = gunzipSync(await backup())
    .toString()
    .trimEnd()
    .split('\n')
})
after(async () => await stack.stop())

function asideJson(): string {
  const reason = { kind: 'store refused', message: 'x' }
  const record = { uidl: null, digest: null }
  const firstSeenAt = '2026-11-28T14:12:58.543Z'
  return JSON.stringify({
    id: '01M8H8121F3SVZVTMJKMQDCF51',
    uidl: 'u',
    size: 9,
    firstSeenAt,
    attempts: 1,
    reason,
    record,
  })
}

async function backup(): Promise<Buffer> {
  const headers = { authorization: `Bearer ${adminToken}` }
  return (await stack.app.inject({ url: '/api/v1/backup', headers })).rawPayload
}

async function restore(payload: Buffer, query = '') {
  const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/gzip' }
  const url = `/api/v1/restore?replace=true${query}`
  const response = await stack.app.inject({ method: 'POST', url, headers, payload })
  return { status: response.statusCode, body: response.json<Record<string, unknown>>() }
}

const zip = (all: readonly string[]) => gzipSync(all.map((line) => `${line}\n`).join(''), { level: 1 })

/** As an earlier version wrote it, or whoever takes the proof away; the last line counts the others. */
function unproven(entries: readonly string[]): string[] {
  const { proof: _, ...head } = JSON.parse(lines[0] ?? '') as Record<string, unknown>
  return [JSON.stringify(head), ...entries, JSON.stringify({ end: true, lines: entries.length + 1 })]
}

const entries = () => lines.slice(1, -1)
type Json = Record<string, unknown>

/** The entries with one value of a hash changed. */
function changed(key: string, field: string, change: (record: Json) => Json): string[] {
  return entries().map((line) => {
    const entry = JSON.parse(line) as { key: string; type: string; value: Record<string, string> }
    if (entry.key !== key || entry.type !== 'hash' || entry.value[field] === undefined) return line
    const value = { ...entry.value, [field]: JSON.stringify(change(JSON.parse(entry.value[field]) as Json)) }
    return JSON.stringify({ ...entry, value })
  })
}

const hash = (key: string, value: Record<string, string>) => JSON.stringify({ key, type: 'hash', value })
const fieldOf = async (key: string) => (await stack.redis.hkeys(key))[0] ?? ''

async function refused(all: readonly string[], words: RegExp, status = 400): Promise<void> {
  const before = await dumped(stack.redis)
  const answer = await restore(zip(all))
  assert.equal(answer.status, status, JSON.stringify(answer.body).slice(0, 500))
  assert.match(String(answer.body['detail']), words)
  assert.deepEqual(await dumped(stack.redis), before)
}

test('what an instance with this key wrote is proven; one octet more, less or other is not, and changes nothing', async () => {
  const { proof } = JSON.parse(lines.at(-1) ?? '') as { proof: string }
  assert.match(proof, /^[A-Za-z0-9_-]{43}$/)
  const swapped = lines.with(1, lines[2] ?? '').with(2, lines[1] ?? '')
  for (const all of [
    lines.map((line) => line.replace('"user":"second"', '"user":"sekond"').replace('\\"second\\"', '\\"sekond\\"')),
    swapped,
    lines.with(0, (lines[0] ?? '').replace('"createdAt":"2', '"createdAt":"1')),
    lines.with(
      lines.length - 1,
      (lines.at(-1) ?? '').replace(proof, proof.replace(/^./, proof.startsWith('A') ? 'B' : 'A')),
    ),
    lines.with(lines.length - 1, JSON.stringify({ end: true, lines: lines.length - 1 })),
    [...lines.slice(0, -1), hash(keys.tokenUses, {}), JSON.stringify({ end: true, lines: lines.length, proof })],
  ])
    await refused(all, /This backup was changed after it was written|This backup is damaged: in line/)
  // Half of a surrogate pair in a text has no octets of its own; the escape has.
  await refused(
    [...lines.slice(0, -1), JSON.stringify({ end: true, lines: lines.length - 1, proof: '\ud800' })],
    /was changed/,
  )
  const answer = await restore(zip(lines))
  assert.deepEqual([answer.status, answer.body['proven'], answer.body['notice']], [200, true, null])
})

test('one without a proof is taken where all of it is well, says what it brought, and is refused by whoever demands a proof', async () => {
  const all = unproven(entries())
  const demanded = await restore(zip(all), '&proven=true')
  assert.deepEqual([demanded.status, demanded.body['type']], [409, '/problems/unproven'])
  assert.match(String(demanded.body['detail']), /^Nothing proves that this backup was written by an instance/)
  const secret = newTokenText('01M8H8121F3SVZVTMJKMQDCF51')
  const planted = {
    id: '01M8H8121F3SVZVTMJKMQDCF51',
    name: 'x',
    scopes: ['admin'],
    destinationId: null,
    createdAtMs: 1,
  }
  const token = JSON.stringify({ ...planted, expiresAtMs: null, digest: digestOf(secret) })
  const answer = await restore(zip(unproven([...entries(), hash(keys.tokens, { [planted.id]: token })])))
  assert.deepEqual([answer.status, answer.body['proven']], [200, false], JSON.stringify(answer.body))
  assert.match(
    String(answer.body['notice']),
    /made by hand\. It brought 1 token for the whole instance, 1 webhook, an SMTP server for the bulletin, applications for signing in: look them through\.$/,
  )
  assert.ok(stack.logged.some((line) => line.includes('backup without proof restored')))
  // What it replaced is a backup of its own, which is proven.
  assert.match(String(answer.body['before']), /backups\/format-\d+-[^/]*\.ndjson\.gz$/)
  assert.equal((await restore(zip(lines))).status, 200)
  assert.equal((await stack.call('GET', '/tokens')).body.items.length, 1)
})

test('a label that an earlier version took is taken and shown, and so is a flag that is never sent', async () => {
  const old = changed(keys.accounts, id, (record) => ({
    ...record,
    account: { ...(record['account'] as object), address: 'a\ud800@example.net', flags: ['\\Deleted', '$Junk'] },
  }))
  const answer = await restore(zip(unproven(old)))
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  const shown = await stack.call('GET', `/accounts/${id}`)
  assert.match(String(shown.body['address']), /^a.@example\.net$/)
  assert.equal((await restore(zip(lines))).status, 200)
})

test('guesses at passwords, and the addresses that were in before, outlast a restore', async () => {
  const guesses = new Guesses(stack.redis)
  const owner = { login: 'alice', from: '192.0.2.1' }
  await guesses.succeeded(owner)
  await guesses.attempt({ login: 'alice', from: '198.51.100.1' })
  const kept = async () => [
    ...(await stack.redis.keys('tributary:familiar:*')),
    ...(await stack.redis.keys('tributary:guesses:*')),
  ]
  const before = await kept()
  assert.equal(before.length, 2)
  assert.equal((await restore(zip(lines))).status, 200)
  assert.deepEqual(await kept(), before)
  // A guess is forgotten after a minute, in the middle of what is compared below.
  await stack.redis.del(...before)
})

test('what no instance would write is refused, with the line, and changes nothing', async () => {
  const fence = (value: string) =>
    JSON.stringify({ key: keys.fence(id), type: 'string', at: 0, value: Buffer.from(value).toString('base64') })
  const piece = (key: string, at: number) => JSON.stringify({ key, type: 'string', at, value: 'AAAA' })
  const [token, webhook, application] = await Promise.all(
    [keys.tokens, keys.webhooks, keys.oauthApplications].map(fieldOf),
  )
  const server = Object.entries(await stack.redis.hgetall(keys.destinations)).find(([, json]) =>
    json.includes('imap.example'),
  )
  const within = (part: string, change: object) => (record: Json) => ({
    ...record,
    [part]: { ...(record[part] as object), ...change },
  })
  const strange = '01M8H8121F3SVZVTMJKMQDCF51'
  const unfit: Readonly<Record<string, readonly [readonly string[], RegExp]>> = {
    'a job of the queue': [[hash('bull:pull:1', { data: '{}' })], /a key that no backup holds/],
    'a key with a tag of its own': [[hash('tributary:{x}:{tributary}:ledger-notes', {})], /a key that no backup holds/],
    'the lock of the format': [[hash(keys.format, { number: '1' })], /a key that no backup holds/],
    'a session': [
      [JSON.stringify({ key: keys.session('x'), type: 'string', at: 0, value: 'AAAA' })],
      /a key that no backup holds/,
    ],
    'another type': [[JSON.stringify({ key: keys.accounts, type: 'zset', value: {} })], /no value of/],
    'a score beyond all numbers': [[`{"key":"${keys.due}","type":"zset","value":{"${id}":1e999}}`], /no value of/],
    'a hash of numbers': [[`{"key":"${keys.told}","type":"hash","value":{"${id}":1}}`], /no value of/],
    'a list for a hash': [[`{"key":"${keys.told}","type":"hash","value":["x"]}`], /no value of/],
    'an id that is none': [
      changed(keys.accounts, id, (record) => record).concat(hash(keys.accounts, { __proto__x: '{}' })),
      /no id/,
    ],
    'a server that says no list': [
      [hash(keys.serverTraits, { 'pop.example.net:995 capabilities implicit': '{"atMs":1,"before":"x","after":[]}' })],
      /no capabilities of a server/,
    ],
    'a trait that is none': [[hash(keys.serverTraits, { 'pop.example.net:995 separator': '{}{}{}{}{}' })], /no trait/],
    'a prototype': [[`{"key":"${keys.accounts}","type":"hash","value":{"__proto__":"{}"}}`], /no id/],
    'a prototype among settings': [
      [`{"key":"${keys.settings}","type":"hash","value":{"__proto__":"{}"}}`],
      /no setting/,
    ],
    'data of an account that is not there': [
      [hash(keys.quarantine(strange), {})],
      /something of the account 01M8H8121F3SVZVTMJKMQDCF51/,
    ],
    'a piece far behind the end': [
      [...entries(), piece(keys.ledger(id), 536_870_000)],
      /a piece of .* without the one before it/,
    ],
    'letters that are no base64': [
      [...entries(), JSON.stringify({ key: keys.ledger(id), type: 'string', at: 0, value: '%%%%' })],
      /no value of/,
    ],
    'a fence that no number follows': [[...entries(), fence('9223372036854775807')], /no fence/],
    'a record that is no JSON': [[...entries(), hash(keys.accounts, { [id]: '{"account":' })], /no account/],
    'a record that is a list': [[...entries(), hash(keys.accounts, { [id]: '[]' })], /no account/],
    'a record of another': [
      changed(keys.accounts, id, within('account', { id: other })),
      /no account: it has the id of another one/,
    ],
    'a port that is none': [
      changed(keys.accounts, id, within('account', { port: 70_000 })),
      /no account: \/account\/port/,
    ],
    'a time that no date has': [
      changed(keys.accounts, id, within('account', { createdAtMs: 1e300 })),
      /no account: \/account\/createdAtMs/,
    ],
    'a line of POP3 in a user': [changed(keys.accounts, id, within('account', { user: 'me\r\nDELE 1' })), /line ends/],
    'a password of another account': [
      changed(keys.accounts, id, (record) => ({ ...record, sealedPassword: sealedOf(other) })),
      /the sealed password of .* was changed/,
    ],
    ...Object.fromEntries(
      [
        [{ flags: ['x) "01-Jan-2020 00:00:00 +0000" {1+}\r\na'] }, /\/flags\/0 must be an IMAP flag/],
        [{ flags: ['\\Seen', 'a b'] }, /\/flags\/1 must be an IMAP flag/],
        [{ folder: 'a\u0000b' }, /\/folder must be a folder name/],
        [{ folder: 'a\r\nA1 NOOP' }, /\/folder must be a folder name/],
        [{ folder: 'a\ud800' }, /\/folder must be a folder name/],
        [{ folder: 'INBOX/Tributary-Staging/x' }, /\/folder must not be tributary-staging/],
        [{ host: 'pop.example.net\r\nx' }, /\/host must be a host name/],
        [{ proxy: 'socks5://x' }, /\/proxy must be null/],
        [{ proxy: 'http://a%0d%0ab@127.0.0.1:80' }, /\/proxy must be null/],
      ].map(([change, words]) => [
        `${JSON.stringify(change)} of an account`,
        [changed(keys.accounts, id, within('account', change as Json)), words as RegExp] as const,
      ]),
    ),
    'a destination behind no proxy': [
      changed(keys.destinations, server?.[0] ?? '', within('destination', { proxy: 'socks5://x' })),
      /\/proxy must be null/,
    ],
    'a host of two lines': [
      changed(keys.destinations, server?.[0] ?? '', within('destination', { host: 'a\r\nb' })),
      /\/host must be a host name/,
    ],
    'a letter of two recipients in one': [
      changed(keys.notice, 'notice', within('settings', { to: ['a@example.net>\r\nRCPT TO:<b@example.net'] })),
      /control characters|no bulletin/,
    ],
    'an account of nobody': [
      changed(keys.accounts, id, within('account', { destinationId: strange })),
      /has a destination that is not in it/,
    ],
    'a login that leads out of its folder': [
      changed(keys.destinations, destinationId, within('destination', { login: '../../etc' })),
      /no destination/,
    ],
    'a line of the users file in a hash': [
      changed(keys.destinations, destinationId, (record) => ({ ...record, passwordHash: '{PLAIN}x\nroot:{PLAIN}y' })),
      /no destination: \/passwordHash/,
    ],
    'a login of two': [
      [...entries(), hash(keys.destinations, { [strange]: hostedJson(strange, 'alice') })],
      /two destinations have the login alice/,
    ],
    'a host that is no text': [
      changed(keys.destinations, server?.[0] ?? '', within('destination', { host: { toString: 1 } })),
      /no destination/,
    ],
    'a scope that there is not': [
      changed(keys.tokens, token ?? '', (record) => ({ ...record, scopes: ['root'] })),
      /no token/,
    ],
    'a digest that no token has': [
      changed(keys.tokens, token ?? '', (record) => ({ ...record, digest: '' })),
      /no token/,
    ],
    'a webhook to a file': [
      changed(keys.webhooks, webhook ?? '', within('webhook', { url: 'file:///etc/passwd' })),
      /its URL is none/,
    ],
    'an issuer without TLS': [
      changed(keys.oauthApplications, application ?? '', within('application', { issuer: 'http://id.example.net' })),
      /no application: \/issuer/,
    ],
    'ports of owners beyond all': [
      [...entries(), hash(keys.settings, { ownerPorts: '{"pop3":[99999],"imap":[],"web":[]}' })],
      /no setting|ownerPorts/,
    ],
    'a password of somebody who is not admin': [
      [...entries(), hash(keys.passwords, { root: '{PLAIN}x' })],
      /a field of/,
    ],
    'a run of another time': [
      [...entries(), hash(keys.history(id), { [strange]: 'dps zzzzzzzzzzzz 0 0 0 1' })],
      /no run/,
    ],
    'an entry of the quarantine without a time': [
      [...entries(), hash(keys.quarantine(id), { [strange]: asideJson().replace('2026-', 'soon-') })],
      /firstSeenAt is no time/,
    ],
    'a record nested 40,000 deep': [
      [...entries(), hash(keys.accounts, { [id]: `{"account":${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}}` })],
      /no account|more than/,
    ],
    'more fields than a line has': [
      [
        ...entries(),
        hash(keys.tokenUses, Object.fromEntries(Array.from({ length: 30_000 }, (_, nth) => [String(nth), '1']))),
      ],
      /no value of/,
    ],
  }
  for (const [what, [all, words]] of Object.entries(unfit)) {
    try {
      await refused(unproven(all), words)
    } catch (error) {
      throw new Error(what, { cause: error })
    }
  }
})

function hostedJson(destination: string, login: string): string {
  return JSON.stringify({
    destination: { id: destination, kind: 'hosted', login, createdAtMs: 1 },
    passwordHash: '{PLAIN}x',
    sealedPassword: null,
  })
}

function sealedOf(accountId: string): unknown {
  for (const line of entries()) {
    const { key, value } = JSON.parse(line) as { key: string; value: Record<string, string> }
    const json = key === keys.accounts ? value[accountId] : undefined
    if (json !== undefined) return (JSON.parse(json) as Json)['sealedPassword']
  }
  return undefined
}

test('files that are made to fill memory, disk or time are refused while everything else goes on', async () => {
  let heldMs = 0
  const wide = `{"key":"${keys.told}","type":"hash","value":{${'"a":"",'.repeat(130_000)}"b":""}}`
  const deep = `{"key":"${keys.told}","type":"hash","value":${'['.repeat(1_000_000)}`
  const before = await dumped(stack.redis)
  const bombs: readonly (readonly [Buffer, RegExp])[] = [
    [gzipSync(Buffer.alloc(100_000_000)), /a line without an end/],
    [gzipSync(Buffer.alloc(20_000_000, '\n')), /no backup/],
    [zip(unproven([wide])), /more than any line of a backup holds|no value of/],
    [zip(unproven([deep])), /more than any line of a backup holds/],
    [
      zip(unproven([JSON.stringify({ key: 'x'.repeat(900_000), type: 'hash', value: {} })])),
      /a key that no backup holds/,
    ],
  ]
  for (const [bomb, words] of bombs) {
    const watch = watchLoop()
    const answer = await restore(bomb)
    heldMs = Math.max(heldMs, watch.stop())
    assert.match(String(answer.body['detail']), words)
    assert.equal(answer.status, 400)
  }
  assert.ok(heldMs < 250, `the loop was held for ${heldMs} ms`)
  const headers = {
    authorization: `Bearer ${adminToken}`,
    'content-type': 'application/gzip',
    'content-length': String(2 ** 34 + 1),
  }
  const huge = await stack.app.inject({
    method: 'POST',
    url: '/api/v1/restore?replace=true',
    headers,
    payload: Buffer.alloc(10),
  })
  assert.equal(huge.statusCode, 413)
  assert.deepEqual(await dumped(stack.redis), before)
})

test('by chance: cut, doubled, moved and changed lines are refused and change nothing, or are taken and everything is shown', async () => {
  const chance = new Chance(Number(process.env['TRIBUTARY_SEED'] ?? 18))
  const original = zip(lines)
  let [taken, turnedAway] = [0, 0]
  for (let nth = 0; nth < Number(process.env['TRIBUTARY_CASES'] ?? 80); nth += 1) {
    const all = zip(unproven(mutated(chance)))
    const before = await dumped(stack.redis)
    const { status, body } = await restore(all)
    if (status === 200) {
      taken += 1
      for (const path of [
        '/accounts',
        '/destinations',
        '/tokens',
        '/webhooks',
        '/quarantine',
        '/runs',
        '/stats',
        '/settings',
        `/accounts/${id}/runs`,
      ]) {
        const answer = await stack.call('GET', path)
        assert.ok(
          answer.status === 200 || (answer.status === 404 && path.includes(id)),
          `case ${nth}: ${path} ${answer.status} ${JSON.stringify(answer.body)}`,
        )
      }
      assert.equal((await restore(original)).status, 200)
    } else {
      turnedAway += 1
      assert.ok([400, 409].includes(status), `case ${nth}: ${status} ${JSON.stringify(body)}`)
      assert.match(
        String(body['detail']),
        /line \d+|whole|no backup|two destinations|a destination that is not in it|sealed with/i,
      )
      assert.deepEqual(await dumped(stack.redis), before, `case ${nth}`)
    }
  }
  assert.ok(turnedAway > 0 && taken > 0, `${taken} taken, ${turnedAway} refused`)
})

/** The entries of the real backup with one to three faults. */
function mutated(chance: Chance): string[] {
  let all = entries()
  for (let faults = 1 + chance.below(3); faults > 0; faults -= 1) {
    const nth = chance.below(all.length)
    const line = all[nth] ?? ''
    const how = chance.below(9)
    if (how === 0) all = all.toSpliced(nth, 1)
    else if (how === 1) all = all.toSpliced(nth, 0, line)
    else if (how === 2) all = chance.shuffled(all)
    else if (how === 3) all = all.with(nth, line.slice(0, chance.below(line.length)))
    else if (how === 4) {
      const at = chance.below(line.length)
      all = all.with(nth, line.slice(0, at) + chance.of(marks) + line.slice(at + chance.below(3)))
    } else all = all.with(nth, withOddValue(line, chance))
  }
  return all
}

const marks = ['"', '{', '}', '[', ']', ':', ',', '\\', '0', '9', 'a', 'Z', '\u0000', '\u2028']
const oddNames = ['', 'x', '\ud800', '__proto__', 'a\r\nb', '0', 'toString']
const odd = [
  null,
  true,
  -1,
  0.5,
  1e308,
  2 ** 53,
  '',
  'x',
  '\ud800',
  '\u0000',
  '__proto__',
  'a\r\nb',
  [],
  {},
  [[]],
  { length: 3 },
  'x'.repeat(3000),
]

/** Undefined: a fault before has left no JSON. */
function jsonOf(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

/** Somewhere in the entry, or in a record that it holds, stands something else. */
function withOddValue(line: string, chance: Chance): string {
  const entry = jsonOf(line)
  if (entry === undefined) return line
  const holder = chance.happens(0.7) ? (entry['value'] as Json | string) : entry
  if (typeof holder !== 'object' || holder === null) return JSON.stringify({ ...entry, value: chance.of(odd) })
  const names = Object.keys(holder)
  const name = names.length === 0 ? 'x' : chance.of(names)
  const value = holder[name]
  const record = typeof value === 'string' && value.startsWith('{') ? jsonOf(value) : undefined
  if (record !== undefined && chance.happens(0.8)) {
    oddly(record, chance)
    holder[name] = JSON.stringify(record)
  } else holder[chance.happens(0.3) ? chance.of(oddNames) : name] = chance.of(odd)
  return JSON.stringify(entry)
}

function oddly(record: Json, chance: Chance): void {
  const name = chance.of(Object.keys(record).concat('x'))
  const value = record[name]
  if (typeof value === 'object' && value !== null && chance.happens(0.8)) oddly(value as Json, chance)
  else if (chance.happens(0.2)) delete record[name]
  else record[name] = chance.of(odd)
}
