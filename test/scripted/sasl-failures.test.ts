/** Mechanisms that do not do what they say, at a maildrop and at a store alike: what is tried then, what is learnt, and what people are told. */
import assert from 'node:assert/strict'
import type { LookupFunction } from 'node:net'
import { test } from 'node:test'
import type { LoginTrait, ServerTrait } from '../../src/account/server-traits.ts'
import type { Failure } from '../../src/failure/failure.ts'
import { reportOf } from '../../src/failure/sentences.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { connectStore } from '../../src/imap/connection.ts'
import { LoginMemories } from '../../src/imap/login-memories.ts'
import { openMaildrop } from '../../src/pop3/open-maildrop.ts'
import { startImapServer } from '../support/imap-server.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { base64, heeding, honest, type Played, type Plays } from '../support/sasl-server.ts'

interface Told {
  readonly offers: string
  readonly plays: Plays
  readonly knows?: readonly LoginTrait[]
  readonly login?: Partial<typeof usual>
  /** The capabilities of the store beside AUTH=. */
  readonly store?: readonly string[]
  /** How often the same login is made; 1. */
  readonly times?: number
}

const usual = {
  host: '127.0.0.1',
  tls: 'none' as 'none' | 'implicit',
  tlsVerify: false,
  tlsFingerprint: null,
  user: 'me',
  password: 'secret',
  auth: 'password' as 'password' | 'oauth2',
  sasl: null as null | 'CRAM-MD5' | 'SCRAM-SHA-1',
}

interface Seen {
  /** The mechanisms that were asked for, and `clear` for USER or LOGIN. */
  readonly ways: readonly string[]
  /** What the last login came to; undefined: it went well. */
  readonly failure: Failure | undefined
  readonly traits: readonly string[]
  readonly connections: number
}

type Protocol = 'POP3' | 'IMAP'
const lookup: LookupFunction = (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }])
const waits = { connectMs: 2000, replyMs: 500, capaMs: 500, listingMs: 500, quitMs: 500 }

async function seen(protocol: Protocol, told: Told): Promise<Seen> {
  const ways: string[] = []
  const authenticates: Plays = (mechanism, initial) => {
    ways.push(mechanism)
    return told.plays(mechanism, initial)
  }
  const traits = new Set<ServerTrait>(told.knows)
  let failure: Failure | undefined
  const tried = async (opening: Promise<{ close?(): void; abandon?(): void }>) => {
    try {
      const session = await opening
      session.close?.()
      session.abandon?.()
      return undefined
    } catch (error) {
      assert.ok(error instanceof SessionFailed, String(error))
      return error.failure
    }
  }
  const login = { ...usual, ...told.login, lookup }
  let connections = 0
  if (protocol === 'POP3') {
    const capabilities = ['USER', 'UIDL', ...told.offers.split('; ').map((names) => `SASL ${names}`)]
    const atConnection = () => {
      connections += 1
      return {}
    }
    let isOver = false
    const server = await startPop3Server({
      messages: [],
      capabilities,
      atConnection,
      authenticates: (mechanism, initial) => {
        const played = authenticates(mechanism, initial)
        return played && leaving(played, () => (isOver = true))
      },
      hangsUp: () => isOver && !(isOver = false),
      mangles: (reply, command) => {
        if (command.startsWith('USER')) ways.push('clear')
        return reply
      },
    })
    for (let nth = 0; nth < (told.times ?? 1); nth += 1)
      failure = await tried(openMaildrop({ ...login, port: server.port, waits, traits }))
    await server.close()
  } else {
    const { store = [] } = told
    const names = told.offers.split(/;? /).map((name) => `AUTH=${name}`)
    const lines = told.offers.split('; ').map((line) => line.split(' ').map((name) => `AUTH=${name}`))
    const server = await startImapServer({
      capabilitiesBeforeLogin: ['IMAP4rev1', ...store, ...names],
      capabilities: ['IMAP4rev1'],
      authenticates,
      answers: {
        CAPABILITY: () =>
          lines.length === 1
            ? undefined
            : `${lines.map((one) => `* CAPABILITY IMAP4rev1 ${one.join(' ')}\r\n`).join('')}TAG OK done\r\n`,
        LOGIN: () => {
          ways.push('clear')
          return undefined
        },
      },
    })
    const memories = new LoginMemories()
    const there = { ...login, port: server.port, loginTraits: told.knows ?? [] }
    for (let nth = 0; nth < (told.times ?? 1); nth += 1)
      failure = await tried(connectStore(there, { memories, waitMs: 3000 }))
    for (const trait of memories.of(there)) traits.add(trait)
    connections = server.connections()
    await server.close()
  }
  const known = new Set<string>(told.knows)
  return { ways, failure, traits: [...traits].filter((trait) => !known.has(trait)), connections }
}

/** In POP3 a server that hangs up says nothing behind it. */
function* leaving(played: Played, over: () => void): Played {
  let said = played.next('')
  while (said.done !== true) said = played.next(yield said.value)
  if (said.value === '' || said.value.startsWith('* BYE')) over()
  return said.value
}

function* ever(line: string): Played {
  for (;;) yield line
}

/** One mechanism as it is said here, and all others honest. */
const except =
  (broken: string, play: (initial: string | undefined) => Played, others: Plays = honest()): Plays =>
  (mechanism, initial) =>
    mechanism === broken ? play(initial) : others(mechanism, initial)

function* says(...lines: readonly string[]): Played {
  for (const line of lines.slice(0, -1)) yield line
  return lines.at(-1) ?? 'OK'
}

const challenge = `+ ${base64('<1896.697170952@mail.example.net>')}`
const messageOf = (failure: Failure | undefined) => (failure === undefined ? '' : reportOf(failure).message)
const isOfPassword = (failure: Failure | undefined) =>
  failure !== undefined &&
  (failure.kind === 'credentials refused' ||
    (failure.kind === 'store refused' && failure.during === 'login' && reportOf(failure).step !== undefined))

function both(name: string, told: Told, check: (seen: Seen, protocol: Protocol) => void): void {
  for (const protocol of ['POP3', 'IMAP'] as const)
    test(`${name} (${protocol})`, async () => check(await seen(protocol, told), protocol))
}

for (const [what, play] of Object.entries({
  'asks twice': () => heeding(says(challenge, challenge, 'OK')),
  'asks for nothing': () => heeding(says('+ ', 'OK')),
  'asks in words': () => heeding(says('+ your turn, please!', 'OK')),
  'asks at length': () => heeding(says(`+ ${'QUJD'.repeat(1100)}`, 'OK')),
  'asks with a megabyte': () => heeding(says(`+ ${'QUJD'.repeat(250_000)}`, 'OK')),
  'asks with three megabytes': () => heeding(says(`+ ${'QUJD'.repeat(750_000)}`, 'OK')),
  'asks without an end': () => heeding(ever(challenge)),
  'asks without an end, whatever is said': () => ever(challenge),
  'hangs up': () => says(''),
  'hangs up at the response': () => says(challenge, ''),
  'does not know it': () => says('NO Unsupported authentication mechanism.'),
  'knows no such command': () => says('BAD Unknown command AUTH'),
  'says success to what was given up': () => says('+ ', 'OK'),
}))
  both(
    `a mechanism that is announced and broken makes room for the next one, and is passed over from then on: it ${what}`,
    { offers: 'CRAM-MD5 PLAIN', plays: except('CRAM-MD5', play), times: 2 },
    ({ ways, failure, traits, connections }) => {
      assert.deepEqual([ways, failure], [['CRAM-MD5', 'PLAIN', 'PLAIN'], undefined])
      assert.deepEqual(
        traits.filter((trait) => trait.includes('CRAM')),
        ['no CRAM-MD5'],
      )
      assert.ok(connections <= 3)
    },
  )

both(
  'PLAIN that is announced and broken makes room for LOGIN, and that for what is no mechanism',
  {
    offers: 'PLAIN LOGIN',
    plays: (mechanism) => (mechanism === 'PLAIN' ? heeding(says('+ ', '+ once more', 'OK')) : undefined),
  },
  ({ ways, failure }) => assert.deepEqual([ways, failure], [['PLAIN', 'LOGIN', 'clear'], undefined]),
)

both(
  'the only way, broken, is told as broken, and not as a wrong password',
  {
    offers: 'CRAM-MD5 PLAIN',
    plays: except('CRAM-MD5', () => heeding(ever(challenge))),
    login: { sasl: 'CRAM-MD5' },
  },
  ({ ways, failure, traits }, protocol) => {
    assert.deepEqual([ways, traits], [['CRAM-MD5'], []])
    assert.equal(failure?.kind, protocol === 'POP3' ? 'broken protocol' : 'store unreachable')
    assert.ok(!isOfPassword(failure))
    assert.match(messageOf(failure), /CRAM-MD5/)
  },
)

both(
  'the only way, refused as a mechanism, is told as that',
  { offers: 'PLAIN', plays: honest(), login: { sasl: 'SCRAM-SHA-1' } },
  ({ ways, failure }) => assert.deepEqual([ways, isOfPassword(failure)], [['SCRAM-SHA-1'], false]),
)

both(
  'the only way, at which the server hangs up, is told as an end',
  { offers: 'CRAM-MD5', plays: except('CRAM-MD5', () => says('')), login: { sasl: 'CRAM-MD5' } },
  ({ ways, failure }, protocol) => {
    assert.deepEqual(ways, ['CRAM-MD5'])
    assert.equal(failure?.kind, protocol === 'POP3' ? 'unreachable' : 'store unreachable')
  },
)

const all = 'SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN'

both(
  'a wrong password is tried twice, and teaches nothing, whatever is offered',
  { offers: all, plays: honest(), login: { password: 'wrong' } },
  ({ ways, failure, traits }) => {
    assert.deepEqual([ways, traits], [['SCRAM-SHA-256', 'PLAIN'], []])
    assert.ok(isOfPassword(failure))
  },
)

both(
  'a wrong password is tried once where the mechanism is known to work',
  { offers: all, plays: honest(), login: { password: 'wrong' }, knows: ['SCRAM-SHA-256 works'] },
  ({ ways, failure }) => assert.deepEqual([ways, isOfPassword(failure)], [['SCRAM-SHA-256'], true]),
)

for (const words of [
  'Authentication command failed: Invalid user name or password.',
  'SASL credentials invalid',
  'invalid user name or password for AUTH command',
  '[SYS/PERM] authentication failed',
  '[SYS/TEMP] authentication is unwell',
]) {
  const plays: Plays = () => says(`NO ${words}`)
  both(
    `a wrong password is tried twice, whatever the words of the refusals are: ${words}`,
    { offers: all, plays },
    ({ ways, failure, traits }, protocol) => {
      // In IMAP, where the code is one of POP3, it passes.
      const isOnce = protocol === 'IMAP' && words.startsWith('[SYS/TEMP]')
      assert.deepEqual([ways, traits], [isOnce ? ['SCRAM-SHA-256'] : ['SCRAM-SHA-256', 'PLAIN'], []])
      if (!words.startsWith('[')) assert.ok(isOfPassword(failure), JSON.stringify(failure))
    },
  )
  both(
    `no weaker way is tried behind one that has let somebody in: ${words}`,
    { offers: all, plays, knows: ['SCRAM-SHA-256 works'] },
    ({ ways }) => assert.deepEqual(ways, ['SCRAM-SHA-256']),
  )
}

for (const words of ['[SYS/PERM] Your account is not enabled for POP access', 'Application-specific password required'])
  for (const auth of ['password', 'oauth2'] as const)
    both(
      `where no other way helps none is tried (${auth}): ${words}`,
      {
        offers: auth === 'oauth2' ? 'XOAUTH2 OAUTHBEARER' : all,
        plays: () => says(`NO ${words}`),
        login: { auth },
        times: 2,
      },
      ({ ways, failure, traits }) => {
        assert.deepEqual([ways.length, traits], [2, []])
        assert.equal(new Set(ways).size, 1)
        assert.ok(failure !== undefined)
      },
    )

both(
  'a wrong password is tried once where nothing proves it',
  { offers: 'PLAIN LOGIN', plays: honest(), login: { password: 'wrong' } },
  ({ ways, failure }) => assert.deepEqual([ways, isOfPassword(failure)], [['PLAIN'], true]),
)

both(
  'where passwords are kept as hashes the password itself is told, at once the next time',
  {
    offers: all,
    plays: (mechanism, initial) => honest(/^(?:PLAIN|LOGIN)$/.test(mechanism) ? 'secret' : '')(mechanism, initial),
    times: 2,
  },
  ({ ways, failure }) => assert.deepEqual([ways, failure], [['SCRAM-SHA-256', 'PLAIN', 'PLAIN'], undefined]),
)

both(
  'a server that hangs up behind each refusal is asked by the next way in a new session',
  {
    offers: 'CRAM-MD5 PLAIN',
    plays: except('CRAM-MD5', () => says('* BYE Authentication failed')),
  },
  // In POP3 the connection that is gone may still have heard of it.
  ({ ways, failure }) => assert.deepEqual([[...new Set(ways)], failure], [['CRAM-MD5', 'PLAIN'], undefined]),
)

both(
  'a password of Latin-1 is tried once more in its letters, and so from then on',
  { offers: 'PLAIN', plays: latin1(), login: { password: 's\xe9cret' }, times: 2 },
  ({ ways, failure, traits }) => {
    assert.deepEqual([ways, failure], [['PLAIN', 'PLAIN', 'PLAIN'], undefined])
    assert.ok(traits.includes('Latin-1 passwords'))
  },
)

function latin1(): Plays {
  const right = Buffer.from('\0me\0s\xe9cret', 'latin1').toString('base64')
  return (_mechanism, initial) =>
    (function* (): Played {
      return (initial ?? (yield '+ ')) === right ? 'OK' : 'NO [AUTHENTICATIONFAILED] wrong'
    })()
}

for (const [what, faults] of Object.entries({
  'has another signature': { final: `v=${base64('not the signature of it')}` },
  'says success without a signature': { final: null },
}))
  both(
    `a server that ${what} hears no more of us`,
    { offers: 'SCRAM-SHA-256 SCRAM-SHA-1 PLAIN', plays: honest('secret', faults) },
    ({ ways, failure, traits }, protocol) => {
      assert.deepEqual([ways, traits], [['SCRAM-SHA-256'], []])
      assert.equal(failure?.kind, protocol === 'POP3' ? 'broken protocol' : 'store unreachable')
      assert.ok(!isOfPassword(failure))
    },
  )

for (const [what, faults] of Object.entries({
  'no iterations': { iterations: 0 },
  'ten million iterations': { iterations: 10_000_000 },
  'a nonce that does not go on from ours': { nonce: () => 'another' },
  'our nonce alone': { nonce: (client: string) => client },
}))
  both(
    `SCRAM with ${what} is given up before anything is computed`,
    {
      offers: 'SCRAM-SHA-256 PLAIN',
      plays: except('SCRAM-SHA-256', (i) => honest('secret', faults)('SCRAM-SHA-256', i) as Played),
    },
    ({ ways, failure }) => assert.deepEqual([ways, failure], [['SCRAM-SHA-256', 'PLAIN'], undefined]),
  )

for (const protocol of ['POP3', 'IMAP'] as const)
  test(`the keys of SCRAM are made beside the event loop (${protocol})`, async () => {
    let turns = 0
    let isOver = false
    const count = () => {
      turns += 1
      if (!isOver) setImmediate(count)
    }
    const password = `a password of its own for ${protocol}`
    // The scripted server computes in this process, too: it is asked for its keys before the turns are counted.
    const plays: Plays = (_mechanism, initial) =>
      (function* (): Played {
        const nonce = /r=(.*)$/.exec(Buffer.from(initial ?? (yield '+ '), 'base64').toString())?.[1] ?? ''
        count()
        yield `+ ${base64(`r=${nonce}more,s=QSXCR+Q6sek8bf92,i=200000`)}`
        isOver = true
        return 'NO [AUTHENTICATIONFAILED] Invalid credentials'
      })()
    const { ways } = await seen(protocol, { offers: 'SCRAM-SHA-1', plays, login: { sasl: 'SCRAM-SHA-1', password } })
    assert.deepEqual(ways, ['SCRAM-SHA-1'])
    assert.ok(turns > 100, `${turns} turns of the event loop`)
  })

both(
  'a plus without a blank is a question as any',
  { offers: 'PLAIN', plays: () => heeding(plus()) },
  ({ ways, failure }) => assert.deepEqual([ways, failure], [['PLAIN'], undefined]),
)

function* plus(): Played {
  return (yield '+') === base64('\0me\0secret') ? 'OK' : 'NO wrong'
}

both(
  'a server that does not read the initial response is told it once more',
  { offers: 'PLAIN', store: ['SASL-IR'], plays: () => heeding(says('+ ', 'OK')) },
  ({ ways, failure }) => assert.deepEqual([ways, failure], [['PLAIN'], undefined]),
)

test('the initial response goes with the command where the store announces that, and waits to be asked for where not', async () => {
  for (const store of [[], ['SASL-IR']]) {
    const initials: (string | undefined)[] = []
    const plays: Plays = (mechanism, initial) => {
      initials.push(initial)
      return honest()(mechanism, initial)
    }
    for (const offers of ['SCRAM-SHA-256', 'PLAIN', 'LOGIN', 'CRAM-MD5'])
      assert.equal((await seen('IMAP', { offers, plays, store })).failure, undefined)
    assert.deepEqual(
      initials.map((initial) => initial !== undefined),
      store.length === 0 ? [false, false, false, false] : [true, true, false, false],
    )
  }
})

both(
  'a mechanism is known in whatever letters, and on whichever line',
  { offers: 'gssapi Scram-Sha-1; Plain', plays: honest(), store: [] },
  ({ ways, failure }) => assert.deepEqual([ways, failure], [['SCRAM-SHA-1'], undefined]),
)

both(
  'a token is refused by a challenge that says why, which is answered by nothing',
  {
    offers: 'XOAUTH2 PLAIN',
    plays: (_mechanism, initial) => heeding(refused(initial)),
    login: { auth: 'oauth2', password: 'a-token' },
  },
  ({ ways, failure }) => {
    assert.deepEqual(ways, ['XOAUTH2'])
    assert.ok(isOfPassword(failure))
  },
)

function* refused(initial: string | undefined): Played {
  if (initial === undefined) yield '+ '
  const answer = yield `+ ${base64('{"status":"401","schemes":"bearer","scope":"https://mail.example.net/"}')}`
  return answer === '' ? 'NO [AUTHENTICATIONFAILED] Invalid credentials' : 'BAD no empty answer'
}

both(
  'a server that says in mid-exchange that it passes is not asked by another way',
  {
    offers: 'CRAM-MD5 PLAIN',
    plays: except('CRAM-MD5', () => says(challenge, '* BYE Too many connections, try again later')),
  },
  ({ ways, failure }) => {
    assert.deepEqual(ways, ['CRAM-MD5'])
    assert.ok(failure !== undefined && !isOfPassword(failure))
  },
)

test('a store that takes no LOGIN is told the password by PLAIN, or by nothing', async () => {
  const store = ['LOGINDISABLED']
  const plain = await seen('IMAP', { offers: 'PLAIN', store, plays: honest() })
  assert.deepEqual([plain.ways, plain.failure], [['PLAIN'], undefined])
  const none = await seen('IMAP', { offers: 'GSSAPI', store, plays: honest() })
  assert.deepEqual(none.ways, [])
  assert.ok(none.failure !== undefined)
  assert.match(reportOf(none.failure).message, /LOGINDISABLED/)
  assert.equal(reportOf(none.failure).step?.code, 'use TLS for the destination')
})

both(
  'on a line that nobody checks nothing weaker is tried than what has let us in, and that is told',
  { offers: 'PLAIN LOGIN', plays: honest(), login: { host: 'mail.example.net' }, knows: ['SCRAM-SHA-256 works'] },
  ({ ways, failure }, protocol) => {
    assert.deepEqual(ways, [])
    assert.equal(failure?.kind, protocol === 'POP3' ? 'broken protocol' : 'store unreachable')
    assert.match(messageOf(failure), /SCRAM-SHA-256.*TLS.*`sasl`|SCRAM-SHA-256.*tls.*`sasl`/s)
  },
)

both(
  'on a line that nobody checks a proof that is not known any more is told of as a downgrade',
  {
    offers: 'SCRAM-SHA-256 PLAIN',
    plays: () => says('NO Unsupported authentication mechanism'),
    login: { host: 'mail.example.net' },
    knows: ['SCRAM-SHA-256 works'],
  },
  ({ ways, failure }) => {
    assert.deepEqual([...new Set(ways)], ['SCRAM-SHA-256'])
    assert.match(messageOf(failure), /SCRAM-SHA-256.*TLS.*`sasl`|SCRAM-SHA-256.*tls.*`sasl`/s)
  },
)

both(
  'nobody is told to choose no mechanism who has chosen none',
  { offers: 'GSSAPI', plays: () => says('NO Unsupported authentication mechanism'), login: { auth: 'oauth2' } },
  ({ failure }) => assert.doesNotMatch(messageOf(failure), /let `sasl` be null/),
)

for (const protocol of ['POP3', 'IMAP'] as const)
  test(`what a server repeats of our responses is hidden (${protocol})`, async () => {
    const told: string[] = []
    const plays: Plays = () =>
      (function* (): Played {
        const response = yield challenge
        told.push(response)
        return `NO cannot log in with ${response}`
      })()
    const { failure } = await seen(protocol, { offers: 'CRAM-MD5', plays, login: { sasl: 'CRAM-MD5' } })
    assert.equal(told.length, 1)
    assert.ok(!JSON.stringify(failure).includes(told[0] ?? 'x'), JSON.stringify(failure))
  })
