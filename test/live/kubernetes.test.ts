/** deploy/kubernetes without a cluster: each container's command from dist/ in the environment that the files give it. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { handOver } from '../../deploy/identity.ts'
import { Containers, parts } from '../support/containers.ts'
import { kustomization, podOf, startedOf } from '../support/kubernetes.ts'
import { readFolder } from '../support/reader.ts'

let containers: Containers
before(async () => {
  const [worker, api, dovecot, redis] = parts.map(startedOf)
  assert.ok(worker !== undefined && api !== undefined && dovecot !== undefined && redis !== undefined)
  containers = await Containers.make({ worker, api, dovecot, redis })
  // What kustomize makes of the files of ./secrets, where the pods mount it.
  for (const { name, files } of kustomization.secretGenerator)
    for (const file of files) {
      const path = join(containers.home, 'secrets', name.replace('-secret', ''), file.split('=')[0] ?? '')
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o440 })
    }
  handOver(join(containers.home, 'secrets'), containers.identity)
})
after(async () => await containers.remove())

test('each container starts with the secrets that it is given, and becomes ready', async () => {
  const before = containers.secret('redis/password')
  for (const part of parts.toReversed()) await containers.start(part)
  assert.equal(containers.secret('redis/password'), before)
  const port = containers.ports.http
  assert.equal((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 200)
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  assert.match(metrics, /^tributary_overdue_seconds 0$/m)
})

test('the gateway comes by its own door from any address, nobody else does so, and mail goes all the way', async () => {
  const { ports } = containers
  for (const login of ['provider', 'alice'])
    await containers.call('POST', '/destinations', { kind: 'hosted', login, password: 'p' })
  const { items } = (await containers.call('GET', '/destinations')) as { items?: { id: string; login: string }[] }
  const said = (port: number, from: string, lines: readonly string[]) =>
    new Promise<string>((resolve, reject) => {
      let text = ''
      const socket = connect({ host: '127.0.0.1', port, localAddress: from, timeout: 30_000 })
      socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
      socket.on('timeout', () => socket.destroy(new Error(`silence after ${text}`)))
      socket.on('error', reject).on('close', () => resolve(text))
      socket.write([...lines, 'z LOGOUT', ''].join('\r\n'))
    })
  const letter = 'Subject: through pods\r\n\r\nHello.\r\n'
  const append = [`b APPEND INBOX {${letter.length}+}`, letter]
  const gateway = containers.secret('store/password')
  assert.match(await said(ports.gateway, '127.0.0.2', [`a LOGIN provider*gateway ${gateway}`, ...append]), /^b OK/m)
  const refused = await said(ports.imap, '127.0.0.1', [`a LOGIN provider*gateway ${gateway}`])
  assert.match(refused, /^a NO/m, 'by the door for people')
  const { id } = await containers.call('POST', '/accounts', {
    address: 'provider@example.net',
    host: '127.0.0.1',
    port: ports.pop3,
    tls: 'none',
    user: 'provider',
    password: 'p',
    destinationId: items?.find(({ login }) => login === 'alice')?.id,
    paused: true,
  })
  const run = await containers.call('POST', `/accounts/${String(id)}/pull?wait=30`)
  assert.deepEqual([run['listed'], run['stored'], run['failure']], [1, 1, null])
  const [stored] = await readFolder(ports.imap, 'alice', 'p')
  assert.match(String(stored?.bytes), /through pods/)
})

test('each ends by itself well within the time that its pod has', async () => {
  for (const part of parts) {
    const beganMs = performance.now()
    const words = containers.said(part)
    assert.deepEqual(await containers.stop(part), [0, null], words)
    assert.ok(performance.now() - beganMs < podOf(part).terminationGracePeriodSeconds * 1000, part)
  }
})
