import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type LookupFunction } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { OctetBudget } from '../../src/budget.ts'
import type { FailureKind } from '../../src/failure/failure.ts'
import { pop3Limits } from '../../src/pop3/limits.ts'
import { pullLimits } from '../../src/pull/limits.ts'
import type { Listed } from '../../src/mail/message.ts'
import type { Maildrop } from '../../src/pull/maildrop-ports.ts'
import type { Receipt } from '../../src/ledger/receipt.ts'
import type { ServerTrait } from '../../src/account/server-traits.ts'
import { RetrievalFailed, SessionFailed } from '../../src/failure/session-failed.ts'
import { examine } from '../../src/pop3/examine.ts'
import { openMaildrop } from '../../src/pop3/open-maildrop.ts'
import type { SessionOptions } from '../../src/pop3/session.ts'
import { TlsSessions } from '../../src/pop3/tls-sessions.ts'
import { type Behaviour, type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { until } from '../support/until.ts'
import { letter } from '../support/world.ts'

let folder = ''
let cert = ''
let key = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-pop3-'))
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '10']
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  execFileSync('openssl', [...args, ...names, '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' })
  cert = readFileSync(certFile, 'utf8')
  key = readFileSync(keyFile, 'utf8')
})
after(() => rmSync(folder, { recursive: true, force: true }))

const letters = ['one', 'two', 'three'].map((subject) => ({ bytes: letter(subject, { body: '.dot\r\n..\r\nlast' }) }))
const receipt = {} as Receipt

async function served<T>(
  behaviour: Partial<Behaviour>,
  use: (options: SessionOptions, server: ScriptedServer) => Promise<T>,
): Promise<T> {
  const server = await startPop3Server({ messages: letters, ...behaviour })
  try {
    return await use(optionsFor(server.port), server)
  } finally {
    await server.close()
  }
}

function optionsFor(port: number): SessionOptions {
  const waits = { connectMs: 2000, replyMs: 300, capaMs: 200, listingMs: 300, quitMs: 300 }
  return {
    host: '127.0.0.1',
    port,
    tls: 'none',
    tlsVerify: true,
    tlsFingerprint: null,
    user: 'me',
    password: 'secret',
    waits,
  }
}

async function fails(kind: FailureKind, sentence: RegExp, run: Promise<unknown>): Promise<void> {
  await assert.rejects(run, (error) => {
    assert.ok(error instanceof SessionFailed, String(error))
    assert.equal(error.failure.kind, kind)
    assert.match(error.message, sentence)
    assert.ok(!error.message.includes('secret'), 'no password in a failure')
    return true
  })
}

async function retrieved(maildrop: Maildrop, listing?: readonly Listed[]): Promise<Buffer[]> {
  const all: Buffer[] = []
  for await (const window of maildrop.retrieve(listing ?? [...(await maildrop.list())], 1_000_000)) {
    all.push(...window.retrieved.map(({ bytes }) => bytes))
  }
  return all
}

for (const capabilities of [
  ['UIDL', 'TOP', 'PIPELINING', 'UTF8'],
  ['UIDL', 'TOP'],
]) {
  const how = capabilities.includes('PIPELINING') ? 'pipelined' : 'one at a time'
  test(`lists, looks, retrieves, deletes and quits, ${how}, in pieces of 7 octets`, async () => {
    await served({ capabilities, pieceOctets: 7 }, async (options, server) => {
      const maildrop = await openMaildrop(options)
      const listing = [...(await maildrop.list())]
      assert.deepEqual(
        listing.map(({ number, uidl }) => [number, uidl]),
        [
          [1, 'uidl-1'],
          [2, 'uidl-2'],
          [3, 'uidl-3'],
        ],
      )
      const headers: string[] = []
      for await (const { header } of maildrop.peek(listing)) headers.push(header?.toString() ?? '')
      assert.match(headers[1] ?? '', /Subject: two\r\n/)
      assert.deepEqual(
        await retrieved(maildrop, listing),
        letters.map(({ bytes }) => bytes),
      )
      assert.deepEqual(await maildrop.markDeleted([{ number: listing[1]!.number, receipt }]), [])
      assert.equal(server.maildrop().length, 3, 'marked, not yet removed')
      await maildrop.quit()
      assert.equal(server.maildrop().length, 2)
      assert.equal(server.pipelinedMax() > 1, how === 'pipelined')
    })
  })
}

test('UTF8 goes before the login, where it is offered', async () => {
  await served({ capabilities: ['UTF8', 'UIDL', 'TOP', 'PIPELINING'] }, async (options, server) => {
    await (await openMaildrop(options)).quit()
    assert.deepEqual(server.commands, ['CAPA', 'UTF8', 'USER me', 'PASS ***', 'QUIT'])
  })
})

test('every window ends with a question whose answer is known', async () => {
  await served({}, async (options, server) => {
    await retrieved(await openMaildrop(options))
    const from = server.commands.indexOf('RETR 1')
    assert.match(server.commands.slice(from).join(' '), /^RETR 1 RETR 2 RETR 3 UIDL [123]$/)
  })
  await served({ capabilities: ['UIDL'] }, async (options, server) => {
    await retrieved(await openMaildrop(options))
    const from = server.commands.indexOf('RETR 1')
    assert.match(server.commands.slice(from).join(' '), /^RETR 1 UIDL [123] RETR 2 UIDL [123] RETR 3 UIDL [123]$/)
  })
})

test('a message that an unstuffed dot ends early is never handed out, whatever its rest says', async () => {
  const forged = letter('forged', {
    body: 'early\r\n.\r\n+OK 5 octets\r\nnot mail\r\n.\r\n+OK 1 uidl-1\r\n+OK 2 uidl-2',
  })
  for (const capabilities of [['UIDL', 'PIPELINING'], ['UIDL']]) {
    const messages = [{ bytes: forged }, ...letters]
    await served({ messages, unstuffed: true, capabilities }, async (options) => {
      const maildrop = await openMaildrop(options)
      await fails('broken protocol', /broke the protocol/, retrieved(maildrop))
    })
  }
})

test('forged replies for all of a window are not believed: nobody can foresee which message the barrier asks about', async () => {
  const others = Array.from({ length: 20 }, (_, nth) => ({ bytes: letter(`true ${nth}`) }))
  const forgeries = others.map((_, nth) => `+OK\r\nSubject: forged ${nth}\r\n\r\nnot mail\r\n.\r\n`)
  const forged = `+OK\r\nSubject: x\r\n\r\nearly\r\n.\r\n${forgeries.join('')}+OK 99 uidl-99\r\n`
  // What is left over would come much later, when the window has been handed out.
  const messages = [{ bytes: letter('x') }, ...others]
  const behaviour = { messages, answers: { 'RETR 1': forged }, silentOn: 'RETR 2' }
  await served(behaviour, async (options) => {
    const maildrop = await openMaildrop(options)
    const listing = [...(await maildrop.list())]
    const windows: unknown[] = []
    const reading = async () => {
      for await (const window of maildrop.retrieve(listing, 1_000_000)) windows.push(window)
    }
    await fails(
      'broken protocol',
      /expected "\d+ uidl-\d+" after a window of messages, got "10 octets that say something else"/,
      reading(),
    )
    assert.equal(windows.length, 0)
  })
})

test('every window ends with a question about a message that chance chooses', async () => {
  const windows = 20
  const length = windows * pullLimits.windowMessagesMax
  const messages = Array.from({ length }, (_, nth) => ({ bytes: letter(String(nth)) }))
  await served({ messages }, async (options, server) => {
    const maildrop = await openMaildrop({ ...options, waits: {} })
    assert.equal((await retrieved(maildrop)).length, length)
    const questions = server.commands.filter((command) => /^UIDL \d+$/.test(command))
    assert.equal(questions.length, windows + 1, 'and once before the first')
    assert.ok(new Set(questions).size > 10, questions.join())
    await maildrop.quit()
  })
})

test('several windows are asked for at once, of large messages only as many as may be held', async () => {
  const { windowMessagesMax, windowOctetsMax, windowsAheadMax, aheadOctetsMax } = { ...pullLimits, ...pop3Limits }
  const pipelining = ['UIDL', 'PIPELINING']
  for (const [count, size, capabilities, asked] of [
    [5 * windowMessagesMax, 100, pipelining, (1 + windowsAheadMax) * windowMessagesMax],
    [5, windowOctetsMax, pipelining, 1 + windowsAheadMax],
    [5, aheadOctetsMax, pipelining, 2],
    [5, windowOctetsMax, ['UIDL'], 2],
  ] as const) {
    // The rate of the line is learnt from the first window, so the first message is as large as LIST says.
    const body = (nth: number) => (nth === 0 && count === 5 ? `${'x'.repeat(998)}\r\n`.repeat(size / 1000) : 'Hello.')
    const messages = Array.from({ length: count }, (_, nth) => ({ bytes: letter(`${nth}`, { body: body(nth) }), size }))
    await served({ messages, capabilities: [...capabilities] }, async (options, server) => {
      const maildrop = await openMaildrop({ ...options, waits: {} })
      const windows = maildrop.retrieve([...(await maildrop.list())], 100 * windowOctetsMax)[Symbol.asyncIterator]()
      const retrieves = () => server.commands.filter((command) => command.startsWith('RETR')).length
      await windows.next()
      await until('the windows ahead', () => retrieves() >= asked)
      assert.equal(retrieves(), asked, `${count} of ${size}`)
      maildrop.abandon()
    })
  }
})

test('an -ERR in mid-pipeline costs that message alone', async () => {
  await served({ answers: { 'RETR 2': '-ERR [SYS/TEMP] try later\r\n' } }, async (options) => {
    const maildrop = await openMaildrop(options)
    const windows = []
    for await (const window of maildrop.retrieve([...(await maildrop.list())], 1_000_000)) windows.push(window)
    assert.deepEqual(
      windows.map(({ retrieved, refused }) => [retrieved.length, refused[0]?.reply]),
      [[2, '[SYS/TEMP] try later']],
    )
    await maildrop.quit()
  })
})

test('a connection that ends in mid-message is a failure, never a short message', async () => {
  await served({ dropAfterOctets: 60 }, async (options) => {
    const sentence =
      /^127\.0\.0\.1:\d+ was reached, but the connection ended during RETR of message 1 of \d\. What came/
    await fails('unreachable', sentence, retrieved(await openMaildrop(options)))
  })
  await served({ dropOn: 'UIDL' }, async (options) => {
    const sentence = /was reached, but the connection ended during UIDL\. The login had gone well/
    await fails('unreachable', sentence, retrieved(await openMaildrop(options)))
  })
})

test('a longer message than LIST said and the account takes is read and dropped, and the session goes on', async () => {
  const big = letter('big', { body: 'x'.repeat(5000) })
  for (const capabilities of [['UIDL', 'PIPELINING'], ['UIDL']]) {
    await served({ messages: [{ bytes: big, size: 10 }, ...letters], capabilities }, async (options) => {
      const maildrop = await openMaildrop(options)
      const windows = []
      for await (const window of maildrop.retrieve([...(await maildrop.list())], 1000)) windows.push(window)
      const cut = windows.flatMap((window) => window.cut)
      assert.deepEqual(
        cut.map(({ message, bytes, octets }) => [message.number, bytes.equals(big.subarray(0, bytes.length)), octets]),
        [[1, true, big.length]],
      )
      assert.equal(windows.flatMap(({ retrieved }) => retrieved).length, letters.length)
      await maildrop.quit()
    })
  }
})

async function suspectOf(behaviour: Partial<Behaviour>): Promise<[number | undefined, string]> {
  return await served(behaviour, async (options) => {
    const maildrop = await openMaildrop(options)
    const error = await retrieved(maildrop).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    maildrop.abandon()
    assert.ok(error instanceof SessionFailed)
    return [error instanceof RetrievalFailed ? error.suspect.number : undefined, error.failure.kind]
  })
}

test('a session that breaks says at which message, where that is certain', async () => {
  const one = { capabilities: ['UIDL'] }
  const early = `+OK\r\n${letter('x').toString('latin1')}.\r\nmore\r\n`
  assert.deepEqual(await suspectOf({ dropOn: 'RETR 2' }), [2, 'unreachable'])
  assert.deepEqual(await suspectOf({ ...one, dropOn: 'RETR 2' }), [2, 'unreachable'])
  assert.deepEqual(await suspectOf({ ...one, silentOn: 'RETR 3' }), [3, 'silent'])
  assert.deepEqual(await suspectOf({ ...one, answers: { 'RETR 2': early } }), [2, 'broken protocol'])
  // In a pipeline the message before it may have ended early: pulled one at a time it tells.
  assert.deepEqual(await suspectOf({ answers: { 'RETR 2': early } }), [undefined, 'broken protocol'])
  assert.deepEqual(await suspectOf({ silentOn: 'RETR 3' }), [undefined, 'silent'])
  // The server cannot be asked at all: that is no message's doing.
  assert.deepEqual(await suspectOf({ ...one, answers: { 'UIDL ': '+OK\r\nwhat?\r\n' } }), [
    undefined,
    'broken protocol',
  ])
})

test('a terminator that is glued to the last line is told from mere silence', async () => {
  const glued = `+OK\r\n${letter('x', { body: 'no line end' }).toString('latin1').trimEnd()}.\r\n`
  await served({ capabilities: ['UIDL'], answers: { 'RETR 2': glued } }, async (options) => {
    const sentence = /expected the end of RETR of message 2 of \d, got "a dot at the end of a line, and silence"/
    await fails('broken protocol', sentence, retrieved(await openMaildrop(options)))
  })
})

test('an empty maildrop and a message of no bytes', async () => {
  await served({ messages: [] }, async (options) => {
    const maildrop = await openMaildrop(options)
    assert.equal((await maildrop.list()).length, 0)
    assert.deepEqual(await retrieved(maildrop, []), [])
    await maildrop.quit()
  })
  await served({ messages: [{ bytes: Buffer.alloc(0) }] }, async (options) => {
    assert.deepEqual(await retrieved(await openMaildrop(options)), [Buffer.alloc(0)])
  })
})

test('a refused login says what it was: password, lock, throttle, or the server itself', async () => {
  const cases: [string, FailureKind][] = [
    ['-ERR [AUTH] no\r\n', 'credentials refused'],
    ['-ERR\r\n', 'credentials refused'],
    ['-ERR you said secret\r\n', 'credentials refused'],
    ['-ERR [IN-USE] busy\r\n', 'maildrop in use'],
    ['-ERR maildrop already locked\r\n', 'maildrop in use'],
    ['-ERR [LOGIN-DELAY] 15 minutes\r\n', 'throttled'],
    ['-ERR too many logins\r\n', 'throttled'],
    ['-ERR [SYS/TEMP] disk\r\n', 'provider refused'],
    ['-ERR [SYS/PERM] \xc3\xdc\xc2\xeb\r\n', 'provider refused'],
  ]
  for (const [answer, kind] of cases) {
    await served({ answers: { PASS: answer } }, async (options) =>
      fails(kind, /127\.0\.0\.1:\d+/, openMaildrop(options)),
    )
  }
  await served({ password: 'other' }, async (options) =>
    fails('credentials refused', /user name or password/, openMaildrop(options)),
  )
})

test('a server that is not there, refuses, greets wrongly, or says nothing', async () => {
  const unknown: LookupFunction = (_host, _options, found) =>
    found(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }), '')
  await fails(
    'unreachable',
    /no host of that name/,
    openMaildrop({ ...optionsFor(1), host: 'no-such-host.invalid', lookup: unknown }),
  )
  const server = createServer((socket) => socket.end('220 smtp.example.org ESMTP\r\n')).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await fails('broken protocol', /220 smtp/, openMaildrop(optionsFor(port)))
  await new Promise((resolve) => server.close(resolve))
  await fails('unreachable', /refused/, openMaildrop(optionsFor(port)))
  for (const command of ['USER', 'PASS', 'UIDL', 'LIST', 'RETR', 'DELE']) {
    await served({ silentOn: command }, async (options) => {
      const whole = async () => {
        const maildrop = await openMaildrop(options)
        const listing = [...(await maildrop.list())]
        await retrieved(maildrop, listing)
        await maildrop.markDeleted([{ number: listing[0]!.number, receipt }])
        await maildrop.quit()
      }
      await fails('silent', new RegExp(`said nothing for 0.3 s during ${command}`), whole())
    })
  }
})

test('a server that knows no CAPA is asked once whether it knows TOP', async () => {
  for (const [answers, canPeek] of [
    [{ CAPA: '-ERR\r\n' }, true],
    [{ CAPA: '-ERR\r\n', TOP: '-ERR\r\n' }, false],
  ] as const) {
    await served({ answers }, async (options, server) => {
      const maildrop = await openMaildrop(options)
      const listing = [...(await maildrop.list())]
      assert.equal(maildrop.canPeek, canPeek)
      assert.equal((await retrieved(maildrop, listing)).length, 3, 'and goes on as ever')
      assert.equal(server.commands.filter((line) => line.startsWith('TOP')).length, 1)
    })
  }
})

test('a server that hangs on CAPA, drops the line, or does not know it, is done without it', async () => {
  for (const behaviour of [{ silentOn: 'CAPA' }, { dropOn: 'CAPA' }, { answers: { CAPA: '-ERR what\r\n' } }]) {
    await served(behaviour, async (options) => {
      const maildrop = await openMaildrop(options)
      assert.equal(maildrop.pipelined, false)
      assert.equal((await retrieved(maildrop)).length, 3)
    })
  }
})

test('no UIDL, blank UIDLs, several spaces, 8 bits', async () => {
  await served({ answers: { UIDL: '-ERR no\r\n' } }, async (options) => {
    const maildrop = await openMaildrop(options)
    assert.deepEqual(
      [...(await maildrop.list())].map(({ uidl }) => uidl),
      [undefined, undefined, undefined],
    )
    assert.equal((await retrieved(maildrop)).length, 3, 'the barrier asks with LIST')
  })
  await served({ answers: { 'UIDL\r': '', UIDL: '+OK\r\n1  a\xe4\r\n2 \r\n3\ta b \r\n.\r\n' } }, async (options) => {
    const listing = [...(await (await openMaildrop(options)).list())]
    assert.deepEqual(
      listing.map(({ uidl }) => uidl),
      ['a\xe4', undefined, 'a b'],
    )
  })
})

test('a listing of which nothing can be read is no listing', async () => {
  for (const lines of ['nothing\r\n', '0 120\r\n', '-1 120\r\nx\r\n']) {
    await served({ answers: { LIST: `+OK\r\n${lines}.\r\n`, UIDL: '-ERR\r\n' } }, async (options) => {
      const maildrop = await openMaildrop(options)
      await fails('broken protocol', /expected a message number in LIST/, maildrop.list())
    })
  }
})

test('QUIT that is refused, dropped or not answered confirms nothing, and fails nothing', async () => {
  for (const [behaviour, reason] of [
    [
      { answers: { QUIT: '-ERR [SYS/TEMP] some messages were not removed\r\n' } },
      /it said "\[SYS\/TEMP\] some messages/,
    ],
    [{ dropAtQuit: true }, /the connection ended during QUIT/],
    [{ silentOn: 'QUIT' }, /nothing more came during QUIT/],
    [{ answers: { QUIT: 'bye bye\r\n' } }, /^it said "bye bye"$/],
  ] as const) {
    await served(behaviour, async (options) => {
      const parting = await (await openMaildrop(options)).quit()
      assert.ok(!parting.confirmed)
      assert.match(parting.reason, reason)
    })
  }
})

test('a certificate nobody vouches for ends it before the login; a CA, a pin, or tlsVerify false let it through', async () => {
  await served({ tls: { cert, key } }, async (plain, server) => {
    const options = { ...plain, tls: 'implicit' as const }
    await fails('tls', /signed by itself/, openMaildrop(options))
    await fails('tls', /for another host name/, openMaildrop({ ...options, ca: cert }))
    const fingerprint = new X509Certificate(cert).fingerprint256.replaceAll(':', '').toLowerCase()
    await fails(
      'tls',
      /not the one this account is pinned to/,
      openMaildrop({ ...options, ca: cert, tlsFingerprint: '0'.repeat(64) }),
    )
    assert.deepEqual(server.commands, [])
    for (const trust of [{ ca: cert, host: 'localhost' }, { tlsFingerprint: fingerprint }, { tlsVerify: false }]) {
      const maildrop = await openMaildrop({ ...options, ...trust })
      assert.equal(maildrop.tlsReport?.fingerprint, fingerprint)
      assert.match(maildrop.tlsReport?.version ?? '', /TLSv1\.[23]/)
      await maildrop.quit()
    }
  })
})

const secureFirst = { capabilities: ['STLS'], capabilitiesSecured: ['USER', 'UIDL', 'TOP', 'PIPELINING'] }

test('STLS: nothing but CAPA goes in clear, and CAPA is asked again under TLS', async () => {
  await served({ stls: { cert, key }, ...secureFirst }, async (plain, server) => {
    const options = { ...plain, host: 'localhost', tls: 'starttls' as const, ca: cert }
    const maildrop = await openMaildrop(options)
    assert.deepEqual(server.commands, ['CAPA', 'STLS', 'CAPA', 'USER me', 'PASS ***'])
    assert.match(maildrop.tlsReport?.version ?? '', /^TLSv1\.3$/)
    assert.deepEqual(server.asked, ['localhost'], 'the name is told (SNI)')
    assert.equal(maildrop.pipelined, true)
    assert.deepEqual(
      await retrieved(maildrop),
      letters.map(({ bytes }) => bytes),
    )
    await maildrop.quit()

    await fails('tls', /signed by itself/, openMaildrop({ ...options, ca: undefined }))
    await fails('tls', /for another host name/, openMaildrop({ ...options, host: '127.0.0.1' }))
    const wrongPin = openMaildrop({ ...options, tlsFingerprint: '0'.repeat(64) })
    await fails('tls', /not the one this account is pinned to/, wrongPin)
    assert.equal(server.commands.filter((line) => line.startsWith('PASS')).length, 1, 'no password to a stranger')
    await (await openMaildrop({ ...options, ca: undefined, tlsVerify: false })).quit()
  })
})

test('an account that asks for STLS never goes on in clear', async () => {
  const stls = { cert, key }
  for (const [behaviour, sentence] of [
    [{}, /it does not offer STLS, and this account does not go on in clear/],
    [{ answers: { CAPA: '-ERR\r\n' } }, /it refused STLS: "begin TLS"/],
    [
      { stls, ...secureFirst, answers: { STLS: '-ERR [SYS/TEMP] not now\r\n' } },
      /refused STLS: "\[SYS\/TEMP\] not now"/,
    ],
  ] as const) {
    await served(behaviour, async (options, server) => {
      await fails('tls', sentence, openMaildrop({ ...options, tls: 'starttls' }))
      assert.ok(!server.commands.some((line) => /^(?:USER|PASS|AUTH)/.test(line)))
    })
  }
})

test('what comes along with the answer to STLS in clear is not believed', async () => {
  const answers = { STLS: '+OK begin TLS\r\n+OK CAPA follows\r\nUIDL\r\n.\r\n' }
  await served({ stls: { cert, key }, ...secureFirst, answers }, async (options, server) => {
    const opened = openMaildrop({ ...options, tls: 'starttls', ca: cert, host: 'localhost' })
    await fails('broken protocol', /expected nothing more behind its answer/, opened)
    assert.ok(!server.commands.some((line) => line.startsWith('USER')))
  })
})

test('a server that speaks no TLS where TLS is due, or only an old one, is told so', async () => {
  await served({}, async (options) => {
    await fails('tls', /it does not speak TLS on this port/, openMaildrop({ ...options, tls: 'implicit' }))
  })
  await served({ tls: { cert, key, maxVersion: 'TLSv1.1' } }, async (options) => {
    await fails('tls', /only versions of TLS that are not safe/, openMaildrop({ ...options, tls: 'implicit' }))
  })
  await served({ greeting: null }, async (options) => {
    const opened = openMaildrop({ ...options, tls: 'implicit', waits: { connectMs: 300 } })
    await fails('silent', /during the TLS handshake/, opened)
  })
})

for (const [tls, maxVersion] of [
  ['implicit', 'TLSv1.3'],
  ['implicit', 'TLSv1.2'],
  ['starttls', 'TLSv1.3'],
] as const) {
  test(`a TLS session is taken up again under the same checks, and under no others (${tls}, ${maxVersion})`, async () => {
    const ours = { cert, key, maxVersion }
    await served(tls === 'implicit' ? { tls: ours } : { stls: ours, ...secureFirst }, async (plain, server) => {
      const options = { ...plain, host: 'localhost', tls, ca: cert, tlsSessions: new TlsSessions() }
      const fingerprint = new X509Certificate(cert).fingerprint256.replaceAll(':', '').toLowerCase()
      for (let visit = 0; visit < 3; visit += 1) {
        const maildrop = await openMaildrop(options)
        assert.equal((await maildrop.list()).length, 3)
        assert.equal(maildrop.tlsReport?.fingerprint, fingerprint)
        await maildrop.quit()
        // OpenSSL would read its key anew at each visit. In TLS 1.2 a server without it is none that was checked.
        const kept = options.tlsSessions.of(options)?.ticket
        assert.equal(kept?.includes(new X509Certificate(cert).raw), maxVersion === 'TLSv1.2')
      }
      assert.deepEqual(server.resumed, [false, true, true])
      // A session that was made without a check must not stand in for one.
      await (await openMaildrop({ ...options, tlsVerify: false })).quit()
      await (await openMaildrop({ ...options, tlsFingerprint: fingerprint })).quit()
      await fails('tls', /for another host name/, openMaildrop({ ...options, host: '127.0.0.1' }))
      assert.ok(!server.resumed.slice(3).includes(true))
    })
  })
}

test('IPv6, and a name of several addresses of which one does not answer', async () => {
  const addresses = [
    { address: '::1', family: 6 },
    { address: '127.0.0.1', family: 4 },
  ]
  const lookup: LookupFunction = (_host, _options, found) => found(null, addresses)
  for (const address of ['::1', '127.0.0.1']) {
    await served({ address }, async (options) => {
      await (await openMaildrop({ ...options, host: address })).quit()
      await (await openMaildrop({ ...options, host: 'pop.example.net', lookup })).quit()
    })
  }
  await fails(
    'unreachable',
    /^Could not reach \[::1\]:1: the connection was refused/,
    openMaildrop({ ...optionsFor(1), host: '::1' }),
  )
  const nobody = openMaildrop({ ...optionsFor(1), host: 'pop.example.net', lookup })
  await fails('unreachable', /^Could not reach pop\.example\.net:1: the connection was refused/, nobody)
})

test('AUTH PLAIN where USER is not offered, and for letters that USER does not carry', async () => {
  const long = 'x'.repeat(300)
  for (const [capabilities, password, said] of [
    [['SASL PLAIN LOGIN', 'UIDL', 'TOP', 'PIPELINING'], 'secret', ['AUTH PLAIN ***']],
    [['USER', 'SASL LOGIN PLAIN', 'UIDL', 'TOP', 'PIPELINING'], 'pässwörd', ['AUTH PLAIN ***']],
    [['USER', 'SASL LOGIN PLAIN', 'UIDL', 'TOP', 'PIPELINING'], 'secret', ['USER me', 'PASS ***']],
    [['USER', 'SASL LOGIN', 'UIDL', 'TOP', 'PIPELINING'], 'pässwörd', ['AUTH LOGIN', 'USER me', 'PASS ***']],
    [['SASL PLAIN', 'UIDL', 'TOP', 'PIPELINING'], long, ['AUTH PLAIN', '***']],
  ] as const) {
    for (const challenge of ['+ ', '+OK', '+']) {
      await served({ capabilities, password, challenge }, async (options, server) => {
        await (await openMaildrop({ ...options, password })).quit()
        assert.deepEqual(server.commands, ['CAPA', ...said, 'QUIT'])
      })
    }
  }
  await served({ capabilities: ['SASL PLAIN'] }, async (options) => {
    const password = 'another secret'
    await assert.rejects(openMaildrop({ ...options, password }), (error) => {
      assert.ok(error instanceof SessionFailed)
      assert.match(error.message, /refused the user name or password: "cannot log in with \*\*\*"/)
      return true
    })
  })
})

test('messages take room until they are released, as much as came and not as was listed; who leaves gives all of it back', async () => {
  const messages = letters.map(({ bytes }) => ({ bytes, size: 1 }))
  for (const capabilities of [['UIDL', 'PIPELINING'], ['UIDL']]) {
    await served({ capabilities, messages }, async (options) => {
      const budget = new OctetBudget(1_000_000)
      const maildrop = await openMaildrop({ ...options, budget })
      for await (const window of maildrop.retrieve([...(await maildrop.list())], 1_000_000)) {
        assert.equal(
          budget.held,
          letters.reduce((sum, { bytes }) => sum + bytes.length, 0),
        )
        window.release()
        assert.equal(budget.held, 0)
      }
      const windows = maildrop.retrieve([...(await maildrop.list())], 1_000_000)[Symbol.asyncIterator]()
      await windows.next()
      assert.ok(budget.held > 0)
      maildrop.abandon()
      assert.equal(budget.held, 0)
    })
  }
  await served({ dropAfterOctets: 20 }, async (options) => {
    const budget = new OctetBudget(1_000_000)
    const maildrop = await openMaildrop({ ...options, budget })
    await assert.rejects(retrieved(maildrop))
    assert.equal(budget.held, 0)
  })
})

test('who leaves in mid-maildrop while room is scarce is held up by nothing, and asks for nothing more', async () => {
  const size = 3 * 1024 * 1024
  const messages = [...letters, ...letters].map(({ bytes }) => ({ bytes, size }))
  await served({ messages }, async (options, server) => {
    // Room for two windows of one message each, behind the first one; a third one waits.
    const budget = new OctetBudget(2.5 * size)
    const maildrop = await openMaildrop({ ...options, budget })
    for await (const window of maildrop.retrieve([...(await maildrop.list())], size)) {
      assert.equal(window.retrieved.length, 1)
      await until('the next window', () => server.commands.includes('RETR 2'))
      break
    }
    await maildrop.markDeleted([])
    await maildrop.quit()
    assert.ok(server.commands.filter((line) => line.startsWith('RETR')).length <= 3)
  })
})

test('what a session learns of its server, the next one knows', async () => {
  const traits = new Set<ServerTrait>()
  await served({ silentOn: 'CAPA' }, async (plain, server) => {
    const options = { ...plain, traits }
    await (await openMaildrop(options)).quit()
    assert.deepEqual([...traits], ['no CAPA'])
    assert.equal(server.commands.filter((line) => line === 'CAPA').length, 2, 'once may be chance')
    server.commands.length = 0
    await (await openMaildrop(options)).quit()
    assert.deepEqual(server.commands, ['USER me', 'PASS ***', 'QUIT'])
  })
  traits.clear()
  const capabilitiesLoggedIn = ['USER', 'UIDL', 'TOP', 'PIPELINING']
  await served({ capabilities: ['USER'], capabilitiesLoggedIn }, async (options) => {
    const maildrop = await openMaildrop({ ...options, traits })
    assert.deepEqual([maildrop.canPeek, maildrop.pipelined, [...traits]], [true, true, []])
    await maildrop.quit()
  })
  await served({ capabilities: ['USER', 'UIDL'] }, async (options, server) => {
    await (await openMaildrop({ ...options, traits })).quit()
    assert.deepEqual([...traits], ['same CAPA after login'])
    await (await openMaildrop({ ...options, traits })).quit()
    assert.equal(server.commands.filter((line) => line === 'CAPA').length, 3)
  })
})

/** The answer to UIDL n is another one once a message was retrieved. */
function mangledAfterRetr(): NonNullable<Behaviour['mangles']> {
  let isRetrieving = false
  return (reply, command) => {
    isRetrieving ||= command.startsWith('RETR')
    return isRetrieving && command.startsWith('UIDL ') ? Buffer.from('+OK 7 another\r\n') : reply
  }
}

test('a pipeline that goes wrong is noticed, and a server of that trait is asked one thing at a time', async () => {
  for (const behaviour of [
    { dropsPipelined: true },
    { answers: { 'RETR 2': 'garbage\r\n' } },
    { mangles: mangledAfterRetr() },
  ]) {
    await served(behaviour, async (options) => {
      const traits = new Set<ServerTrait>()
      const maildrop = await openMaildrop({ ...options, traits })
      await assert.rejects(retrieved(maildrop))
      maildrop.abandon()
      assert.ok(traits.has('one at a time'), JSON.stringify(behaviour))
    })
  }
  await served({ dropsPipelined: true }, async (options) => {
    const maildrop = await openMaildrop({ ...options, traits: new Set(['one at a time']) })
    assert.equal((await retrieved(maildrop)).length, 3)
    await maildrop.quit()
  })
  await served({ dropOn: 'RETR 2' }, async (options) => {
    const traits = new Set<ServerTrait>()
    const maildrop = await openMaildrop({ ...options, traits })
    await assert.rejects(retrieved(maildrop))
    maildrop.abandon()
    assert.equal(traits.size, 0, 'a dropped line is no proof')
  })
})

test('a password may end in a space and hold any letter, and none that POP3 cannot carry', async () => {
  for (const password of ['ends in space ', 'pässwörd', 'a b c']) {
    await served({ password }, async (options) => (await openMaildrop({ ...options, password })).quit())
  }
  await served({}, async (options, server) => {
    await fails('internal', /CR, LF or NUL/, openMaildrop({ ...options, password: 'secret\r\nQUIT' }))
    assert.deepEqual(server.commands, [])
  })
})

test('an abort ends whatever is waited for', async () => {
  await served({ silentOn: 'UIDL' }, async (options) => {
    const stop = new AbortController()
    const maildrop = await openMaildrop({ ...options, signal: stop.signal, waits: {} })
    const listing = maildrop.list()
    stop.abort(new SessionFailed({ kind: 'superseded' }))
    await fails('superseded', /took this account over/, listing)
  })
})

test('an examination waits for a greeting as long as a run does: a slow one is no firewall', async () => {
  await served({ greeting: null }, async (options) => {
    const beganMs = performance.now()
    const { failure } = await examine(options)
    assert.equal(failure?.kind, 'silent')
    assert.ok(performance.now() - beganMs < 10_000, 'the wait is that of any answer')
  })
})

test('an examination tells what a failed login saw before it failed', async () => {
  await served({}, async (options) => {
    const bytes = letters.reduce((sum, message) => sum + message.bytes.length, 0)
    const seen = await examine(options)
    assert.deepEqual(seen, {
      ok: true,
      messages: 3,
      octets: bytes,
      capabilities: ['USER', 'UIDL', 'TOP', 'PIPELINING'],
      tls: null,
      failure: null,
      next: null,
    })
  })
  await served({ password: 'other', tls: { cert, key } }, async (options) => {
    const seen = await examine({ ...options, tls: 'implicit', host: 'localhost', ca: cert })
    assert.equal(seen.failure?.kind, 'credentials refused')
    assert.deepEqual(seen.capabilities, ['USER', 'UIDL', 'TOP', 'PIPELINING'])
    assert.match(seen.tls?.fingerprint ?? '', /^[0-9a-f]{64}$/)
  })
})

test('where nothing is pipelined, node-pop3 asks the question after each message', async () => {
  await served({ capabilities: ['USER', 'UIDL', 'TOP'] }, async (options, server) => {
    const maildrop = await openMaildrop(options)
    assert.equal((await retrieved(maildrop)).length, 3)
    assert.deepEqual(await maildrop.stat(), {
      messages: 3,
      octets: letters.reduce((sum, { bytes }) => sum + bytes.length, 0),
    })
    await maildrop.quit()
    const verbs = server.commands.map((line) => line.split(' ')[0])
    assert.deepEqual(verbs.slice(-9), ['UIDL', 'RETR', 'UIDL', 'RETR', 'UIDL', 'RETR', 'UIDL', 'STAT', 'QUIT'])
  })
})
