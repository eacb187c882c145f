/** docker-compose.yml without Docker: its form, and all four of its services from dist/ in the environment that it gives them. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect as tlsConnect } from 'node:tls'
import { Ajv } from 'ajv'
import { apiThreads, workerOptions, workerThreads } from '../../deploy/local.ts'
import { graceMs, type Kind as Part } from '../../deploy/supervisor.ts'
import { readEnvironment } from '../../src/disk/environment.ts'
import { compose, Containers, parts as stopped, readCompose, type Service, unset } from '../support/containers.ts'
import { startDovecot } from '../support/dovecot.ts'
import { honest } from '../support/sasl-server.ts'
import { startScriptedSmtp } from '../support/scripted-smtp.ts'
import { clearTalk, plain, secureTalk } from '../support/submission.ts'
import { until } from '../support/until.ts'

const ownSecrets = readCompose('deploy/compose.secrets.yml')
/** Each in place of a service. */
const yours = { redis: readCompose('deploy/compose.redis.yml'), dovecot: readCompose('deploy/compose.dovecot.yml') }
const parts = Object.keys(compose.services) as Part[]

/** Seconds until Docker kills it. */
const graceOf = (part: Part) => Number(/^(\d+)s$/.exec(compose.services[part].stop_grace_period)?.[1])

test('the compose files are what the Compose Specification says', () => {
  const { $schema: _, ...schema } = JSON.parse(readFileSync('test/fixtures/compose-spec.schema.json', 'utf8')) as {
    $schema: string
  }
  const valid = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schema)
  for (const file of [compose, ownSecrets, ...Object.values(yours)])
    assert.ok(valid(file), JSON.stringify(valid.errors, null, 1))
  assert.equal(valid({ services: { api: { read_onyl: true } } }), false)
})

test('every service is as closed as can be, and has as long to stop as local mode gives it', () => {
  assert.deepEqual(parts.toSorted(), Object.keys(graceMs).toSorted())
  for (const part of parts) {
    const { read_only, cap_drop, security_opt, init, restart, healthcheck } = compose.services[part]
    assert.deepEqual([read_only, cap_drop, security_opt], [true, ['ALL'], ['no-new-privileges:true']], part)
    assert.deepEqual([init, restart, healthcheck.test[0]], [true, 'unless-stopped', 'CMD'], part)
    // In the containers of Redis and Dovecot somebody stops them, within that time, and then ends himself.
    const beyondMs = part === 'redis' || part === 'dovecot' ? 2000 : 0
    assert.equal(graceOf(part) * 1000, graceMs[part] + beyondMs, part)
  }
})

test('a worker keeps its memory as in local mode', () => {
  assert.deepEqual(compose.services.worker.command, ['node', ...workerOptions, 'dist/workers/main.js'])
  for (const [part, { UV_THREADPOOL_SIZE: threads }] of [
    ['api', apiThreads],
    ['worker', workerThreads],
  ] as const)
    assert.equal(compose.services[part].environment['UV_THREADPOOL_SIZE'], threads)
})

test('all that is named is defined, and the image has a folder for each volume', () => {
  const dockerfile = readFileSync('deploy/Dockerfile', 'utf8')
  const folders = / install --directory --owner=tributary .*?\n(?:.*\\\n)*.*/.exec(dockerfile)?.[0].split(/\s+/) ?? []
  const used = new Set<string>()
  for (const part of parts) {
    for (const volume of compose.services[part].volumes) {
      const [name = '', target = ''] = unset(volume).split(':')
      assert.ok(name in compose.volumes, volume)
      assert.ok(folders.includes(target.replace('/var/lib/', '')), target)
      used.add(name)
    }
    for (const network of networksOf(part)) assert.ok(network in compose.networks, network)
    for (const secret of ownSecrets.services[part].secrets ?? [])
      assert.ok(secret in (ownSecrets.secrets ?? {}), secret)
    assert.equal(compose.services[part].build.dockerfile, 'deploy/Dockerfile')
    assert.equal(unset(compose.services[part].build.args['DEBIAN'] ?? ''), /^ARG DEBIAN=(.*)$/m.exec(dockerfile)?.[1])
  }
  assert.deepEqual([...used].toSorted(), Object.keys(compose.volumes).toSorted())
})

const networksOf = (part: Part) => {
  const { networks } = compose.services[part]
  return Array.isArray(networks) ? (networks as string[]) : Object.keys(networks)
}

test('who needs no secret sees none, and what needs no door has none', () => {
  const secretsOf = (part: Part) =>
    compose.services[part].volumes.filter((volume) => volume.includes('-secret:')).map((volume) => volume.split(':')[0])
  assert.deepEqual(secretsOf('redis'), ['redis-secret'])
  assert.deepEqual(secretsOf('dovecot'), ['store-secret'])
  assert.equal(compose.networks['inside']?.internal, true)
  assert.deepEqual(networksOf('redis'), ['inside'])
  assert.deepEqual(
    parts.flatMap((part) => compose.services[part].ports ?? []).map(unset),
    [1143, 1993, 1110, 1995, 8420, 1465, 1587].map((port) => `127.0.0.1:${port}:${port}`),
  )
})

test('in place of a Redis or a Dovecot comes that of the settings, and nobody waits for the one in a container', () => {
  for (const [gone, { services, secrets = {} }] of Object.entries(yours)) {
    assert.deepEqual(services[gone as Part], { profiles: ['unused'] })
    assert.deepEqual(services.api['depends_on'], { [gone]: { condition: 'service_healthy', required: false } })
    const named = gone === 'redis' ? 'TRIBUTARY_REDIS' : 'TRIBUTARY_STORE'
    for (const part of ['api', 'worker'] as const) {
      const { environment, secrets: seen = [] } = services[part]
      assert.deepEqual(Object.keys(environment).toSorted(), [`${named}_PASSWORD_FILE`, `${named}_URL`])
      assert.deepEqual(
        seen.map((secret) => `/run/secrets/${secret}`),
        [environment[`${named}_PASSWORD_FILE`]],
      )
      assert.deepEqual(seen, Object.keys(secrets))
    }
  }
  // A file that was mounted alone could not be replaced.
  const users = unset(compose.services.api.environment['TRIBUTARY_STORE_USERS_FILE'] ?? '')
  assert.deepEqual(
    yours.dovecot.services.api.volumes.map((volume) => volume.split('}:')[1]),
    [dirname(users)],
  )
})

test('mail programs are told the ports at which Dovecot is published', () => {
  const published = (compose.services.dovecot.ports ?? []).map((port) => /\$\{(TRIBUTARY_\w+_PORT):-\d+\}/.exec(port))
  assert.equal(published.length, 4)
  for (const port of published) assert.equal(compose.services.api.environment[port?.[1] ?? ''], port?.[0])
})

test('every setting that is given is one', () => {
  for (const file of [compose, ownSecrets, ...Object.values(yours)]) {
    for (const [part, { environment = {} }] of Object.entries<Partial<Service>>(file.services)) {
      const names = Object.keys(environment).map((name) => name.replace(/(?<=PASSWORD)_FILE$/, ''))
      const { unknown } = readEnvironment({ ...Object.fromEntries(names.map((name) => [name, '/x'])), ...fitting })
      assert.deepEqual(unknown, [], part)
    }
  }
})
/** Settings that are not taken as a path. */
const fitting = {
  TRIBUTARY_SESSIONS: '100',
  TRIBUTARY_SUBMISSION_HOST: '0.0.0.0',
  TRIBUTARY_SUBMISSIONS_PORT: '1465',
  TRIBUTARY_SUBMISSION_PORT: '1587',
  TRIBUTARY_IMAP_PORT: '1143',
  TRIBUTARY_IMAPS_PORT: '1993',
  TRIBUTARY_POP3_PORT: '1110',
  TRIBUTARY_POP3S_PORT: '1995',
  TRIBUTARY_PROXY: 'socks5://proxy.example.org:1080',
  TRIBUTARY_PUBLIC_NAME: 'mail.example.org',
  TRIBUTARY_PUBLIC_URL: 'https://mail.example.org',
  TRIBUTARY_MAIL_HOST: '0.0.0.0',
  TRIBUTARY_HTTP_HOST: '0.0.0.0',
  TRIBUTARY_REDIS_URL: 'redis://redis',
  TRIBUTARY_STORE_URL: 'imap://gateway@store',
  TRIBUTARY_POLICY: 'policy:8421',
  TRIBUTARY_STORE_PASSWORD: 'x',
  TRIBUTARY_STORE_USERS_FILE: '/x',
  TRIBUTARY_LOG_LEVEL: 'info',
}

let containers: Containers
before(async () => {
  containers = await Containers.make()
})
after(async () => await containers.remove())

/** What a server says to these lines, until it has said `last`. */
async function converse(socket: Socket, lines: readonly string[], last: RegExp): Promise<string> {
  let said = ''
  socket.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')))
  for (const line of lines) socket.write(`${line}\r\n`)
  await until(String(last), () => last.test(said))
  socket.destroy()
  return said
}

test('Redis starts from the configuration of local mode, and lets nobody in without the password', async () => {
  const { home, ports } = containers
  await containers.start('redis')
  assert.equal(statSync(join(home, 'secrets/redis/password')).mode & 0o777, 0o600)
  assert.equal(statSync(containers.rendered('redis.conf')).mode & 0o777, 0o600)
  const directives = (text: string) => text.split('\n').flatMap((line) => /^([a-z-]+) /.exec(line)?.[1] ?? [])
  assert.deepEqual(
    directives(readFileSync(containers.rendered('redis.conf'), 'utf8')),
    directives(readFileSync('deploy/redis.conf', 'utf8')),
  )
  const ask = async (...lines: string[]) =>
    await converse(connect(ports.redis, '127.0.0.1'), [...lines, 'QUIT'], /OK\r\n$|^-/)
  assert.match(await ask('PING'), /^-NOAUTH/)
  const said = await ask(
    `AUTH ${containers.secret('redis/password')}`,
    'CONFIG GET append*',
    'CONFIG GET maxmemory-policy',
  )
  assert.match(said, /\r\nappendonly\r\n\$3\r\nyes\r\n/)
  assert.match(said, /\r\nappendfsync\r\n\$6\r\nalways\r\n/)
  assert.match(said, /noeviction/)
})

test('Dovecot starts from the configuration of local mode, and lets the gateway in from its own network', async () => {
  await containers.start('dovecot')
  const [command, args] = containers.asUser(['doveconf', '-n', '-c', containers.rendered('dovecot.conf')])
  const told = execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  assert.match(
    told,
    /^remote 127\.0\.0\.[01]\/8 \{\n {2}(?:disable_plaintext_auth = no|auth_allow_cleartext = yes)\n\}/m,
  )
  assert.match(readFileSync(containers.rendered('masters'), 'utf8'), /^gateway:.*allow_nets=local,127\.0\.0\.1\/8$/m)
  assert.equal(containers.isHealthy('dovecot'), true)
})

test('API and worker pull a message through it', async () => {
  const { ports } = containers
  await containers.start('api')
  await containers.start('worker')
  assert.equal((await fetch(`http://127.0.0.1:${ports.http}/readyz`)).status, 200)
  await containers.call('POST', '/destinations', { kind: 'hosted', login: 'provider', password: 'p' })
  const destination = await containers.call('POST', '/destinations', {
    kind: 'hosted',
    login: 'alice',
    password: 'wonder',
  })
  const message = 'Subject: through containers\r\n\r\nHello.\r\n'
  const append = ['a LOGIN provider p', `b APPEND INBOX {${message.length}+}`, message]
  await converse(connect(ports.imap, '127.0.0.1'), append, /^b OK/m)
  const account = await containers.call('POST', '/accounts', {
    address: 'provider@example.net',
    host: '127.0.0.1',
    port: ports.pop3,
    tls: 'none',
    user: 'provider',
    password: 'p',
    destinationId: destination['id'],
    paused: true,
  })
  const run = await containers.call('POST', `/accounts/${String(account['id'])}/pull?wait=30`)
  assert.deepEqual([run['listed'], run['stored'], run['failure']], [1, 1, null])
  // As the gateway, in clear, from another address of the network that is its own.
  const gateway = connect({ host: '127.0.0.1', port: ports.gateway, localAddress: '127.0.0.2' })
  const lines = [
    `a LOGIN alice*gateway ${containers.secret('store/password')}`,
    'b EXAMINE INBOX',
    'c FETCH 1 BODY.PEEK[]',
  ]
  assert.match(await converse(gateway, lines, /^c /m), /X-Tributary-Account: provider@example\.net[\s\S]*Hello\./)
  await converse(connect(ports.imap, '127.0.0.1'), ['a LOGIN alice guess'], /^a NO/m)
  await until('the guess to be told', () =>
    containers.said('dovecot').includes('"login refused","address":"127.0.0.1"'),
  )
})

test('mail programs send through it: the API takes a message with the certificate of Dovecot, and the worker sends it', async () => {
  const { ports, home } = containers
  const provider = await startScriptedSmtp({ auth: { mechanisms: ['PLAIN'], plays: honest() } })
  try {
    const { items } = (await containers.call('GET', '/accounts')) as { items?: { id: string }[] }
    const smtp = { host: '127.0.0.1', port: provider.port, tls: 'none', user: 'me', password: 'secret' }
    await containers.call('PATCH', `/accounts/${String(items?.[0]?.id)}`, { smtp })
    const cert = readFileSync(join(home, 'tls/cert.pem'), 'utf8')
    for (const [nth, port] of [ports.submissions, ports.submission].entries()) {
      const talk = nth === 0 ? await secureTalk(port, cert) : await clearTalk(port)
      await talk.says(220)
      await talk.asks('EHLO client.example', 250)
      if (nth === 1) await talk.startTls(cert)
      if (nth === 1) await talk.asks('EHLO client.example', 250)
      await talk.asks(`AUTH PLAIN ${plain('alice', 'wonder')}`, 235)
      await talk.asks('MAIL FROM:<provider@example.net>', 250)
      await talk.asks('RCPT TO:<you@example.org>', 250)
      await talk.asks('DATA', 354)
      talk.send(`From: provider@example.net\r\nSubject: ${nth}\r\n\r\nHello.\r\n.\r\n`)
      await talk.says(250)
      talk.close()
      await until('the message', () => provider.mails.length > nth)
      assert.match(String(provider.mails[nth]?.bytes), new RegExp(`\r\nSubject: ${nth}\r\n`))
    }
    // With the API well and the port taken by nobody it is healthy; without the port it is not.
    const nowhere = { TRIBUTARY_SUBMISSION_PORT: String(ports.policy) }
    assert.deepEqual([containers.isHealthy('api'), containers.isHealthy('api', nowhere)], [true, false])
    assert.equal(containers.isHealthy('api', { TRIBUTARY_SUBMISSION_PORT: '0' }), true)
  } finally {
    await provider.close()
  }
})

test('a health check notices what is gone, and each stops in the time it has', async () => {
  for (const part of stopped) {
    const beganMs = performance.now()
    const said = containers.said(part)
    assert.deepEqual(await containers.stop(part), [0, null], said)
    assert.ok(performance.now() - beganMs < graceOf(part) * 1000, `${part}: ${performance.now() - beganMs} ms`)
    assert.equal(containers.isHealthy(part), false, part)
  }
})

test('from outside the gateway has no way in, and nobody has one in clear', async () => {
  const dovecot = await startDovecot({ alice: 'wonder' })
  const from = { host: '127.0.0.1', localAddress: '127.0.0.2' }
  const login = async (socket: Socket, user: string, password: string) =>
    await converse(socket, [`a LOGIN "${user}" "${password}"`], /^a .*$/m)
  const gateway = ['alice*gateway', dovecot.store.masterPassword] as const
  try {
    assert.match(
      await login(connect({ ...from, port: dovecot.imapPort }), 'alice', 'wonder'),
      /^a NO \[PRIVACYREQUIRED\]/m,
    )
    const tls = () => tlsConnect({ socket: connect({ ...from, port: dovecot.imapsPort }), rejectUnauthorized: false })
    assert.match(await login(tls(), 'alice', 'wonder'), /^a OK/m)
    assert.match(await login(tls(), ...gateway), /^a NO \[AUTHENTICATIONFAILED\]/m)
    assert.match(await login(connect(dovecot.imapPort, '127.0.0.1'), ...gateway), /^a OK/m)
  } finally {
    await dovecot.stop()
  }
})
