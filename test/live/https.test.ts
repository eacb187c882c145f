import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { request } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect as tlsConnect } from 'node:tls'
import { Https } from '../../api/http/https.ts'
import { certificateFingerprint } from '../../src/failure/tls-reasons.ts'
import { certificate, type Certificate } from '../support/certificates.ts'
import { instancePorts, type Ports, settingsOf } from '../support/instance.ts'

let folder: string
let ports: Ports
let said = ''
let stop: () => Promise<void>
let serving: Certificate

/** As certbot does: links to what is new, renamed into place one after the other. */
function renew(files: Partial<Pick<Certificate, 'cert' | 'key'>>): void {
  for (const [name, pem] of Object.entries(files)) {
    const kept = join(folder, 'archive', `${name}-${Date.now()}.pem`)
    writeFileSync(kept, pem, { mode: 0o644 })
    symlinkSync(kept, join(folder, 'live', 'new'))
    renameSync(join(folder, 'live', 'new'), join(folder, 'live', `${name}.pem`))
  }
}

async function until(what: string, look: () => boolean | Promise<boolean>, waitMs = 180_000): Promise<void> {
  const endMs = performance.now() + waitMs
  while (!(await look())) {
    assert.ok(performance.now() < endMs, `waited too long for ${what}\n${said}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

before(async () => {
  folder = mkdtempSync('/tmp/tributary-https-')
  chmodSync(folder, 0o755)
  for (const name of ['archive', 'live']) mkdirSync(join(folder, name))
  serving = certificate()
  renew(serving)
  ports = await instancePorts()
  const child = spawn(process.execPath, ['dist/deploy/run.js'], {
    env: {
      PATH: process.env['PATH'],
      TRIBUTARY_HOME: join(folder, 'home'),
      ...settingsOf(ports),
      TRIBUTARY_TLS_CERT: join(folder, 'live', 'cert.pem'),
      TRIBUTARY_TLS_KEY: join(folder, 'live', 'key.pem'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const exited = once(child, 'exit')
  stop = async () => {
    child.kill('SIGTERM')
    await exited
    rmSync(folder, { recursive: true, force: true })
  }
  await until('the start', () => {
    assert.equal(child.exitCode, null, said)
    return said.includes('Tributary is running.')
  })
})
after(async () => await stop())

async function fingerprintAt(port: number): Promise<string> {
  const socket = tlsConnect({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false })
  // Dovecot hangs up on some who come while it reloads.
  const [how] = (await Promise.race([
    once(socket, 'secureConnect').then(() => ['secure']),
    once(socket, 'close').then(() => ['closed']),
  ]).catch(() => ['broke'])) as [string]
  const seen = how === 'secure' ? certificateFingerprint(socket.getPeerCertificate()) : ''
  socket.destroy()
  return seen
}

async function call(method: string, path: string, body?: object, ca = serving.cert) {
  const token = readFileSync(join(folder, 'home', 'admin-token'), 'utf8').trim()
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const asked = request({ host: 'localhost', port: ports.http, path, method, ca, headers, agent: false })
  const [response] = await once(asked.end(body && JSON.stringify(body)), 'response')
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return { status: response.statusCode as number, body: JSON.parse(text) as Record<string, unknown> }
}

test('with a certificate the API speaks HTTPS, and says so where it is printed', async () => {
  assert.match(said, new RegExp(`"api":"https://localhost:${ports.http}/api/v1"`))
  const { status, body } = await call('GET', '/readyz')
  assert.deepEqual([status, body['status']], [200, 'ready'])
  for (const port of [ports.http, ports.imaps, ports.pop3s])
    assert.equal(await fingerprintAt(port), serving.fingerprint)
})

test('who says nothing, or comes to no end with the handshake, keeps no server from closing', async () => {
  const https = new Https({ cert: Buffer.from(serving.cert), key: Buffer.from(serving.key), validTo: '' })
  const server = https.serverFactory((_request, response) => response.end(), {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const silent = connect(port, '127.0.0.1').resume()
  const served = tlsConnect({ port, host: '127.0.0.1', ca: serving.cert, servername: 'localhost' })
  await Promise.all([once(silent, 'connect'), once(served, 'secureConnect')])
  const ask = async () => {
    served.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const [answer] = (await once(served, 'data')) as [Buffer]
    assert.match(answer.toString(), /^HTTP\/1\.1 200 /)
  }
  await ask()
  https.close()
  await once(silent, 'close')
  await ask()
  served.destroy()
  server.close()
  await once(server, 'close')
})

test('a renewed certificate is served by API, IMAP and POP3 alike, and no session ends for it', async () => {
  await call('POST', '/api/v1/destinations', { kind: 'hosted', login: 'alice', password: 'wonder' })
  const session = tlsConnect({ host: '127.0.0.1', port: ports.imaps, ca: serving.cert, servername: 'localhost' })
  let heard = ''
  session.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')))
  session.write('a LOGIN alice wonder\r\nb SELECT INBOX\r\n')
  await until('the session', () => /^b OK/m.test(heard))

  // Half of a pair, and then none at all: what was there is served on.
  const next = certificate()
  renew({ cert: next.cert })
  await until(
    'API, submission and Dovecot to refuse it',
    () => (said.match(/The new certificate is not served; the one before stays/g) ?? []).length === 3,
  )
  assert.match(said, /the key in \S+\/key\.pem is not that of the certificate in \S+\/cert\.pem/)
  for (const port of [ports.http, ports.imaps, ports.pop3s])
    assert.equal(await fingerprintAt(port), serving.fingerprint)

  renew({ key: next.key })
  for (const port of [ports.http, ports.imaps, ports.pop3s])
    await until(`the new certificate at ${port}`, async () => (await fingerprintAt(port)) === next.fingerprint)
  assert.equal((await call('GET', '/readyz', undefined, next.cert)).status, 200)
  session.write('c NOOP\r\n')
  await until('the session to go on', () => /^c OK/m.test(heard))
  session.write('d LOGOUT\r\n')
  await once(session, 'close')
  assert.match(heard, /^d OK/m)
})
