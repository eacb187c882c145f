/** README and docs/ show commands: they are run here as they stand, but for hosts, ports and what somebody would type. Where they are not, it is said why. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { runInNewContext } from 'node:vm'
import { parse, parseAllDocuments } from 'yaml'
import { homeOf, writeAddress } from '../../src/disk/home.ts'
import { type Block, blocksOf, firstLine } from '../support/blocks.ts'
import { type Endpoint, startEndpoint } from '../support/endpoint.ts'
import { assertTaken } from '../support/kubectl.ts'
import { kustomization, type Manifest, manifests } from '../support/kubernetes.ts'
import { formFaults, schemaFaults } from '../support/kubernetes-forms.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { letter } from '../support/world.ts'

/** The reference of the command line has a test of its own (test/live/cli-examples.test.ts). */
const pages = [
  'README.md',
  'SECURITY.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md') && name !== 'cli.md')
    .map((name) => `docs/${name}`),
  'deploy/kubernetes/README.md',
]
const blocks = pages.flatMap(blocksOf)
const commands = blocks.filter(({ language }) => language === 'sh')

/** By its first line: which test runs a block in another way, or why none does. */
const elsewhere: Readonly<Record<string, string>> = {
  'npm start': 'test/live/local.test.ts starts it, and `npm test` runs this test',
  'docker compose exec api cat /var/lib/tributary/secrets/gateway/admin-token':
    'test/live/container.test.ts runs what each container runs; Docker itself is not there in every place that tests',
  'docker compose stop': 'the same; below, its volumes are compared with those of docker-compose.yml',
  'apt-get install --no-install-recommends git redis-server dovecot-imapd dovecot-pop3d openssl':
    'it makes a service of the machine that tests; test/pure/systemd.test.ts compares it with the unit',
  'tar --create --gzip --file tributary.tar.gz --directory "$OLD" .':
    'test/live/moves.test.ts, and so are the next two',
  'cp --archive "$OLD" "$NEW"': 'test/live/moves.test.ts, where `npm run test:debian13` runs it',
  'mkdir -p backup': 'test/live/moves.test.ts',
  'docker compose stop worker api': 'test/live/moves.test.ts',
  'npx tributary send alice --from me@example.net --to ada@example.org --subject Tea --text "At four?" --watch':
    'test/live/cli-sending.test.ts sends so, by a server of its own',
  'npm audit --omit=dev': 'it asks the registry of packages, and an installation depends on nothing but the packages',
  'tributary oauth application add microsoft --client-id 6f3c... --secret-file secret':
    'test/live/cli-sign-in.test.ts, at a provider of its own',
}

let stack: Stack
let provider: ScriptedServer
let endpoint: Endpoint
let folder: string
let url: string
before(async () => {
  assert.ok(existsSync('dist/cli/main.js'), 'dist/ is missing: npm run build')
  // A first import of the last 30 days brings them.
  const date = new Date().toUTCString().replace('GMT', '+0000')
  const messages = Array.from({ length: 3 }, (_, nth) => ({
    bytes: letter(`letter ${nth}`, { date }),
    uidl: `u${nth}`,
  }))
  ;[stack, provider, endpoint] = await Promise.all([startStack(), startPop3Server({ messages }), startEndpoint()])
  await stack.startWorker()
  url = await stack.app.listen({ host: '127.0.0.1', port: 0 })
  folder = mkdtempSync('/tmp/tributary-commands-')
  mkdirSync(join(folder, 'home'))
  // As the API leaves it behind.
  writeFileSync(join(folder, 'home/admin-token'), `${adminToken}\n`, { mode: 0o600 })
  writeAddress(homeOf(join(folder, 'home')), url, undefined)
})
after(async () => {
  await Promise.all([stack.stop(), provider.close(), endpoint.close()])
  rmSync(folder, { recursive: true })
})

/** What stands in a page, and what is run in its place. */
type Changes = readonly (readonly [string, string])[]

/**
 * Runs the blocks of a page that begin so, in one shell and one folder, as somebody does who copies them.
 *
 * @param words are what a reader puts in: hosts, and what the command line would ask for on a terminal.
 * @param more are commands that other files say.
 */
async function run(
  page: string,
  beginnings: readonly string[],
  words: Changes,
  env: NodeJS.ProcessEnv = {},
  more: readonly string[] = [],
) {
  const texts = beginnings.map((line) => {
    const block = commands.find((one) => one.page === page && firstLine(one) === line)
    return block?.text ?? assert.fail(`${page} has no block that begins with ${line}`)
  })
  let script = texts.join('\n')
  const changes: Changes = page.startsWith('deploy/') ? words : [['http://127.0.0.1:8420', url], ...words]
  for (const [said, done] of changes) {
    assert.ok(script.includes(said), `${page} says nowhere: ${said}`)
    script = script.replaceAll(said, done)
  }
  const cwd = mkdtempSync(join(folder, 'work-'))
  symlinkSync(join(folder, 'home'), join(cwd, 'data'))
  // A call that is refused ends the script.
  const before = `set -eo pipefail
curl() {
  [ "$1" != --fail ] || shift
  command curl --silent --fail-with-body --max-time 60 "$@"
}
npx() { "$@"; }
tributary() { '${process.execPath}' '${resolve('dist/cli/main.js')}' "$@"; }
docker() { echo "docker $*" >> docker.log; }
kubectl() {
  printf '%s\\t' "$@" >> kubectl.log
  echo >> kubectl.log
  [ "$1 $2" != 'apply --kustomize' ] || ls "$3"/secrets/* >> applied.log
}
chown() { true; }
`
  const child = spawn('bash', ['-c', [before, script, ...more].join('\n')], {
    cwd,
    detached: true,
    env: { PATH: process.env['PATH'], HOME: cwd, TRIBUTARY_HOME: join(folder, 'home'), TOKEN: adminToken, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const [code] = (await once(child, 'exit')) as [number | null]
  return {
    cwd,
    said: () => said,
    end: () => assert.equal(code, 0, said),
    /** Ends what the script has left in the background. */
    close: () => process.kill(-(child.pid ?? assert.fail('it was not started')), 'SIGTERM'),
  }
}

const ran = new Set<Block>()
const shown = (page: string) => commands.filter((block) => block.page === page && !(firstLine(block) in elsewhere))
/** All blocks of a page that are not run elsewhere. */
function beginningsOf(page: string): string[] {
  for (const block of shown(page)) ran.add(block)
  return shown(page).map(firstLine)
}

const atProvider = () => `"host":"127.0.0.1","port":${provider.port},"tls":"none"`

test('README’s first mail arrives by the command line and by REST, and its export is what its import takes', async () => {
  const account = `--host 127.0.0.1 --port ${provider.port} --tls none --no-smtp --password-file -`
  const { said, end, cwd } = await run('README.md', beginningsOf('README.md'), [
    ['destination add alice', 'destination add alice <<< wonderland'],
    ['account add me@example.net', `account add me@example.net ${account} <<< secret`],
    ['"login":"alice"', '"login":"bob"'],
    ['"host":"pop.example.net"', atProvider()],
    // One that is there already is refused.
    [
      'curl -s -H "$H" -H "Content-Type: application/x-ndjson"',
      'curl -s -H "$H" -X DELETE $A/accounts/$N; curl -s -H "$H" -H "Content-Type: application/x-ndjson"',
    ],
  ])
  end()
  assert.match(said(), /"listed":3,"stored":3/)
  const lines = readFileSync(join(cwd, 'accounts.ndjson'), 'utf8').trim().split('\n')
  assert.equal(lines.length, 2)
  assert.match(said(), /\{"line":1,"problem":\{"type":"\/problems\/taken".*\n\{"line":2,"id":"\w{26}"\}\n$/)
  const { body } = await stack.call('GET', '/accounts')
  assert.deepEqual(
    body.items.map(({ address }) => address),
    ['me@example.net', 'me@example.net'],
  )
})

test('a panel makes a mailbox, gathers into it, hears of it, bounds it and removes it, call by call', async () => {
  const page = 'docs/for-hosters.md'
  const { said, end, close, cwd } = await run(page, beginningsOf(page), [
    // Or the schedule might visit it before somebody asks.
    ['"host":"pop.example.net"', `${atProvider()},"paused":true`],
    ['https://panel.example.net/hooks/mail', endpoint.url],
  ])
  const heard = () => readFileSync(join(cwd, 'events.txt'), 'utf8')
  end()
  await until('events of the run', () => heard().includes('event: run'))
  close()
  assert.match(said(), /"ok":true,"messages":3/)
  assert.match(said(), /"listed":3,"stored":3/)
  assert.match(said(), /tributary_accounts\{status="idle"\}/)
  assert.match(readFileSync(join(cwd, 'config-v1.1.xml'), 'utf8'), /<clientConfig/)
  assert.match(readFileSync(join(cwd, 'anna.mobileconfig'), 'utf8'), /<plist/)
  assert.equal((await stack.call('GET', '/destinations?q=anna')).body.items.length, 0)
  await stack.call('PATCH', '/settings', { adminMayReachPrivate: true })

  const [first] = endpoint.received
  const { id, timestamp, body, signatures } = first ?? assert.fail('the webhook was not called')
  const { secret } = JSON.parse(readFileSync(join(cwd, 'webhook.json'), 'utf8')) as { secret: string }
  const code = blocks.find(({ language }) => language === 'js')?.text ?? assert.fail('operating.md checks no signature')
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
  const isGenuine = (text: string) =>
    runInNewContext(`${code}\ngenuine`, { createHmac, secret, headers, body: text, Buffer }) as boolean
  assert.deepEqual([isGenuine(body), isGenuine(`${body} `)], [true, false])
})

test('what operating.md says of backup, take-over and keys is done by its commands', async () => {
  const page = 'docs/operating.md'
  const destinationId = await stack.destination('carol')
  const ID = await stack.account({ port: provider.port, destinationId, paused: true })
  const { said, end, cwd } = await run(
    page,
    beginningsOf(page),
    [
      // Over the accounts of the tests before.
      ['/restore', '/restore?replace=true'],
      ['@$HOME/.fetchids', '@<(echo me@127.0.0.1 u1)'],
    ],
    { ID },
  )
  end()
  assert.match(said(), /"proven":true/)
  const secrets = readdirSync(join(cwd, 'secrets'))
  assert.equal(secrets.length, 4)
  for (const name of secrets) assert.match(readFileSync(join(cwd, 'secrets', name), 'utf8'), /^[\w-]{43}\n?$/)
  assert.match(
    readFileSync(join(cwd, 'docker.log'), 'utf8'),
    /compose --file docker-compose\.yml --file deploy\/compose\.secrets\.yml up/,
  )
})

test('a cluster is given what its README says, with secrets of one’s own', async (t) => {
  const page = 'deploy/kubernetes/README.md'
  const own = join(folder, 'kubernetes')
  cpSync('deploy/kubernetes', own, { recursive: true, filter: (path) => basename(path) !== 'secrets' })
  const said = readdirSync(own)
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => [...readFileSync(join(own, name), 'utf8').matchAll(/^#.*: (kubectl .+)$/gm)])
    .map(([, line = '']) => line.replace('deploy/kubernetes', own))
  const { end, cwd } = await run(page, beginningsOf(page), [['deploy/kubernetes', own]], {}, said)
  end()
  const asked = readFileSync(join(cwd, 'kubectl.log'), 'utf8').split('\t\n').slice(0, -1)
  for (const one of asked) assertTaken(one.split('\t'))
  assert.deepEqual(
    asked.map((one) => one.replace(/^--namespace\ttributary\t/, '').split('\t')[0]),
    ['apply', 'rollout', 'port-forward', 'scale', 'scale', 'wait', 'apply', 'scale', 'apply', 'rollout'],
  )
  const before = readFileSync(join(cwd, 'applied.log'), 'utf8').match(/\bsecrets\/\S+/g) ?? []
  assert.equal(before.length, 3 * kustomization.secretGenerator.flatMap(({ files }) => files).length)
  const { newTag } = kustomization.images[0] ?? assert.fail('there is no image')
  assert.match(readFileSync(join(cwd, 'docker.log'), 'utf8'), new RegExp(`push IMAGE:${newTag}$`, 'm'))
  const secrets = readdirSync(join(own, 'secrets'))
  assert.equal(statSync(join(own, 'secrets')).mode & 0o777, 0o700)
  for (const name of secrets) assert.match(readFileSync(join(own, 'secrets', name), 'utf8'), /^[\w-]{43}\n$/)

  const kubectl = spawnSync('kubectl', ['kustomize', own], { encoding: 'utf8', timeout: 60_000 })
  if (kubectl.error !== undefined) return t.diagnostic('kubectl is not at hand: nothing was rendered')
  assert.equal(kubectl.status, 0, kubectl.stderr)
  const rendered = parseAllDocuments(kubectl.stdout).map((one) => one.toJS() as Manifest)
  const ownFaults = rendered.flatMap((one) =>
    one.kind === 'Secret' ? formFaults(one) : [...schemaFaults(one), ...formFaults(one)],
  )
  assert.deepEqual(ownFaults, [])
  const generated = rendered.filter(({ kind }) => kind === 'Secret').map(({ metadata }) => metadata.name)
  const used = [...kubectl.stdout.matchAll(/secretName: (.+)/g)].map(([, name = '']) => name)
  assert.deepEqual(new Set(used), new Set(generated), 'each has the name that it was given')
  assert.equal(rendered.length, manifests.length + kustomization.secretGenerator.length)
})

test('what operating.md shows as JSON is a bulletin, and its scrape of Prometheus is answered', async () => {
  const json = blocks.find(({ language }) => language === 'json')?.text ?? assert.fail('there is no JSON')
  assert.equal((await stack.call('PUT', '/bulletin', JSON.parse(json) as object)).status, 200)
  assert.equal((await stack.call('DELETE', '/bulletin')).status, 204)
  const yaml = blocks.find(({ language }) => language === 'yaml')?.text ?? assert.fail('there is no YAML')
  const scrape = parse(yaml) as { scrape_configs: { static_configs: { targets: string[] }[] }[] }
  const [target = ''] = scrape.scrape_configs[0]?.static_configs[0]?.targets ?? []
  assert.equal(target, '127.0.0.1:8420')
  assert.equal((await fetch(`${url}/metrics`)).status, 200)
})

test('the volumes that a backup copies are volumes of docker-compose.yml', () => {
  const backup = commands.find((block) => firstLine(block) === 'docker compose stop')?.text ?? ''
  const names = /for name in ([\w -]+); do/.exec(backup)?.[1]?.split(' ') ?? []
  const { volumes } = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as { volumes: object }
  assert.ok(names.length > 2)
  for (const name of names) assert.ok(name in volumes, name)
})

test('every block of commands has been run, or it is said where it is, or why it is not', () => {
  const unsaid = commands.filter((block) => !ran.has(block) && !(firstLine(block) in elsewhere))
  assert.deepEqual(
    unsaid.map(({ page, text }) => `${page}: ${text}`),
    [],
  )
  for (const line of Object.keys(elsewhere))
    assert.ok(
      commands.some((block) => firstLine(block) === line),
      `no page says ${line}`,
    )
  for (const [, path = ''] of Object.values(elsewhere)
    .join(' ')
    .matchAll(/(test\/[\w/-]+\.test\.ts)/g))
    assert.ok(existsSync(path), path)
})
