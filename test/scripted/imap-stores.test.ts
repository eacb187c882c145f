import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { StoreEndpoint } from '../../src/server-urls.ts'
import type { FailureKind } from '../../src/failure/failure.ts'
import { connectStore, hostedLogin, type Login } from '../../src/imap/connection.ts'
import { StorePool } from '../../src/imap/pool.ts'
import type { Store } from '../../src/pull/store-ports.ts'
import { pullLimits } from '../../src/pull/limits.ts'
import { noCounts, type RunCounts } from '../../src/runs/run.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import type { ShortHash, Token } from '../../src/mail/message.ts'
import { certificate } from '../support/certificates.ts'
import { type ScriptedStore, type StoreBehaviour, type StoredMessage, startImapServer } from '../support/imap-server.ts'
import { until } from '../support/until.ts'
import { letter, TestWorld } from '../support/world.ts'

const nowhere: StoreEndpoint = { host: '127.0.0.1', port: 1, tls: 'none', masterUser: 'm', masterPassword: 'm' }
const pool = new StorePool(nowhere, { lateMs: 1 })
after(async () => {
  await pool.close()
})

const own = certificate()
const another = certificate('elsewhere.example')

const fails = (kind: FailureKind, sentence: RegExp) => (error: unknown) => {
  assert.ok(error instanceof SessionFailed, String(error))
  assert.equal(error.failure.kind, kind, error.message)
  assert.match(error.message, sentence)
  return true
}

let ids = 0
async function scripted(
  behaviour: StoreBehaviour,
  use: (store: Store, server: ScriptedStore) => Promise<void>,
  login: Partial<Login> = {},
): Promise<void> {
  const server = await startImapServer(behaviour)
  try {
    const where = { host: '127.0.0.1', port: server.port, tls: 'none', user: 'me', password: 'secret' } as const
    const target = { kind: 'imap', id: `store ${(ids += 1)}`, ...where, ...login } as const
    await use(await pool.store(target), server)
  } finally {
    await server.close()
  }
}

/**
 * A whole run of these messages into such a store, with what the ledger then holds.
 *
 * @param judged as many further runs as it takes until what fails is set aside; the counts are those of all of them, the failure the first's.
 */
async function run(
  behaviour: StoreBehaviour,
  messages: readonly Buffer[],
  check: (ran: {
    counts: RunCounts
    failure: SessionFailed | undefined
    world: TestWorld
    server: ScriptedStore
    reasons: string[]
  }) => Promise<void> | void,
  judged = false,
): Promise<void> {
  await scripted(behaviour, async (store, server) => {
    const world = new TestWorld(messages.map((bytes, nth) => ({ bytes, uidl: `u${nth}` })))
    world.realStore = store
    world.window = 50
    let counts = noCounts()
    const failure = await world.pullInto(counts).then(
      () => undefined,
      (thrown: unknown) => thrown as SessionFailed,
    )
    if (judged) {
      const { stored, quarantined } = counts
      counts = await world.pullUntilJudged()
      counts = { ...counts, stored: counts.stored + stored, quarantined: counts.quarantined + quarantined }
    }
    const reasons = world.ledger.quarantined.map(({ reason }) => ('reply' in reason ? reason.reply : reason.kind))
    await check({ counts, failure, world, server, reasons })
  })
}

const letters = (count: number, from = 0) => Array.from({ length: count }, (_, nth) => letter(`nr ${from + nth}`))
const bad = (nth: number) => letter(`bad ${nth}`, { body: 'worse' })
const holds = (text: string) => (messages: readonly { literal: Buffer }[]) =>
  messages.some(({ literal }) => literal.includes(text))

for (const mode of ['implicit', 'starttls'] as const) {
  test(`${mode}: a certificate that does not verify lets no password out, and a fingerprint lets in that one alone`, async () => {
    const tls = { mode, ...own }
    const refuses = async (login: Partial<Login>, sentence: RegExp) => {
      const server = await startImapServer({ tls })
      const given = { host: 'localhost', port: server.port, tls: mode, user: 'me', password: 'secret', ...login }
      await assert.rejects(connectStore(given), fails('store unreachable', sentence))
      assert.ok(
        server.verbs.every((verb) => ['CAPABILITY', 'STARTTLS'].includes(verb)),
        server.verbs.join(),
      )
      await server.close()
    }
    await refuses({}, /no safe TLS connection: its certificate is signed by itself/)
    await refuses({ tlsFingerprint: another.fingerprint }, /has the fingerprint [0-9a-f]{64}, not the one/)
    await refuses({ tlsFingerprint: another.fingerprint, tlsVerify: false }, /has the fingerprint/)
    const secure = { tls: mode, host: 'localhost' } as const
    for (const rules of [{ tlsVerify: false }, { tlsFingerprint: own.fingerprint }]) {
      await scripted({ tls }, async (store) => assert.equal((await store.prepare('INBOX')).uidNext, 1), {
        ...secure,
        ...rules,
      })
    }
  })
}

test('a certificate is checked against the address too, where the host is one', async () => {
  const server = await startImapServer({ tls: { mode: 'implicit', ...own } })
  const login = { host: '127.0.0.1', port: server.port, tls: 'implicit', user: 'me', password: 'secret' } as const
  await assert.rejects(connectStore(login), fails('store unreachable', /no safe TLS connection/))
  const hosted = hostedLogin({ ...nowhere, port: server.port, tls: 'implicit' }, 'me', 'secret')
  const client = await connectStore(hosted)
  client.close()
  await server.close()
})

test('a hosted store need not verify on this machine, and must elsewhere', () => {
  const verifies = (host: string) => hostedLogin({ ...nowhere, host }, 'me', 'x').tlsVerify
  for (const host of ['127.0.0.1', '127.8.9.10', '::1', 'localhost', 'LOCALHOST']) assert.equal(verifies(host), false)
  for (const host of ['127.example.org', '10.0.0.1', 'localhost.example.org', '::2', 'mail.example.org'])
    assert.equal(verifies(host), true)
})

test('STARTTLS or nothing: not offered, refused, after PREAUTH, or with something slipped in before the handshake', async () => {
  const tls = { mode: 'starttls', ...own } as const
  const cases: [StoreBehaviour, RegExp][] = [
    [{}, /no safe TLS connection: it does not offer STARTTLS/],
    [{ tls, answers: { STARTTLS: 'TAG NO not today\r\n' } }, /offers STARTTLS and refuses it, "NO not today"/],
    [{ tls, answers: { STARTTLS: 'TAG BAD what\r\n' } }, /offers STARTTLS and refuses it, "BAD what"/],
    [{ tls, greeting: '* PREAUTH you are in' }, /STARTTLS is not possible after a PREAUTH greeting/],
    [{ tls, injects: '* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n' }, /between STARTTLS and the handshake/],
    [{ tls, injects: '1 OK half a li' }, /no safe TLS connection/],
  ]
  for (const [behaviour, sentence] of cases) {
    await assert.rejects(
      scripted(behaviour, async () => {}, { tls: 'starttls', tlsVerify: false }),
      fails('store unreachable', sentence),
    )
  }
})

test('nothing that was said before the handshake, or before the login, is believed', async () => {
  const tls = { mode: 'starttls', ...own } as const
  const capabilitiesInClear = ['IMAP4rev1', 'STARTTLS', 'MULTIAPPEND', 'LITERAL+', 'APPENDLIMIT=1', 'AUTH=CRAM-MD5']
  const plain = ['IMAP4rev1', 'AUTH=PLAIN']
  await scripted(
    { tls, capabilitiesInClear, capabilitiesBeforeLogin: plain, capabilities: ['IMAP4rev1', 'MULTIAPPEND'] },
    async (store, server) => {
      assert.equal(store.batch.messages, pullLimits.windowMessagesMax)
      await store.prepare('INBOX')
      const literal = letter('one')
      const copy = { token: 'a'.repeat(32) as never, literal: [literal], internalDate: new Date(0) }
      assert.equal((await store.append('INBOX', [copy], [])).status, 'stored')
      assert.deepEqual(server.literals, [`{${literal.length}}`])
      assert.deepEqual(server.verbs.slice(0, 5), ['CAPABILITY', 'STARTTLS', 'CAPABILITY', 'AUTHENTICATE', 'PLAIN'])
    },
    { tls: 'starttls', tlsVerify: false },
  )
})

test('where a login in clear is disabled, the sentence says what to do', async () => {
  const capabilities = ['IMAP4rev1', 'STARTTLS', 'LOGINDISABLED']
  await scripted({ capabilities }, async () => assert.fail('let in')).then(
    () => assert.fail(),
    fails('store refused', /takes no password in clear text \(LOGINDISABLED\): choose TLS or STARTTLS/),
  )
})

test('servers without ID, NAMESPACE or ENABLE, or that refuse them, are stores like any other', async () => {
  const bare = ['IMAP4rev1']
  const all = ['IMAP4rev1', 'ID', 'NAMESPACE', 'ENABLE', 'UTF8=ACCEPT', 'CONDSTORE', 'IMAP4rev2']
  const refusals = { ID: 'TAG BAD what\r\n', NAMESPACE: 'TAG BAD what\r\n', ENABLE: 'TAG NO no\r\n' }
  for (const behaviour of [{ capabilities: bare }, { capabilities: all, answers: refusals }]) {
    await run(behaviour, letters(3), ({ counts, failure, server }) => {
      assert.equal(failure, undefined)
      assert.deepEqual([counts.stored, server.stored.length], [3, 3])
      assert.ok(!server.verbs.includes('ENABLE'))
    })
  }
})

test('folders go by the server’s own separator and prefix, in modified UTF-7', async () => {
  const cases: [StoreBehaviour, string, string][] = [
    [{ separator: '.', prefix: 'INBOX.' }, 'Work/Old', 'INBOX.Work.Old'],
    [{ separator: '.', prefix: 'INBOX.' }, 'inbox/Work', 'INBOX.Work'],
    [{ separator: '.', prefix: 'INBOX.' }, 'INBOX', 'INBOX'],
    [{ separator: '.', capabilities: ['IMAP4rev1'] }, 'Work/Old', 'Work.Old'],
    [{ answers: { NAMESPACE: 'TAG BAD what\r\n' } }, 'Work/Old', 'Work/Old'],
    [{}, 'Büro & Co/日本', 'B&APw-ro &- Co/&ZeVnLA-'],
    [{ capabilities: ['IMAP4rev2'] }, 'Büro', Buffer.from('Büro').toString('latin1')],
    [{}, 'say "hi"\\', 'say "hi"\\'],
  ]
  for (const [behaviour, folder, written] of cases) {
    await scripted(behaviour, async (store, server) => {
      assert.equal((await store.prepare(folder)).uidNext, 1)
      const copy = { token: 'a'.repeat(32) as never, literal: [letter('one')], internalDate: new Date(0) }
      assert.equal((await store.append(folder, [copy], [])).status, 'stored')
      assert.equal((await store.prepare(folder)).uidNext, 2)
      assert.deepEqual([...server.folders].slice(folder === 'INBOX' ? 0 : 1), [written])
      assert.deepEqual(
        [server.stored[0]?.folder, [...server.subscribed]],
        [written, folder === 'INBOX' ? [] : [written]],
      )
    })
  }
})

test('a level that holds the separator of the store is not made into several folders', async () => {
  for (const prefix of ['', 'INBOX.']) {
    await scripted({ separator: '.', prefix }, async (store, server) => {
      await assert.rejects(
        store.prepare('Collected/me@example.net'),
        fails(
          'store refused',
          /making the folder Collected\/me@example\.net: ""\." parts the levels of folders there, so "me@example\.net" would become/,
        ),
      )
      assert.deepEqual([...server.folders], ['INBOX'])
      server.folders.add(`${prefix}Old.me@example.net`)
      assert.equal((await store.prepare('Old/me@example.net')).uidNext, 1, 'one that is there is used as it is')
    })
  }
  await scripted({ separator: '/' }, async (store) => {
    assert.equal((await store.prepare('Collected/me@example.net')).uidNext, 1)
  })
})

test('no message is stored as deleted, even for an account that asked for it before that was refused', async () => {
  await scripted({}, async (store, server) => {
    const copy = { token: 'a'.repeat(32) as Token, literal: [letter('one')], internalDate: new Date(0) }
    await store.append('INBOX', [copy], ['\\Flagged', '\\DELETED', 'work'])
    assert.equal(server.stored[0]?.flags, '\\Flagged work')
  })
})

test('a flag that the store refuses is left out, and the mail is stored; the others of a refused message are not blamed', async () => {
  const words = 'NO [CANNOT] invalid keyword'
  for (const [flags, refused, kept] of [
    [['\\Seen', 'job'], /job/, '\\Seen'],
    [['work', '$label'], /\$label/, ''],
    [['\\Flagged', 'work'], /Flagged/, ''],
  ] as const) {
    const refuses = (messages: readonly StoredMessage[]) =>
      messages.some((message) => refused.test(message.flags)) ? words : undefined
    const server = await startImapServer({ refuses })
    try {
      const where = { host: '127.0.0.1', port: server.port, tls: 'none', user: 'me', password: 'secret' } as const
      const world = new TestWorld(letters(3).map((bytes, nth) => ({ bytes, uidl: `u${nth}` })))
      world.realStore = await pool.store({ kind: 'imap', id: `flags ${kept} ${flags.join()}`, ...where })
      const counts = await world.pull({ flags })
      assert.deepEqual([counts.stored, counts.quarantined], [3, 0])
      assert.deepEqual(new Set(server.stored.map((message) => message.flags)), new Set([kept]))
      const left = flags.filter((flag) => !kept.includes(flag))
      assert.deepEqual(world.notices, [{ event: 'flags left out', flags: left, reply: 'NO invalid keyword [CANNOT]' }])
    } finally {
      await server.close()
    }
  }
})

test('a folder that the server will not have fails the run in its words', async () => {
  const answers = { CREATE: 'TAG NO [CANNOT] Folder name contains excess whitespace (Failure)\r\n' }
  await scripted({ answers }, async (store) => {
    await assert.rejects(
      store.prepare(' Work '),
      fails('store refused', /refused making the folder {2}Work : "Folder name contains excess whitespace/),
    )
  })
})

test('a folder that is there and cannot be looked into is not taken for an empty one', async () => {
  await scripted({ answers: { EXAMINE: 'TAG NO [INUSE] locked\r\n' } }, async (store) => {
    const { uidNext, uidValidity } = await store.prepare('INBOX')
    const intent = { id: '', folder: 'INBOX', uidNext, uidValidity, entries: [], writtenAtSeconds: 1 }
    await assert.rejects(store.find(intent), fails('store refused', /refused the search: .*locked/))
  })
})

test('literals: at once, of any size or up to 4096 octets as the server allows, announced and waited for else', async () => {
  const small = letter('small')
  const large = letter('large', { body: 'x'.repeat(5000) })
  for (const [capability, ofLarge, ofSmall] of [
    ['LITERAL+', '+', '+'],
    ['LITERAL-', '', '+'],
    ['UIDPLUS', '', ''],
  ] as const) {
    await run({ capabilities: ['IMAP4rev1', 'MULTIAPPEND', capability] }, [large, small, large, small], (ran) => {
      assert.equal(ran.failure, undefined)
      assert.equal(ran.counts.stored, 4)
      const announced = ran.server.literals.map((literal) =>
        literal.replace(/\d+/, (octets) => (Number(octets) > 4096 ? 'large' : 'small')),
      )
      const pair = [`{large${ofLarge}}`, `{small${ofSmall}}`]
      assert.deepEqual(announced, [...pair, ...pair])
    })
  }
})

test('LITERAL+ that is announced and not taken: the same messages are sent once more after `+`, and so is all that follows', async () => {
  const large = letter('large', { body: 'x'.repeat(9000) })
  for (const minds of ['BAD', 'hangs up'] as const)
    for (const [from, capabilities] of [
      [0, ['IMAP4rev1', 'LITERAL+', 'UIDPLUS']],
      [0, ['IMAP4rev1', 'LITERAL+', 'UIDPLUS', 'MULTIAPPEND']],
      [5000, ['IMAP4rev1', 'LITERAL+', 'UIDPLUS']],
    ] as const) {
      const mindsLiteralPlus = (octets: number) => (octets >= from ? minds : undefined)
      const messages = [...letters(2), large, ...letters(2, 2)]
      await run({ mindsLiteralPlus, capabilities }, messages, async ({ counts, failure, world, server }) => {
        const { stored, quarantined } = counts
        // Nobody knows what such a store has kept, and whose fault it was: the run may end there.
        if (minds === 'hangs up') await world.pull()
        else assert.deepEqual([failure, stored, quarantined], [undefined, 5, 0])
        const octetsOf = (literal: string) => Number(/\d+/.exec(literal)?.[0])
        const minded = server.literals.filter((literal) => octetsOf(literal) >= from)
        const waited = minded.findIndex((literal) => !literal.endsWith('+}'))
        assert.ok(waited > 0 && minded.slice(waited).every((literal) => !literal.endsWith('+}')), minded.join())
        assert.equal(server.stored.length, 5)
        world.provider.push({ bytes: letter('later'), uidl: 'later' })
        assert.equal((await world.pull()).stored, 1)
      })
    }
})

test('a message that is refused in both ways of sending is the one at fault, and LITERAL+ is used again', async () => {
  const refuses = (messages: readonly { literal: Buffer }[]) =>
    holds('worse')(messages) ? 'BAD bad message' : undefined
  await run({ refuses }, [bad(1), ...letters(3)], ({ counts, failure, server }) => {
    assert.deepEqual([failure, counts.stored], [undefined, 3])
    assert.ok(server.literals.at(-1)?.endsWith('+}'), server.literals.join())
  })
})

test('the words in which a store refuses a message after `+` are kept, where LITERAL+ is not taken', async () => {
  for (const capabilities of [
    ['IMAP4rev1', 'LITERAL+', 'UIDPLUS'],
    ['IMAP4rev1', 'LITERAL+', 'UIDPLUS', 'MULTIAPPEND'],
  ]) {
    const minds = { mindsLiteralPlus: () => 'BAD' as const, capabilities }
    const refuses = (messages: readonly { literal: Buffer }[]) =>
      holds('worse')(messages) ? 'NO [TOOBIG] this one is a virus' : undefined
    await run({ ...minds, refuses }, [bad(1), ...letters(3)], ({ counts, failure, reasons }) => {
      assert.deepEqual([failure, counts.stored, counts.quarantined], [undefined, 3, 1])
      assert.match(reasons[0] ?? '', /virus/)
    })
    const isFull = () => 'NO [OVERQUOTA] mailbox is full'
    await run({ ...minds, refuses: isFull }, letters(3), ({ counts, failure }) => {
      assert.deepEqual([failure?.failure.kind, counts.quarantined], ['store full', 0])
    })
  }
})

test('what is too long or too large sets a message aside at once only where the message is meant', async () => {
  for (const words of ['Operation took too long', 'Folder is too large', 'Session too long', 'Command line too long'])
    await run(
      { refuses: (messages) => (holds('worse')(messages) ? `NO ${words}` : undefined) },
      [...letters(3), bad(1)],
      ({ counts }) => assert.deepEqual([counts.stored, counts.deferred, counts.quarantined], [3, 1, 0], words),
    )
})

test('without MULTIAPPEND, UIDPLUS or LITERAL+ every message arrives all the same, once', async () => {
  await run({ capabilities: ['IMAP4rev1'] }, letters(7), async ({ counts, failure, world, server }) => {
    assert.equal(failure, undefined)
    assert.deepEqual([counts.stored, server.stored.length], [7, 7])
    assert.equal(server.verbs.filter((verb) => verb === 'APPEND').length, 7)
    assert.equal((await world.pull()).stored, 0)
  })
})

test('NUL: by literal8 where there is BINARY; else that message is set aside unchanged, unsent, and the others go on', async () => {
  const nul = letter('nul', { body: 'a\0b' })
  await run({}, [...letters(2), nul], ({ counts, server }) => {
    assert.deepEqual([counts.stored, counts.quarantined], [3, 0])
    assert.ok(server.stored[2]?.binary && server.stored[2].literal.includes(nul))
  })
  await run({ capabilities: ['IMAP4rev1', 'MULTIAPPEND'] }, [letter('a'), nul, letter('b')], (ran) => {
    assert.equal(ran.failure, undefined)
    assert.deepEqual([ran.counts.stored, ran.counts.quarantined], [2, 1])
    assert.match(ran.reasons[0] ?? '', /it holds NUL, and the store does not offer BINARY/)
    assert.equal(ran.server.literals.length, 2)
  })
})

test('APPENDLIMIT, for all folders or each: what is larger is set aside before it is sent', async () => {
  const large = letter('large', { body: 'x'.repeat(9000) })
  const each = { capabilities: ['IMAP4rev1', 'MULTIAPPEND', 'APPENDLIMIT'], folderLimits: { INBOX: 5000 } }
  for (const behaviour of [{ capabilities: ['IMAP4rev1', 'MULTIAPPEND', 'APPENDLIMIT=5000'] }, each]) {
    await run(behaviour, [letter('a'), large, letter('b')], ({ counts, failure, reasons, server }) => {
      assert.equal(failure, undefined)
      assert.deepEqual([counts.stored, counts.quarantined], [2, 1])
      assert.match(reasons[0] ?? '', /^9\d{3} octets; the store takes up to 5000 \(APPENDLIMIT\)$/)
      assert.equal(server.literals.length, 2)
    })
  }
  for (const capabilities of [
    ['IMAP4rev1', 'APPENDLIMIT'],
    ['IMAP4rev1', 'APPENDLIMIT=0'],
  ]) {
    await run({ capabilities }, [large], ({ counts }) => assert.equal(counts.stored, 1))
  }
})

test('a refused literal is a refusal of its message', async () => {
  const refusesLiteral = (octets: number) => (octets > 5000 ? 'NO [TOOBIG] Message too large' : undefined)
  const large = letter('large', { body: 'x'.repeat(9000) })
  const capabilities = ['IMAP4rev1', 'MULTIAPPEND', 'LITERAL-']
  await run({ refusesLiteral, capabilities }, [letter('a'), large, letter('b')], ({ counts, failure, reasons }) => {
    assert.equal(failure, undefined)
    assert.deepEqual([counts.stored, counts.quarantined, reasons], [2, 1, ['NO Message too large [TOOBIG]']])
  })
})

const complaints = [
  'NO Message contains NUL characters',
  'NO Message contains invalid header',
  'NO Message contains bare newlines',
  'BAD [CLIENTBUG] line too long',
  'NO [CANNOT] 8-bit data is not for us',
  'NO',
]
for (const words of complaints) {
  test(`"${words}" sets the one message aside, in the store’s words, and the others arrive`, async () => {
    const refuses = (messages: readonly { literal: Buffer }[]) => (holds('worse')(messages) ? words : undefined)
    for (const messages of [
      [...letters(3), bad(1), ...letters(3, 3)],
      [bad(1), ...letters(3)],
      [...letters(3), bad(1)],
      [bad(1)],
    ]) {
      await run(
        { refuses },
        messages,
        async ({ counts, failure, world, reasons }) => {
          if (messages.length > 1) assert.equal(failure, undefined)
          assert.deepEqual([counts.stored, counts.quarantined], [messages.length - 1, 1])
          assert.match(reasons[0] ?? '', new RegExp(words.replace(/^(\S+) ?(?:\[.*\] )?/, '$1 ?')))
          const again = await world.pull()
          assert.deepEqual([again.stored, again.quarantined], [0, 0])
        },
        true,
      )
    }
  })
}

const storeWide: [string, FailureKind][] = [
  ['NO [OVERQUOTA] Quota exceeded', 'store full'],
  ['NO Quota exceeded (mailbox for user is full)', 'store full'],
  ['NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)', 'throttled'],
  ['BAD Request is throttled. Suggested Backoff Time: 92415 milliseconds', 'throttled'],
  ['NO [UNAVAILABLE] a subsystem is down', 'store refused'],
  ['NO Server Unavailable. 15', 'store refused'],
  ['NO [INUSE] Mailbox in use', 'store refused'],
  ['NO [LIMIT] so many', 'store refused'],
  ['NO [SERVERBUG] oops', 'store refused'],
  ['NO [NOPERM] Access denied', 'store refused'],
  ['NO [AUTHORIZATIONFAILED] no', 'store refused'],
  ['NO [PRIVACYREQUIRED] TLS', 'store refused'],
  ['NO [EXPIRED] password', 'store refused'],
  ['NO [CONTACTADMIN] call us', 'store refused'],
  ['NO Internal server error', 'store refused'],
]
for (const [words, kind] of storeWide) {
  test(`"${words}" is about the store: the run fails at once, and no message is set aside`, async () => {
    const beganMs = performance.now()
    await run({ refuses: () => words }, letters(4), ({ counts, failure, world, server }) => {
      assert.equal(failure?.failure.kind, kind, failure?.message)
      assert.deepEqual([counts.stored, counts.quarantined], [0, 0])
      assert.deepEqual(world.ledger.records, [])
      // A probe, or the halves of the batch: the words may be meant for one message.
      const appends = server.verbs.filter((verb) => verb === 'APPEND').length
      assert.ok(appends <= 7, `${appends} appends`)
      if (words.includes('Backoff')) {
        assert.match(failure?.message ?? '', /wants less mail at a time: .* Nothing goes there for the 93 s/)
        assert.ok(performance.now() - beganMs < 92_000, 'nobody waits the time out in the session')
      }
    })
  })
}

test('a store that ends the session at an append, before its answer or after, says nothing of the message', async () => {
  await run({ bye: 'Session expired' }, letters(2), ({ failure, world }) => {
    assert.equal(failure?.failure.kind, 'store unreachable')
    assert.match(failure?.message ?? '', /ended the session: "Session expired"/)
    assert.deepEqual(world.ledger.quarantined, [])
  })
  await run({ bye: 'Request is throttled. Suggested Backoff Time: 5000 milliseconds' }, letters(2), ({ failure }) => {
    assert.deepEqual(failure?.failure.kind === 'throttled' && failure.failure.backOffMs, 5000)
  })
})

test('a tagged NO is known, even if the session ends behind it', async () => {
  for (const byeAfterRefusal of ['going down', 'Server shutting down']) {
    const refuses = (messages: readonly { literal: Buffer }[]) =>
      holds('worse')(messages) ? 'NO [TOOBIG] too big' : undefined
    await run({ refuses, byeAfterRefusal }, [letter('a'), bad(1), letter('b')], ({ counts, failure, reasons }) => {
      assert.deepEqual([failure, counts.stored, counts.quarantined], [undefined, 2, 1])
      assert.deepEqual(reasons, ['NO too big [TOOBIG]'])
    })
  }
})

test('a session that breaks at an append: what the store has kept of it is found on another session, in the same run', async () => {
  let appends = 0
  let server: ScriptedStore | undefined
  const saysOfStored = () => {
    if ((appends += 1) > 1) return undefined
    void server?.hangUp('Invalid character in literal')
    return null
  }
  await scripted({ saysOfStored }, async (store, given) => {
    server = given
    const world = new TestWorld(letters(4).map((bytes, nth) => ({ bytes, uidl: `u${nth}` })))
    world.realStore = store
    const counts = await world.pull({ retention: { mode: 'delete' } })
    assert.deepEqual([counts.stored, counts.recovered, counts.deleted, given.stored.length], [4, 0, 4, 4])
  })
})

test('what was sent whole on a session that broke is looked for a second time, before it may be sent again', async () => {
  const slow = new StorePool(nowhere, { lateMs: 1500 })
  const hash = '0123456789abcdef' as ShortHash
  const literal = [Buffer.from(`X-Tributary-Id: ${hash}.${hash}.${hash}.${'a'.repeat(32)}\r\nSubject: late\r\n\r\n`)]
  const token = 'a'.repeat(32) as Token
  const behaviour = { bye: 'Invalid character in literal' }
  const server = await startImapServer(behaviour)
  try {
    const login = { host: '127.0.0.1', port: server.port, tls: 'none', user: 'me', password: 'secret' } as const
    const store = await slow.store({ kind: 'imap', id: 'late', ...login })
    const position = await store.prepare('INBOX')
    const answer = await store.append('INBOX', [{ token, literal, internalDate: new Date(0) }], [])
    assert.equal(answer.status, 'broken')
    const fingerprint = { hash, weak: false }
    const entries = [{ token, uidl: hash, fingerprint, digest: hash, size: 1 }]
    const finding = store.find({ id: token, folder: 'INBOX', ...position, entries, writtenAtSeconds: 1 })
    await until('its look', () => server.verbs.at(-1) === 'NOOP')
    const message = { folder: 'INBOX', uid: 1, flags: '', date: '', binary: false, literal: literal[0] as Buffer }
    server.stored.push(message)
    assert.deepEqual((await finding).tokens, new Set([token]))
  } finally {
    await slow.close()
    await server.close()
  }
})

/** Answers to an append of five messages into an INBOX that has had ten, by a store with UIDPLUS: they contradict it, or what it showed before. */
const contradictions = [
  'OK APPEND completed',
  'OK [ALERT] APPEND completed',
  'OK [APPENDUID',
  'OK [APPENDUID] done',
  'OK [APPENDUID V] done',
  'OK [APPENDUID V 0] done',
  'OK [APPENDUID V nil] done',
  'OK [APPENDUID nil nil] done',
  'OK [APPENDUID 0 11:15] done',
  'OK [APPENDUID V *] done',
  'OK [APPENDUID V 11:*] done',
  'OK [APPENDUID V -1] done',
  'OK [APPENDUID V 1,1,1,1,1] done',
  'OK [APPENDUID V 11,11,11,11,11] done',
  'OK [APPENDUID V 11:13,13:14] done',
  'OK [APPENDUID V 11:14] done',
  'OK [APPENDUID V 11:16] done',
  'OK [APPENDUID V 1:4294967295] done',
  'OK [APPENDUID V 99999999999] done',
  'OK [APPENDUID V 10:14] done',
  'OK [APPENDUID V 6:10] done',
  'OK [APPENDUID V 11:15:16] done',
  'OK [APPENDUID V 11;12;13;14;15] done',
  'OK [APPENDUID 99 11:15] done',
]
/** Five messages behind ten others, which the store took in order. */
async function behindTen(behaviour: StoreBehaviour, said: string, check: Parameters<typeof run>[2]): Promise<void> {
  let isOdd = false
  const saysOfStored = (messages: readonly StoredMessage[]) =>
    isOdd && said !== '' && messages.length > 0 ? said.replace('V', '4711') : undefined
  const keeps = (messages: readonly StoredMessage[]) =>
    isOdd && behaviour.keeps !== undefined ? behaviour.keeps(messages) : messages
  await scripted({ ...behaviour, saysOfStored, keeps }, async (store, server) => {
    const world = new TestWorld(letters(10).map((bytes, nth) => ({ bytes, uidl: `u${nth}` })))
    world.realStore = store
    world.window = 50
    assert.equal((await world.pull({ retention: { mode: 'delete' } })).deleted, 10)
    for (const [nth, bytes] of letters(5, 10).entries()) world.provider.push({ bytes, uidl: `v${nth}` })
    isOdd = true
    server.verbs.length = 0
    const counts = noCounts()
    const pulling = world.pullInto(counts, { retention: { mode: 'delete' } })
    const failure = await pulling.then(
      () => undefined,
      (thrown: unknown) => thrown as SessionFailed,
    )
    await check({ counts, failure, world, server, reasons: [] })
  })
}
const none = () => []

test('an OK that contradicts what the store announced or showed deletes nothing that the store does not hold', async () => {
  for (const said of contradictions)
    await behindTen({ keeps: none }, said, ({ counts, world, server }) => {
      assert.deepEqual(
        [counts.stored, counts.deleted, world.provider.length, server.stored.length],
        [0, 0, 5, 10],
        said,
      )
    })
  const single = ['IMAP4rev1', 'LITERAL+', 'UIDPLUS']
  for (const said of ['OK done', 'OK [APPENDUID V 10] done', 'OK [APPENDUID V 0] done', 'OK [APPENDUID V 11,12] done'])
    await behindTen({ capabilities: single, keeps: none }, said, ({ counts, world }) => {
      assert.deepEqual([counts.deleted, world.provider.length], [0, 5], said)
    })
})

test('nor does an OK of a store without UIDPLUS whose UIDNEXT stays as it was', async () => {
  for (const capabilities of [['IMAP4rev1'], ['IMAP4rev1', 'LITERAL+', 'MULTIAPPEND']])
    await behindTen({ capabilities, keeps: none }, '', ({ counts, world }) => {
      assert.deepEqual([counts.stored, counts.deleted, world.provider.length], [0, 0, 5])
    })
})

test('what such a store does hold is found by its tokens, and counts', async () => {
  for (const said of contradictions)
    await behindTen({}, said, ({ counts, failure, world, server }) => {
      assert.equal(failure, undefined, said)
      assert.deepEqual(
        [counts.stored, counts.deleted, world.provider.length, server.stored.length],
        [5, 5, 0, 15],
        said,
      )
    })
})

test('UIDs in any legal form are believed, and nothing is looked for', async () => {
  for (const set of ['11:15', '15:11', '11,12,13,14,15', '11:12,13:15', '13:15,12:11', '21:25'])
    await behindTen({}, `OK [APPENDUID V ${set}] done`, ({ counts, failure, server }) => {
      assert.deepEqual([failure, counts.stored, counts.deleted], [undefined, 5, 5], set)
      assert.ok(!server.verbs.includes('EXAMINE'), set)
    })
})

test('a store that takes nothing at all is at fault itself: nothing is set aside, and a later run stores all', async () => {
  let refusing = true
  const refuses = () => (refusing ? `NO cannot append, session ${Math.random()}` : undefined)
  await run({ refuses }, letters(30), async ({ counts, failure, world, server }) => {
    assert.equal(failure?.failure.kind, 'store refused')
    assert.match(failure?.message ?? '', /refused 10 messages in a row: "NO cannot append/)
    assert.deepEqual([counts.stored, counts.quarantined], [0, 0])
    const appends = server.verbs.filter((verb) => verb === 'APPEND').length
    assert.ok(appends < 3 * pullLimits.refusedInARowMax, `${appends} appends`)
    for (let nth = 0; nth < 4; nth += 1) await assert.rejects(world.pull())
    refusing = false
    const next = await world.pull()
    assert.deepEqual([next.stored, next.quarantined, next.deferred], [30, 0, 0])
  })
})

test('a few messages that an unwell store refuses in unknown words are not set aside, however often', async () => {
  let refusing = true
  const refuses = () => (refusing ? 'NO Disk trouble of a new kind' : undefined)
  await run({ refuses }, letters(4), async ({ failure, world }) => {
    assert.equal(failure?.failure.kind, 'store refused')
    for (let nth = 0; nth < 5; nth += 1) await assert.rejects(world.pull())
    assert.deepEqual(world.ledger.quarantined, [])
    refusing = false
    assert.equal((await world.pull()).stored, 4)
  })
})

test('a folder that is read only, closed or full is at fault and named; nothing is set aside, and all comes once it is open', async () => {
  for (const words of [
    'NO [READ-ONLY] Mailbox is read-only',
    'NO Mailbox is read-only',
    "NO You don't have permission to insert messages here",
    'NO Folder has too many messages',
    'NO [NOPERM] Permission denied',
    'NO [LIMIT] Folder message limit reached',
    'NO Permission denied',
    'NO ACL',
  ]) {
    let isClosed = true
    // A probe goes into a folder of its own, and gets in.
    const refuses = (messages: readonly StoredMessage[]) =>
      isClosed && messages.every(({ folder }) => folder !== 'tributary-probe') ? words : undefined
    await run({ refuses }, letters(4), async ({ failure, world }) => {
      assert.match(
        failure?.message ?? '',
        /^The mail store refused mail for the folder \S+: ".*may write into the folder/,
        words,
      )
      for (let nth = 0; nth < 6; nth += 1) {
        world.nowMs += 24 * 3_600_000
        await assert.rejects(world.pull(), words)
      }
      assert.deepEqual(world.ledger.quarantined, [], words)
      isClosed = false
      const healed = await world.pull()
      assert.deepEqual([healed.stored, healed.quarantined, healed.deferred], [4, 0, 0], words)
    })
  }
})

test('one message that a store refuses with the words of a closed folder, while it takes others, is at fault itself', async () => {
  const refuses = (messages: readonly { literal: Buffer }[]) =>
    holds('worse')(messages) ? 'NO Permission denied' : undefined
  await run(
    { refuses },
    [letter('a'), bad(1), letter('b')],
    ({ counts, reasons }) => {
      assert.deepEqual([counts.stored, counts.quarantined], [2, 1])
      assert.deepEqual(reasons, ['NO Permission denied'])
    },
    true,
  )
})

const oneMessage = [
  'NO [LIMIT] Mail size is larger than the maximum size allowed by server configuration',
  'NO [LIMIT] no',
  'NO [SERVERBUG] Internal error occurred',
  'NO [INUSE] no',
  'NO [CORRUPTION] no',
  'NO [NOPERM] no',
  'NO [UNAVAILABLE] no',
  'NO [CONTACTADMIN] virus found',
  'NO Internal server error',
  'NO Server Unavailable. 15',
  'BAD Internal error: parser crashed',
  'NO Spam score too high, wait a while',
]
for (const capabilities of [undefined, ['IMAP4rev1', 'LITERAL+', 'UIDPLUS']]) {
  test(`words that mean the store, at one message of six: it is found, and the others arrive (${capabilities === undefined ? 'MULTIAPPEND' : 'one at a time'})`, async () => {
    for (const words of oneMessage) {
      const refuses = (messages: readonly { literal: Buffer }[]) => (holds('worse')(messages) ? words : undefined)
      const behaviour = { refuses, ...(capabilities === undefined ? {} : { capabilities }) }
      await run(
        behaviour,
        [letter('a'), bad(1), ...letters(4)],
        ({ counts, failure }) =>
          assert.deepEqual([failure, counts.stored, counts.quarantined], [undefined, 5, 1], words),
        true,
      )
    }
  })
}

test('a store with room for small messages only takes those, and says that it is full', async () => {
  const refuses = (messages: readonly { literal: Buffer }[]) =>
    holds('worse')(messages) ? 'NO [OVERQUOTA] Quota exceeded' : undefined
  await run({ refuses }, [letter('a'), bad(1), ...letters(4)], async ({ failure, world }) => {
    assert.equal(failure?.failure.kind, 'store full')
    for (let nth = 0; nth < 4; nth += 1) await world.pull().catch(() => undefined)
    assert.deepEqual(world.ledger.quarantined, [])
    assert.equal(world.ledger.records.filter(({ state }) => state === 'stored').length, 5)
  })
})

test('where nothing can be probed, messages that are all refused are at fault once another one was stored', async () => {
  const refuses = (messages: readonly { literal: Buffer }[]) => (holds('worse')(messages) ? 'NO nope' : undefined)
  const capabilities = ['IMAP4rev1', 'LITERAL+', 'UIDPLUS', 'X-GM-EXT-1']
  const many = Array.from({ length: 45 }, (_, nth) => bad(nth))
  await run(
    { refuses, capabilities },
    [...many, ...letters(5)],
    ({ counts, failure }) => assert.deepEqual([failure, counts.stored, counts.quarantined], [undefined, 5, 45]),
    true,
  )
})

test('a whole class that is refused in the same words is set aside, since the store takes others; the good mail behind it arrives', async () => {
  const refuses = (messages: readonly { literal: Buffer }[]) =>
    holds('worse')(messages) ? 'BAD invalid rfc5322 message: Sender should not be present if equal to From' : undefined
  const many = Array.from({ length: 25 }, (_, nth) => bad(nth))
  await run(
    { refuses },
    [...many, letter('good')],
    async ({ counts, failure, world, server }) => {
      assert.deepEqual([failure, counts.stored, counts.quarantined], [undefined, 1, 25])
      const probes = server.verbs.filter((verb) => verb === 'CREATE').length
      assert.ok(probes >= 1, 'the probe shows it before the good one comes')
      assert.ok(world.ledger.entries.every(({ passes, nextAttemptAt }) => passes === false && nextAttemptAt === null))
    },
    true,
  )
})

test('a folder that goes while a run is at work is no fault of the message', async () => {
  const refuses = () => 'NO [TRYCREATE] no such folder'
  await run({ refuses }, letters(1), ({ failure, world }) => {
    assert.equal(failure?.failure.kind, 'store refused')
    assert.deepEqual(world.ledger.quarantined, [])
  })
})
