/** QUIRKS section 1, locks, limits and lies: docs/quirks.md lists them by number. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { FailureKind } from '../../src/failure/failure.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { readFolder } from '../support/reader.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { failed, holds, left, lettersOf, providerOf, times, went } from '../support/visits.ts'

const abc = lettersOf('a', 'b', 'c')
const remove = { retention: { mode: 'delete' } } as const

/** What an operator reads, with the server's words in their place. */
const sentences: Partial<Record<FailureKind, (words: string, during: string) => string>> = {
  'maildrop in use': (words) =>
    `Another client holds this maildrop at SERVER: "${words}". Tried again by itself; if it stays so, close other programs that fetch this mailbox by POP3.`,
  throttled: (words) =>
    `SERVER wants fewer visits: "${words}". Tried again later by itself; if it stays so, let all programs visit this mailbox less often.`,
  'credentials refused': (words) =>
    `SERVER refused the user name or password: "${words}". Check both; some providers want an app password.`,
  'provider refused': (words, during) =>
    `SERVER refused ${during}: "${words}". Tried again by itself; if it stays so, the provider can say what it means.`,
}

// QUIRKS 21 to 26
const refusals: readonly (readonly [words: string, kind: FailureKind, step?: string])[] = [
  ['[IN-USE] Unable to lock maildrop: Mailbox is locked by POP server', 'maildrop in use'],
  ['[IN-USE]', 'maildrop in use'],
  ['Maildrop already locked', 'maildrop in use'],
  ['Mailbox Locked', 'maildrop in use'],
  ['cannot get lock, please wait', 'maildrop in use'],
  ['your mailbox is in use', 'maildrop in use'],
  ['Another session is active on this account, it is locked', 'maildrop in use'],
  ['[LOGIN-DELAY] minimum time between mail checks violation', 'throttled'],
  ['login too often', 'throttled'],
  ['You have exceeded the login limit for a 15 minute period', 'throttled'],
  ['Too many login attempts, invalid user name or password', 'throttled'],
  ['Minimum interval between logins is 10 minutes', 'throttled'],
  ['Invalid login. Wait 5 minutes before the next one', 'throttled'],
  ['[SYS/TEMP] Temporary authentication failure', 'provider refused'],
  [
    '[SYS/PERM] POP3 is switched off for this mailbox',
    'provider refused',
    'Switch POP3 on in the settings of the mailbox, on the web page of its provider. Tried again by itself.',
  ],
  ['Server Unavailable. 21', 'provider refused'],
  ['internal error, try again', 'provider refused'],
  [
    '[AUTH] Web login required',
    'credentials refused',
    "Sign in once on the provider's web page and confirm there that it was you, then try again.",
  ],
  ['[AUTH] Too many failures', 'credentials refused'],
  ['Logon failure: unknown user name or bad password.', 'credentials refused'],
  [
    'Your account has been locked',
    'provider refused',
    "Sign in on the provider's web page: the account is locked, and it says there how to open it again. Tried again by itself.",
  ],
  [
    'Application-specific password required',
    'credentials refused',
    "It wants an app password: make one in the provider's security settings, and use it in place of your own.",
  ],
  ['', 'credentials refused'],
]
test('a refused login means what its code says, else its words, else that the password is wrong', async (t) => {
  for (const [words, kind, step] of refusals) {
    const provider = await providerOf(t, {
      messages: abc,
      connections: [{ answers: { PASS: `-ERR ${words}\r\n` } }, {}],
    })
    const usual = sentences[kind]?.(words, 'PASS') ?? ''
    const sentence = step === undefined ? usual : usual.replace(/(?<="\. ).*$/, step)
    const isLogin = words.includes('Web login')
    const told = sentence.replace(': ""', ', and gave no reason')
    failed(await provider.visit(remove), kind, isLogin ? told.replace('the user name or password', 'the login') : told)
    assert.equal(left(provider).length, 3)
    went(await provider.visit(remove), { stored: 3, deleted: 3 })
    holds(provider, abc)
  }
})

// QUIRKS 25
test('words in GBK or UTF-8 are read: "too often" is known in both, and nothing unprintable is told', async (t) => {
  const gbk = '\xb5\xc7\xc2\xbc\xb9\xfd\xd3\xda\xc6\xb5\xb7\xb1'
  const utf8 = Buffer.from('\u767b\u5f55\u8fc7\u4e8e\u9891\u7e41', 'utf8').toString('latin1')
  for (const words of [gbk, utf8]) {
    const provider = await providerOf(t, { messages: abc, answers: { PASS: `-ERR ${words}\r\n` } })
    failed(
      await provider.visit(),
      'throttled',
      'SERVER wants fewer visits: "\u767b\u5f55\u8fc7\u4e8e\u9891\u7e41". Tried again later by itself; if it stays so, let all programs visit this mailbox less often.',
    )
  }
  const other = await providerOf(t, { messages: abc, answers: { PASS: '-ERR \xc3\xdc\xc2\xeb\x07\x1b[1m wrong\r\n' } })
  failed(
    await other.visit(),
    'credentials refused',
    'SERVER refused the user name or password: "\u5bc6\u7801 [1m wrong". Check both; some providers want an app password.',
  )
})

test('-ERR in place of a greeting is about the visit, never about the password', async (t) => {
  for (const [words, kind] of [
    ['too many connections from your address', 'throttled'],
    ['[IN-USE] wait', 'maildrop in use'],
    ['[SYS/TEMP] no disk', 'provider refused'],
    ['go away', 'provider refused'],
  ] as const) {
    const provider = await providerOf(t, { messages: abc, connections: [{ greeting: `-ERR ${words}` }, {}] })
    failed(await provider.visit(), kind, sentences[kind]?.(words, 'the connection') ?? '')
    assert.deepEqual(provider.server.commands, [])
    went(await provider.visit(), { stored: 3 })
  }
})

// QUIRKS 26
test('a server that hangs up without a word after the password: that it may be the password is said', async (t) => {
  for (const [capabilities, command] of [
    [['USER', 'UIDL', 'TOP', 'PIPELINING'], 'PASS'],
    [['SASL PLAIN', 'UIDL', 'TOP', 'PIPELINING'], 'AUTH PLAIN'],
  ] as const) {
    const provider = await providerOf(t, {
      messages: abc,
      capabilities,
      connections: [{ dropOn: command.slice(0, 4) }, {}],
    })
    failed(
      await provider.visit(),
      'unreachable',
      `SERVER was reached, but the connection ended during ${command}; the user name or password may be wrong, or the visits too many. ` +
        'Tried again by itself; if it stays so, check user name and password, and visit less often.',
    )
    went(await provider.visit(), { stored: 3 })
  }
})

test('APOP that the greeting offers and nobody is let in by is tried once, and USER from then on', async (t) => {
  const provider = await providerOf(t, { messages: abc, greeting: '+OK ready <1896.697170952@example.net>' })
  went(await provider.visit(), { stored: 3 })
  went(await provider.visit(), { stored: 0 })
  assert.equal(times(provider, 'APOP'), 1)
})

// QUIRKS 23: a maildrop that is refused as a whole
test('a maildrop refused as a whole because of one message: nothing is done, and the run says why', async (t) => {
  const why = '-ERR [SYS/PERM] message 2 is damaged\r\n'
  const connections = [{}, { answers: { UIDL: why, LIST: why } }, {}]
  const provider = await providerOf(t, { messages: abc, connections })
  went(await provider.visit(), { stored: 3 })
  const visit = await provider.visit(remove)
  failed(
    visit,
    'provider refused',
    'SERVER refused LIST: "[SYS/PERM] message 2 is damaged". Tried again by itself; if it stays so, the provider can say what it means.',
  )
  assert.equal(visit.listed, 0)
  assert.equal(left(provider).length, 3)
  went(await provider.visit(remove), { stored: 0, deleted: 3 })
  holds(provider, abc)
})

test('a maildrop whose LIST alone is refused because of one message gives what UIDL names', async (t) => {
  const why = '-ERR [SYS/PERM] message 2 is damaged\r\n'
  const provider = await providerOf(t, { messages: abc, connections: [{ answers: { LIST: why } }, {}] })
  went(await provider.visit(remove), { stored: 3 })
  await provider.visit(remove)
  assert.deepEqual(left(provider), [])
  holds(provider, abc)
})

// QUIRKS 27, 28
test('CAPA that is silent, drops the line, is refused before or after the login, or lists UIDL only after it', async (t) => {
  for (const behaviour of [
    { silentOn: 'CAPA' },
    { dropOn: 'CAPA' },
    { answers: { CAPA: '-ERR\r\n' } },
    { capabilities: ['USER'], capabilitiesLoggedIn: ['USER', 'UIDL', 'TOP', 'PIPELINING'] },
    { greeting: '+OK', answers: { USER: '+OK\r\n', PASS: '+OK\r\n' } },
  ]) {
    const provider = await providerOf(t, { messages: abc, ...behaviour }, { capaMs: 300 })
    for (const stored of [3, 0]) went(await provider.visit(), { stored })
    holds(provider, abc)
  }
})

/** With a schedule, and a log for operators. */
let stack: Stack
let destinationId: string
before(async () => {
  stack = await startStack()
  await stack.startWorker()
  destinationId = await stack.destination('alice')
})
after(() => stack.stop())

/** In seconds, from the end of the last run. */
async function nextIn(id: string): Promise<number> {
  const { body } = await stack.call('GET', `/accounts/${id}`)
  const { finishedAt } = body['lastRun'] as { finishedAt: string }
  return (Date.parse(String(body['nextRunAt'])) - Date.parse(finishedAt)) / 1000
}

async function visited(server: ScriptedServer, fields: object = {}): Promise<string> {
  const id = await stack.account({
    port: server.port,
    destinationId,
    interval: { minSeconds: 10, maxSeconds: 20 },
    ...fields,
  })
  await stack.call('POST', `/accounts/${id}/resume`)
  await stack.pull(id)
  return id
}

// QUIRKS 22
test('the next visit is not before the LOGIN-DELAY of CAPA, whether the run goes well or fails', async () => {
  for (const [capability, quitSays, soonest, latest] of [
    ['LOGIN-DELAY 900', undefined, 899, 1000],
    ['LOGIN-DELAY 900 USER', '-ERR [SYS/TEMP] not now', 899, 1000],
    ['LOGIN-DELAY 999999999', undefined, 86_399, 86_500],
    ['LOGIN-DELAY soon', undefined, 9, 13],
    ['EXPIRE 30', undefined, 9, 13],
  ] as const) {
    const capabilities = ['USER', 'UIDL', 'TOP', 'PIPELINING', capability]
    const server = await startPop3Server({
      messages: abc,
      capabilities,
      ...(quitSays === undefined ? {} : { quitSays }),
    })
    const id = await visited(server)
    const seconds = await nextIn(id)
    assert.ok(seconds >= soonest && seconds <= latest, `${capability}: next in ${seconds} s`)
    await stack.call('DELETE', `/accounts/${id}`)
    await server.close()
  }
})

test('a server that is locked, throttles, or hangs up at the password is visited again later and later', async () => {
  for (const [answer, soonest, latest] of [
    ['-ERR [IN-USE] locked\r\n', 299, 380],
    ['-ERR [LOGIN-DELAY] too soon\r\n', 899, 1130],
    ['-ERR [SYS/TEMP] later\r\n', 59, 80],
    ['-ERR wrong password\r\n', 599, 755],
    [undefined, 59, 80],
  ] as const) {
    const server = await startPop3Server({
      messages: abc,
      ...(answer === undefined ? { dropOn: 'PASS' } : { answers: { PASS: answer } }),
    })
    const id = await visited(server)
    const seconds = await nextIn(id)
    assert.ok(seconds >= soonest && seconds <= latest, `${answer}: next in ${seconds} s`)
    await stack.call('DELETE', `/accounts/${id}`)
    await server.close()
  }
})

// QUIRKS 6
test('a maildrop whose UIDLs have all changed: nothing is fetched again, and run and log say so', async () => {
  const moved = abc.map((message, nth) => ({ ...message, uidl: `1479000000.${nth}` }))
  const server = await startPop3Server({ messages: abc, connections: [{}, { messages: moved }, {}] })
  await stack.destination('moved').then(async (destination) => {
    const id = await stack.account({ port: server.port, destinationId: destination })
    const said = () =>
      stack.logged
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter((line) => line['event'] === 'ids changed')
    const sentence =
      'The provider has new ids for 3 messages of the 3 in the maildrop: mostly it was moved. They were known by their content, and none was fetched twice.'
    for (const [stored, notices] of [
      [3, []],
      [0, [sentence]],
      [0, []],
    ] as const) {
      const run = await stack.pull(id)
      assert.deepEqual([run.stored, run.notices], [stored, notices])
    }
    assert.deepEqual(
      said().map(({ renamed, listed, accountId }) => [renamed, listed, accountId]),
      [[3, 3, id]],
    )
    assert.equal((await readFolder(stack.dovecot.imapPort, 'moved', 'wonder')).length, 3)
  })
  await server.close()
})

test('a server that has other ids in each session is told of once, and again when its ids have stayed and then change', async () => {
  const under = (name: string) => ({
    messages: abc.map((message, nth) => ({ ...message, uidl: `${name}479000000.${(nth * 7 + 3) % 11}` })),
  })
  const server = await startPop3Server({
    ...under('a'),
    connections: ['a', 'b', 'c', 'd', 'd', 'e'].map(under),
  })
  const destination = await stack.destination('everchanging')
  const id = await stack.account({ port: server.port, destinationId: destination })
  const counts: number[] = []
  for (let visit = 0; visit < 6; visit += 1) {
    const run = await stack.pull(id)
    assert.equal(run.stored, visit === 0 ? 3 : 0)
    counts.push(run.notices.length)
  }
  assert.deepEqual(counts, [0, 1, 0, 0, 0, 1])
  await server.close()
})
