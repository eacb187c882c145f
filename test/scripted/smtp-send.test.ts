/** One message at SMTP servers that answer as they should, and at such that lie: what is said of it, and what was written down before. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import type { SmtpLogin, SmtpWaits } from '../../src/smtp/login-options.ts'
import { send, type SendAnswer, type SmtpEnvelope } from '../../src/smtp/send.ts'
import { SmtpSession } from '../../src/smtp/session.ts'
import { type ScriptedSmtp, type SmtpScript, startScriptedSmtp } from '../support/scripted-smtp.ts'

/** For servers that say or take nothing: the others are waited for as usual. */
const impatient: Partial<SmtpWaits> = { exchangeMs: 500, envelopeMs: 500, endMs: 500, leastRateMs: 300 }
const letter = Buffer.from('From: me@example.net\r\nSubject: dots\r\n\r\n.\r\n..two\r\nend.\r\n')
const loginAt = (port: number, more: Partial<SmtpLogin> = {}): SmtpLogin => ({
  host: '127.0.0.1',
  port,
  tls: 'none',
  tlsVerify: true,
  tlsFingerprint: null,
  user: null,
  password: '',
  ...more,
})
const envelopeTo = (...addresses: readonly string[]): SmtpEnvelope => ({
  from: 'me@example.net',
  recipients: addresses.map((address) => ({ address })),
  octets: letter.length,
  utf8: false,
  eightBit: false,
  dsn: null,
})
const five = ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}@example.org`)

interface Sent {
  readonly answer: SendAnswer
  readonly server: ScriptedSmtp
  /** What the gate was told, and what the server had by then. */
  readonly gate: readonly string[]
  readonly isOpen: boolean
}

async function sent(
  script: SmtpScript,
  envelope: SmtpEnvelope = envelopeTo('you@example.org'),
  body: Buffer = letter,
  waits: Partial<SmtpWaits> = {},
): Promise<Sent> {
  const server = await startScriptedSmtp(script)
  const gate: string[] = []
  const session = await SmtpSession.open(loginAt(server.port, { waits }))
  try {
    const answer = await send(session, envelope, Readable.from([body.subarray(0, 20), body.subarray(20)]), {
      enveloped: async (answers) => void gate.push(`enveloped ${answers.map(({ code }) => code).join(' ')}`),
      beforeDot: async () => void gate.push(`before dot ${server.mails.length}`),
    })
    const { isOpen } = session
    return { answer, server, gate, isOpen }
  } finally {
    await session.quit()
    await server.close()
  }
}

const extensions = ['SIZE 10240000', '8BITMIME', 'SMTPUTF8', 'DSN']
for (const [how, offered] of [
  ['in turn', extensions],
  ['pipelined', ['PIPELINING', ...extensions]],
] as const) {
  test(`a message goes out byte for byte, and the dot only once the gate has let it (${how})`, async () => {
    const { answer, server, gate, isOpen } = await sent({ extensions: offered })
    assert.deepEqual(answer, {
      recipients: [{ address: 'you@example.org', code: 250, reply: '250 2.1.5 Ok' }],
      end: { kind: 'accepted', reply: '250 2.0.0 Ok: queued as Q1' },
    })
    assert.deepEqual(server.mails[0]?.bytes, letter)
    assert.deepEqual(gate, ['enveloped 250', 'before dot 0'])
    assert.ok(isOpen)
    assert.ok(server.lines.includes(`MAIL FROM:<me@example.net> SIZE=${letter.length}`))
  })

  test(`one recipient of five is put off, and one refused: the others get it (${how})`, async () => {
    const { answer, server, gate } = await sent(
      {
        extensions: offered,
        acts: {
          RCPT: (_line, nth) =>
            nth === 2 ? '450 4.2.0 <b@example.org>: Greylisted' : nth === 4 ? '550 5.1.1 No such user' : undefined,
        },
      },
      envelopeTo(...five),
    )
    assert.deepEqual(
      answer.recipients.map(({ code }) => code),
      [250, 450, 250, 550, 250],
    )
    assert.equal(answer.end.kind, 'accepted')
    assert.deepEqual(gate, ['enveloped 250 450 250 550 250', 'before dot 0'])
    assert.deepEqual(server.mails[0]?.to, ['a@example.org', 'c@example.org', 'e@example.org'])
    assert.equal(answer.held, undefined)
  })

  test(`an answer to RCPT TO that is none of SMTP takes nobody: it is tried again, and the others get it (${how})`, async () => {
    const odd = ['banana', '2.1.5 Ok', '150 in a moment', '999 what']
    const { answer, server } = await sent(
      { extensions: offered, acts: { RCPT: (_line, nth) => odd[nth - 1] } },
      envelopeTo(...five),
    )
    assert.deepEqual(
      answer.recipients.map(({ code }) => code),
      [450, 450, 450, 450, 250],
    )
    assert.equal(answer.end.kind, 'accepted')
    assert.deepEqual(server.mails[0]?.to, ['e@example.org'])
    const alone = await sent({ extensions: offered, acts: { RCPT: () => '2.1.5 Ok' } })
    assert.deepEqual([alone.answer.end.kind, alone.server.mails.length], ['deferred', 0])
  })

  test(`where no recipient is taken nothing goes out, and the session takes the next message (${how})`, async () => {
    const server = await startScriptedSmtp({
      extensions: offered,
      acts: { RCPT: (line) => (line.includes('gone') ? '550 5.1.1 No such user' : undefined) },
    })
    const session = await SmtpSession.open(loginAt(server.port))
    const gate = { enveloped: async () => {}, beforeDot: async () => {} }
    const refused = await send(session, envelopeTo('gone@example.org'), Readable.from([letter]), gate)
    assert.deepEqual(refused.end, {
      kind: 'rejected',
      failure: { kind: 'recipients refused', reply: '550 5.1.1 No such user' },
    })
    const taken = await send(session, envelopeTo('you@example.org'), Readable.from([letter]), gate)
    assert.equal(taken.end.kind, 'accepted')
    assert.equal(server.mails.length, 1)
    assert.equal(server.connections(), 1)
    await session.quit()
    await server.close()
  })
}

/** What the server does, and what has become of the message. `held`: the failure of the account's sending. */
const endings: readonly {
  readonly does: string
  readonly script: SmtpScript
  readonly end: SendAnswer['end']['kind']
  readonly says?: RegExp
  readonly held?: string
  readonly mails?: number
}[] = [
  {
    does: 'a code that SMTP does not have',
    script: { dot: () => '999 what' },
    end: 'unknown',
    says: /^999 what$/,
    mails: 1,
  },
  {
    does: '250 and then a reset',
    script: { dot: () => ({ say: '250 2.0.0 Ok\r\n', and: 'reset' }) },
    end: 'accepted',
    mails: 1,
  },
  { does: '250 in pieces of an octet', script: { pieces: 1 }, end: 'accepted', mails: 1 },
  {
    does: '250 without a line end, and the end',
    script: { dot: () => ({ say: '250 2.0.0 Ok', and: 'end' }) },
    end: 'accepted',
    mails: 1,
  },
  { does: 'half of a 250', script: { dot: () => ({ say: '250', and: 'end' }) }, end: 'unknown', mails: 1 },
  {
    does: 'the first line of a 250',
    script: { dot: () => ({ say: '250-yes\r\n', and: 'end' }) },
    end: 'unknown',
    mails: 1,
  },
  {
    does: 'silence after the dot',
    script: { dot: () => ({ and: 'silence' }) },
    end: 'unknown',
    says: /said nothing for 0.5 s/,
    mails: 1,
  },
  {
    does: 'a reset after the dot',
    script: { dot: () => ({ and: 'reset' }) },
    end: 'unknown',
    says: /dropped|ended/,
    mails: 1,
  },
  {
    does: 'another 354 after the dot',
    script: { dot: () => '354 go on' },
    end: 'unknown',
    says: /354 go on/,
    mails: 1,
  },
  { does: 'words of another protocol after the dot', script: { dot: () => '+OK' }, end: 'unknown', mails: 1 },
  {
    does: 'a line without an end after the dot',
    script: { dot: () => ({ say: `250-${'x'.repeat(100_000)}`, and: 'silence' }) },
    end: 'unknown',
    mails: 1,
  },
  {
    does: '451 to the dot',
    script: { dot: () => '451 4.3.0 Try later' },
    end: 'deferred',
    says: /^451 4\.3\.0 Try later$/,
    mails: 1,
  },
  { does: '421 to the dot', script: { dot: () => '421 4.3.2 Closing' }, end: 'deferred', held: 'throttled', mails: 1 },
  {
    does: '554 to the dot',
    script: { dot: () => '554 5.7.1 Spam' },
    end: 'rejected',
    says: /^554 5\.7\.1 Spam$/,
    mails: 1,
  },
  { does: 'a size refused at the end', script: { dot: () => '552 5.3.4 Message too big' }, end: 'rejected', mails: 1 },
  {
    does: 'the limit of a day at the dot',
    script: { dot: () => '550 5.4.5 Daily user sending limit exceeded' },
    end: 'deferred',
    held: 'throttled',
    mails: 1,
  },
  { does: '503 to the dot', script: { dot: () => '503 5.5.1 Bad sequence' }, end: 'deferred', mails: 1 },
  {
    does: '2xx to DATA',
    script: { acts: { DATA: () => '250 Ok' } },
    end: 'deferred',
    says: /354 to DATA/,
    held: 'broken protocol',
  },
  { does: '554 to DATA', script: { acts: { DATA: () => '554 5.7.1 No' } }, end: 'rejected' },
  {
    does: 'a reset at DATA',
    script: { acts: { DATA: () => ({ and: 'reset' }) } },
    end: 'deferred',
    held: 'unreachable',
  },
  { does: 'silence at RCPT', script: { acts: { RCPT: () => ({ and: 'silence' }) } }, end: 'deferred', held: 'silent' },
  {
    does: 'a refused size at MAIL',
    script: { acts: { MAIL: () => '552 5.3.4 Message size exceeds fixed limit' } },
    end: 'rejected',
  },
  {
    does: 'a refused sender',
    script: { acts: { MAIL: () => '550 5.7.60 SMTP; Client does not have permissions to send as this sender' } },
    end: 'deferred',
    held: 'credentials refused',
  },
  {
    does: 'a sender that it calls not ours at RCPT',
    script: { acts: { RCPT: () => '553 5.7.1 <me@example.net>: Sender address rejected: not owned by user me' } },
    end: 'deferred',
    held: 'provider refused',
  },
  {
    does: 'a refused relay',
    script: { acts: { RCPT: () => '554 5.7.1 <you@example.org>: Relay access denied' } },
    end: 'deferred',
    held: 'credentials refused',
  },
  {
    does: 'a limit at RCPT',
    script: { acts: { RCPT: () => '452 4.3.2 Message rate exceeded, slow down' } },
    end: 'deferred',
    held: 'throttled',
  },
]
for (const { does, script, end, says, held, mails = 0 } of endings) {
  test(`a server that does this: ${does}: ${end}`, async () => {
    const waits = does.startsWith('silence') ? impatient : {}
    const { answer, server } = await sent(script, envelopeTo('you@example.org'), letter, waits)
    assert.equal(answer.end.kind, end, JSON.stringify(answer))
    assert.equal(answer.held?.kind, held, JSON.stringify(answer))
    if (says !== undefined)
      assert.match(answer.end.kind === 'accepted' ? answer.end.reply : (answer.end.failure.reply ?? ''), says)
    assert.equal(server.mails.length, mails)
  })
}

for (const [does, act, end] of [
  ['421 in the middle of the body', { say: '421 4.3.2 Closing\r\n', and: 'end' }, 'deferred'],
  ['552 in the middle of the body', '552 5.3.4 Too much', 'rejected'],
  ['250 in the middle of the body', '250 2.0.0 Ok', 'deferred'],
  ['a reset in the middle of the body', { and: 'reset' }, 'deferred'],
] as const) {
  test(`${does}: no dot goes out, and it is ${end}`, async () => {
    const server = await startScriptedSmtp({ inBody: { after: 1000, act } })
    const session = await SmtpSession.open(loginAt(server.port))
    const { socket } = session.line
    const body = async function* () {
      const heard = Promise.race([once(socket, 'data'), once(socket, 'close')])
      yield Buffer.alloc(2000, 'text\r\n')
      await heard
      yield letter
    }
    const gate = { enveloped: async () => {}, beforeDot: async () => assert.fail('the body is through') }
    const answer = await send(session, envelopeTo('you@example.org'), Readable.from(body()), gate)
    assert.equal(answer.end.kind, end, JSON.stringify(answer))
    assert.equal(session.isOpen, false)
    await server.close()
    assert.deepEqual(server.mails, [])
    assert.deepEqual(server.lines.slice(-1), ['DATA'])
  })
}

test('the gate stops it before the dot: the server never has the message', async () => {
  const server = await startScriptedSmtp()
  for (const at of ['enveloped', 'beforeDot'] as const) {
    const session = await SmtpSession.open(loginAt(server.port))
    const gate = { enveloped: async () => {}, beforeDot: async () => {} }
    const stopped = new SessionFailed({ kind: 'superseded' })
    const refusing = async () => {
      throw stopped
    }
    await assert.rejects(
      send(session, envelopeTo('you@example.org'), Readable.from([letter]), { ...gate, [at]: refusing }),
      (error) => error === stopped,
    )
    assert.equal(session.isOpen, false)
  }
  const session = await SmtpSession.open(loginAt(server.port))
  const broken = Readable.from(
    (function* () {
      yield letter
      throw new Error('the disk is gone')
    })(),
  )
  await assert.rejects(
    send(session, envelopeTo('you@example.org'), broken, { enveloped: async () => {}, beforeDot: async () => {} }),
    /the disk is gone/,
  )
  await server.close()
  assert.deepEqual(server.mails, [])
})

test('a stop ends it before the dot, and not behind it', async () => {
  const stop = new AbortController()
  const server = await startScriptedSmtp({
    dot: async () => {
      stop.abort(new SessionFailed({ kind: 'stopped' }))
      return '250 2.0.0 Ok'
    },
  })
  const gate = { enveloped: async () => {}, beforeDot: async () => {}, signal: stop.signal }
  const one = await SmtpSession.open(loginAt(server.port))
  const answer = await send(one, envelopeTo('you@example.org'), Readable.from([letter]), gate)
  assert.equal(answer.end.kind, 'accepted')
  await assert.rejects(send(one, envelopeTo('you@example.org'), Readable.from([letter]), gate), SessionFailed)
  await server.close()
  assert.equal(server.mails.length, 1)
})

test('what a server does not offer is not asked of it, and what needs it is refused with a sentence', async () => {
  const bare = { extensions: ['SIZE 1000'] }
  const umlaut = await sent(bare, envelopeTo('jörg@example.org'))
  assert.deepEqual(umlaut.answer, {
    recipients: [],
    end: {
      kind: 'rejected',
      failure: {
        kind: 'message refused',
        reply: 'The provider takes no address with letters beyond ASCII, such as jörg@example.org (it lacks SMTPUTF8).',
      },
    },
  })
  const domain = await sent(bare, envelopeTo('you@bücher.example'))
  assert.equal(domain.answer.end.kind, 'accepted')
  assert.deepEqual(domain.server.mails[0]?.to, ['you@xn--bcher-kva.example'])
  const header = await sent(bare, { ...envelopeTo('you@example.org'), utf8: true })
  assert.match(JSON.stringify(header.answer.end), /lacks SMTPUTF8/)
  const big = await sent(bare, { ...envelopeTo('you@example.org'), octets: 1001 })
  assert.match(JSON.stringify(big.answer.end), /has 1,001 octets, and the provider takes 1,000 at most/)
  const eight = await sent(bare, { ...envelopeTo('you@example.org'), eightBit: true })
  assert.equal(eight.answer.end.kind, 'accepted')
  assert.ok(eight.server.lines.includes(`MAIL FROM:<me@example.net> SIZE=${letter.length}`))
})

test('SMTPUTF8, 8BITMIME and DSN are asked for, each recipient with its own', async () => {
  const { answer, server } = await sent(
    {},
    {
      from: 'me@example.net',
      recipients: [
        { address: 'jörg@example.org', notify: ['SUCCESS', 'FAILURE'], orcpt: 'rfc822;a+b=c@example.org' },
        { address: 'you@example.org' },
        { address: 'odd@example.org', orcpt: 'rfc822;x\r\nRCPT TO:<other@example.org>' },
      ],
      octets: letter.length,
      utf8: true,
      eightBit: true,
      dsn: { ret: 'HDRS', envid: 'a b+c' },
    },
  )
  assert.equal(answer.end.kind, 'accepted')
  const asked = server.lines.filter((line) => /^(?:MAIL|RCPT)/.test(line))
  assert.deepEqual(asked, [
    `MAIL FROM:<me@example.net> BODY=8BITMIME SIZE=${letter.length} SMTPUTF8 RET=HDRS ENVID=a+20b+2Bc`,
    'RCPT TO:<jörg@example.org> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a+2Bb+3Dc@example.org',
    'RCPT TO:<you@example.org>',
    'RCPT TO:<odd@example.org> ORCPT=rfc822;x+0D+0ARCPT+20TO:<other@example.org>',
  ])
})

test('the Message-ID that a server gives in place of its own is told', async () => {
  const { answer } = await sent({
    dot: () =>
      '250 2.0.0 OK <AM0PR01MB1234567890@AM0PR01MB1234.eurprd01.prod.outlook.com> [Hostname=AM0PR01MB1234.eurprd01.prod.exchangelabs.com]',
  })
  assert.equal(answer.messageId, '<AM0PR01MB1234567890@AM0PR01MB1234.eurprd01.prod.outlook.com>')
})

test('a server that takes nothing of the body is left, and the memory stays small', async () => {
  const server = await startScriptedSmtp({ extensions: ['SIZE 1000000000'], acts: {} })
  const session = await SmtpSession.open(loginAt(server.port, { waits: impatient }))
  let read = 0
  const endless = Readable.from(
    (function* () {
      for (; read < 1000; read += 1) yield Buffer.alloc(65_536, 'x\r\n')
    })(),
  )
  const answer = await send(session, { ...envelopeTo('you@example.org'), octets: 65_536_000 }, endless, {
    enveloped: async () => server.pause(),
    beforeDot: async () => {},
  })
  assert.equal(answer.end.kind, 'deferred')
  assert.match(JSON.stringify(answer), /too slow/)
  assert.ok(read < 500, `${read} pieces were read`)
  await server.close()
})
