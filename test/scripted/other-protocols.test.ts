/** What answers at the port of an account or a destination is not what should: the failure says what it is, and which port to try. */
import assert from 'node:assert/strict'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { TlsMode } from '../../src/account/account.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { describe, reportOf, type FailureReport } from '../../src/failure/sentences.ts'
import { connectStore } from '../../src/imap/connection.ts'
import { imapLimits } from '../../src/imap/limits.ts'
import { examine } from '../../src/pop3/examine.ts'
import { printable } from '../../src/printable.ts'
import { openMaildrop } from '../../src/pop3/open-maildrop.ts'

/** A server that says this at once, and gives these answers. @returns its port. */
async function answering(t: TestContext, greeting: string, answer: (line: string) => string): Promise<number> {
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => {}).on('close', () => open.delete(socket))
    socket.on('data', (chunk) => socket.write(Buffer.from(answer(chunk.toString('latin1')), 'latin1')))
    socket.write(Buffer.from(greeting, 'latin1'))
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    for (const socket of open) socket.destroy()
    await new Promise((resolve) => void server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

/** A server that says this at once, and this to whoever speaks first. It notes what it was sent. */
async function saying(t: TestContext, greeting: string, answer = ''): Promise<{ port: number; heard: string[] }> {
  const heard: string[] = []
  const port = await answering(t, greeting, (line) => {
    heard.push(line)
    return answer
  })
  return { port, heard }
}

const accountAt = (port: number, tls: TlsMode) =>
  ({ host: '127.0.0.1', port, tls, tlsVerify: true, tlsFingerprint: null, user: 'me', password: 'geheim' }) as const

async function runAt(port: number, tls: TlsMode): Promise<FailureReport> {
  const failure = await openMaildrop(accountAt(port, tls)).then(
    () => assert.fail('it got in'),
    (error: unknown) => (error instanceof SessionFailed ? error.failure : assert.fail(String(error))),
  )
  return reportOf(failure)
}

const greetings = [
  ['SMTP', '220 mx.example.net ESMTP Postfix\r\n'],
  ['SMTP', '554 5.7.1 You are not allowed to connect\r\n'],
  ['SMTP', '220 ftp.example.net ESMTP Postfix\r\n'],
  ['FTP', '220 (vsFTPd 3.0.5)\r\n'],
  ['FTP', '220-FileZilla Server 1.8\r\n220 ready\r\n'],
  ['IMAP', '* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n'],
  ['IMAP', '* BYE too busy\r\n'],
  ['SSH', 'SSH-2.0-OpenSSH_9.6\r\n'],
  ['a web server', 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'],
  ['a web server', '<!DOCTYPE html><html><head></head></html>\r\n'],
  ['NNTP', '200 news.example.net InterNetNews ready (posting ok)\r\n'],
  ['ManageSieve', '"IMPLEMENTATION" "Dovecot Pigeonhole"\r\n'],
  ['FTP', '220 ProFTPD Server (ftp.example.net)\r\n'],
  ['FTP', '220 Microsoft FTP Service\r\n'],
  ['XMPP', "<?xml version='1.0'?><stream:stream xmlns='jabber:client'><stream:error/>"],
  ['XMPP', '<stream:stream xmlns:stream="http://etherx.jabber.org/streams">'],
  ['a web server', '<?xml version="1.0"?><!DOCTYPE html><html></html>'],
  ['IRC', ':irc.example.net NOTICE AUTH :*** Looking up your hostname...\r\n'],
  ['IRC', 'NOTICE AUTH :*** Checking Ident\r\n'],
  ['IRC', 'ERROR :Closing Link: [192.0.2.1] (Throttled)\r\n'],
  ['MySQL', 'J\x00\x00\x00\x0a8.0.36\x00\x08\x00\x00\x00'],
  ['MySQL', "F\x00\x00\x00\xff\x6a\x04Host '192.0.2.1' is not allowed to connect"],
  ['Telnet', '\xff\xfd\x18\xff\xfd\x20\xff\xfd\x23'],
  ['LDAP', '0\x24\x02\x01\x00x\x1f\x0a\x01\x02'],
  ['VNC', 'RFB 003.008\n'],
  ['rsync', '@RSYNCD: 31.0\n'],
  ['AMQP', 'AMQP\x00\x00\x09\x01'],
] as const

for (const [name, greeting] of greetings) {
  test(`a port that speaks ${name} (${printable(greeting).slice(0, 20)}) in place of POP3, with TLS or without: a run and a test say so`, async (t) => {
    const { port, heard } = await saying(t, greeting)
    for (const tls of ['none', 'starttls', 'implicit'] as const) {
      const { kind, message, step } = await runAt(port, tls)
      assert.equal(kind, tls === 'implicit' ? 'tls' : 'broken protocol')
      assert.ok(message.includes(`what answers there is ${name}`), message)
      assert.match(message, /port 995 with tls "implicit"/)
      assert.equal(step?.code, 'not POP3')
    }
    const tried = await examine(accountAt(port, 'none'))
    assert.match(tried.failure?.message ?? '', new RegExp(`is ${name}, and not POP3`))
    assert.match(tried.next ?? '', new RegExp(`what answers there is ${name}, and POP3 is mostly at port 995`))
    assert.ok(!heard.join().includes('geheim'), 'nothing secret was sent')
  })
}

test('a TLS record in answer to a plain connection: the port speaks TLS from the first byte', async (t) => {
  for (const record of ['\x15\x03\x01\x00\x02\x02\x46', '\x15\x03\x03\x00\x02\x02\x28']) {
    const { port } = await saying(t, record)
    const { kind, message, step } = await runAt(port, 'starttls')
    assert.deepEqual([kind, step?.code], ['broken protocol', 'set implicit here'])
    assert.match(message, /TLS from the first byte.*Set tls to "implicit" for this port/)
  }
})

test('POP3 in clear at a port that should speak TLS: starttls is advised', async (t) => {
  const { port } = await saying(t, '+OK POP3 ready\r\n')
  const { kind, message, step } = await runAt(port, 'implicit')
  assert.deepEqual([kind, step?.code], ['tls', 'set starttls'])
  assert.match(message, /what answers there is POP3 in clear, "\+OK POP3 ready"/)
})

test('a web server that waits for a request is known where TLS was wanted', async (t) => {
  const { port } = await saying(t, '', 'HTTP/1.1 400 Bad Request\r\n\r\n')
  const { step } = await runAt(port, 'implicit')
  assert.deepEqual(step, { code: 'not POP3', speaks: 'the web' })
})

test('a server that agrees to STLS and then speaks no TLS: starttls is not advised to whoever has set it', async (t) => {
  const port = await answering(t, '+OK ready\r\n', (line) =>
    line.startsWith('CAPA')
      ? '+OK\r\nSTLS\r\n.\r\n'
      : line.startsWith('STLS')
        ? '+OK\r\n'
        : 'this is no TLS at all\r\n',
  )
  const { kind, message, step } = await runAt(port, 'starttls')
  assert.deepEqual([kind, step?.code], ['tls', 'set implicit'])
  assert.match(message, /agreed to STLS and then spoke no TLS.*Set tls to "implicit", and the port to 995/)
  const tried = await examine(accountAt(port, 'starttls'))
  assert.doesNotMatch(tried.next ?? '', /starttls/)
})

async function storeAt(port: number, tls: TlsMode): Promise<string> {
  const login = { host: '127.0.0.1', port, tls, user: 'me', password: 'geheim' }
  return await connectStore(login).then(
    () => assert.fail('it got in'),
    (error: unknown) => (error instanceof SessionFailed ? describe(error.failure) : assert.fail(String(error))),
  )
}

for (const [name, greeting] of [
  ...greetings.filter(([other]) => other !== 'IMAP'),
  ['POP3', '+OK ready\r\n'],
] as const) {
  test(`a destination whose port speaks ${name} (${printable(greeting).slice(0, 20)}) says so at once, with the port to try`, async (t) => {
    const { port, heard } = await saying(t, greeting)
    const began = performance.now()
    for (const tls of ['none', 'starttls', 'implicit'] as const) {
      const message = await storeAt(port, tls)
      assert.ok(message.includes(`what answers there is ${name}, and not IMAP`), message)
      assert.match(message, /port 993 with tls "implicit"/)
    }
    assert.ok(performance.now() - began < imapLimits.storeGreetingWaitMs, 'at once')
    assert.ok(!heard.join().includes('geheim'), 'nothing secret was sent')
  })
}

test('a destination that answers with a TLS record, with nonsense, or with IMAP in clear where TLS is due', async (t) => {
  const record = await saying(t, '\x15\x03\x01\x00\x02\x02\x46')
  assert.match(await storeAt(record.port, 'none'), /speaks TLS from the first byte: set tls to "implicit"/)
  const nonsense = await saying(t, 'hello there\r\n')
  assert.match(await storeAt(nonsense.port, 'none'), /its greeting is not IMAP, "hello there"/)
  const clear = await saying(t, '* OK IMAP4rev1 ready\r\n')
  assert.match(await storeAt(clear.port, 'implicit'), /set tls to "starttls"/)
})

test('a destination that agrees to STARTTLS and then speaks no TLS: starttls is not advised', async (t) => {
  const port = await answering(t, '* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n', (line) => {
    const [tag = '', verb = ''] = line.split(/[ \r]/)
    if (verb === 'CAPABILITY') return `* CAPABILITY IMAP4rev1 STARTTLS\r\n${tag} OK\r\n`
    return verb === 'STARTTLS' ? `${tag} OK begin\r\n` : 'this is no TLS at all\r\n'
  })
  const message = await storeAt(port, 'starttls')
  assert.match(message, /agreed to STARTTLS and then spoke no TLS.*port 993 with tls "implicit"/)
  assert.doesNotMatch(message, /"starttls"/)
})
