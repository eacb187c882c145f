/** docs/cli.md is run from its first example to its last, in one shell, against one instance: whoever types it line by line gets what it says. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { buildServer } from '../../api/server.ts'
import { Discoveries } from '../../src/discover/discoveries.ts'
import { homeOf, writeAddress } from '../../src/disk/home.ts'
import { blocksOf } from '../support/blocks.ts'
import { type CliShell, cliShell } from '../support/cli-shell.ts'
import { type Endpoint, startEndpoint } from '../support/endpoint.ts'
import { surroundingsOf } from '../support/internet.ts'
import { quickSending } from '../support/outgoing.ts'
import { type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'
import { honest } from '../support/sasl-server.ts'
import { type ScriptedSmtp, startScriptedSmtp } from '../support/scripted-smtp.ts'
import { adminToken, type Stack, startStack } from '../support/stack.ts'
import { startTokenService, type TokenService } from '../support/token-service.ts'
import { letter } from '../support/world.ts'

const id = '01JQ5Z0V9Q3W7X2B4C6D8E0F1G'
/** The accounts take less than the last few have, first of the two sizes and then of one. */
const sizes = [...Array<number>(20).fill(10), 8000, 8000, 20_000, 20_000, 20_000]
const messages = sizes.map((octets, nth) => ({
  bytes: letter(`letter ${nth}`, { body: `${'x'.repeat(70)}\r\n`.repeat(octets / 72) }),
  uidl: `u${nth}`,
}))

let stack: Stack
let provider: ScriptedServer
let smtp: ScriptedSmtp
let service: TokenService
let endpoint: Endpoint
let shell: CliShell
let folder: string
before(async () => {
  ;[stack, provider, smtp, service, endpoint] = await Promise.all([
    startStack(),
    startPop3Server({ messages }),
    startScriptedSmtp({ auth: { mechanisms: ['PLAIN'], plays: honest() } }),
    startTokenService(),
    startEndpoint(),
  ])
  service.device = () => ({
    body: {
      device_code: 'device',
      user_code: 'CODE',
      verification_uri: `${service.issuer}/activate`,
      expires_in: 600,
      interval: 1,
    },
  })
  await stack.startWorker({ outbox: stack.world.outboxFiles.folder, send: { everyMs: quickSending.everyMs } })
  const srv = { '_pop3s._tcp.example.net': [{ name: 'pop.example.net', port: 995, priority: 0, weight: 0 }] }
  const discoveries = new Discoveries(() => surroundingsOf({ srv }))
  const sample = { host: '127.0.0.1', port: provider.port, password: 'secret' }
  const api = await buildServer({ ...stack.world, discoveries, sample })
  stack.app.addHook('onClose', async () => {
    api.server.closeAllConnections()
    await api.close()
  })
  const url = await api.listen({ host: '127.0.0.1', port: 0 })
  folder = mkdtempSync('/tmp/tributary-cli-examples-')
  writeFileSync(join(folder, 'admin-token'), `${adminToken}\n`, { mode: 0o600 })
  writeAddress(homeOf(folder), url, undefined)
  shell = await cliShell(folder, { TRIBUTARY_HOME: folder })
})
after(async () => {
  shell.close()
  await Promise.all([stack.stop(), provider.close(), smtp.close(), service.close(), endpoint.close()])
  rmSync(folder, { recursive: true })
})

/** What a reader has at hand, or has done, before an example; and what is typed in place of words that are examples of something. */
interface Play {
  readonly given?: string
  readonly as?: Readonly<Record<string, string>>
  /** What is put behind it: options that this world needs, and what somebody would type where a terminal asks. */
  readonly more?: string
}

/** By the beginnings of examples, each for all that begin so. */
function plays(): Readonly<Record<string, Play>> {
  const at = `--host 127.0.0.1 --port ${provider.port} --tls none --smtp-host 127.0.0.1 --smtp-port ${smtp.port} --smtp-tls none --smtp-user me`
  const add = `tributary account add me@example.net ${at} --paused --destination alice --password-file - <<< secret`
  const application = `tributary oauth application add custom --client-id tributary --issuer ${service.issuer} --host 127.0.0.1 --host imap.gmail.com`
  const sent = (text: string) =>
    `ID=$(tributary send alice --from me@example.net --to ada@example.org --subject ${text} --text ${text} --at 1d | cut -c 1-26)`
  const first = (list: string, column: number) =>
    `ID=$(tributary ${list} --limit 1 | awk 'NR == 2 { print $${column} }')`
  const aside = first('quarantine list', 2)
  const known = { [id]: '$ID' }
  const yes = { more: ' --yes' }
  const hook = { 'https://panel.example.net/hooks': endpoint.url }
  return {
    'account add me@example.net': {
      given: 'tributary account remove me@example.net --yes',
      more: ` ${at} --password-file - <<< secret`,
    },
    'account add me@example.net --host': {
      given: 'tributary account remove me@example.net --yes; echo secret > password',
      as: { '--host pop.example.net': at },
    },
    'account add me@outlook.com': {
      given: `APPLICATION=$(${application})`,
      as: { [id]: '$APPLICATION', '--auth': `${at} --auth` },
    },
    'account edit me@example.net --ask-password': { more: ' <<< secret' },
    'account edit me@outlook.com': { as: { [id]: '$APPLICATION' } },
    'account pull one@example.net': {
      given: ['one', 'two']
        .map((name) => `tributary account add ${name}@example.net ${at} --password-file - <<< secret`)
        .join('\n'),
    },
    'account remove': yes,
    'destination add alice': {
      given:
        'for name in me@outlook.com one@example.net two@example.net; do tributary account remove $name --yes; done; tributary destination remove alice --purge --yes',
      more: ' <<< wonderland',
    },
    'destination add me@gmail.com': { as: { [id]: '$APPLICATION' } },
    'destination password alice': { more: ' <<< wonderland' },
    'destination remove alice': yes,
    'destination connection alice': { given: 'tributary destination add alice <<< wonderland' },
    'destination edit me@gmail.com': { as: { [id]: '$APPLICATION' } },
    'run list me@example.net': {
      // Paused: the schedule may visit it between two commands.
      given: `${add} --max-message-bytes 5000; tributary account pull me@example.net --watch`,
    },
    'run show': { given: first('run list me@example.net', 1), as: known },
    'run messages': { as: known },
    'run transcript': { as: known },
    'send alice message.eml': {
      given:
        "printf 'From: me@example.net\\nTo: ada@example.org\\nSubject: Tea\\n\\nAt four?\\n' | tee message.eml > text.txt; cp text.txt cake.jpg",
    },
    'outbox list': {
      given: 'until [ "$(tributary outbox list alice --state accepted | grep --count Tea)" = 2 ]; do :; done',
    },
    'outbox show': { given: first('outbox list alice', 1), as: known },
    'outbox cancel': { given: sent('cancelled'), as: known },
    'outbox retry': { given: sent('retried'), as: known },
    'quarantine show': { given: aside, as: known },
    'quarantine retry me@example.net': {
      given: 'tributary account edit me@example.net --max-message-bytes 10000',
      as: known,
    },
    'quarantine retry --all': yes,
    'quarantine dismiss me@example.net': { given: aside, as: known },
    'quarantine dismiss me@example.net --all': yes,
    'ledger import': { given: 'echo me@example.net@127.0.0.1 u1 > ~/.fetchids' },
    'import accounts.ndjson': {
      given: `tributary export > all.ndjson; head -n 1 all.ndjson | sed 's/"address":"[^"]*"/"address":"third@example.net","password":"secret"/; s/"user":"[^"]*"/"user":"third"/' > accounts.ndjson; sed 's/third/fourth/g; 1i [' accounts.ndjson > accounts.json; echo ] >> accounts.json`,
    },
    'oauth application add microsoft': { given: 'echo secret > secret' },
    'oauth application add custom': { as: { 'https://login.example.net': service.issuer } },
    'oauth application show': { given: first('oauth application list', 1), as: known },
    'oauth application edit': { as: known },
    'oauth application remove': { as: known, ...yes },
    'oauth discover': { as: { 'https://login.example.net': service.issuer } },
    webhook: { as: hook },
    'webhook list': {},
    'webhook replay': {
      given: `ID=$(tributary webhook deliveries ${endpoint.url} --limit 1 | awk 'NR == 2 { print $1 }')`,
      as: { ...hook, ...known },
    },
    'bulletin set': {
      as: { '--host smtp.example.net': `--host 127.0.0.1 --port ${smtp.port} --tls none` },
      more: ' <<< secret',
    },
    'admin password': { more: ' <<< "twelve characters long"' },
    'restore tributary-2026-11-24.ndjson.gz': {
      as: { '2026-11-24': '$(date +%F)' },
      more: ' --replace --yes',
    },
    'audit --who': { given: 'tributary token create "hosting panel"' },
    'events --json': {
      as: { 'grep failed': `grep --max-count 1 '"event":"run"' > event` },
      // It has to hear of something.
      more: ' & until [ -s event ] && ! kill -0 $! 2> dead; do tributary account pull me@example.net --watch || exit; done',
    },
    'completion fish': { given: 'mkdir -p ~/.config/fish/completions' },
  }
}

/** The lines that are run for an example. */
function lines(example: string, all: ReturnType<typeof plays>): string {
  const [, words = ''] = /tributary (.*)/.exec(example) ?? []
  const beginning = Object.keys(all)
    .filter((one) => words.startsWith(one))
    .toSorted((a, b) => b.length - a.length)[0]
  const { given = ':', as = {}, more = '' } = all[beginning ?? ''] ?? {}
  let typed = example.replace(/ +# .*$/, '')
  for (const [said, done] of Object.entries(as)) {
    assert.ok(typed.includes(said), `${example} says nowhere ${said}`)
    typed = typed.replaceAll(said, done)
  }
  return `${given}\necho '== ${example.replaceAll("'", '')}'\n${typed}${more}\n`
}

test('every example of docs/cli.md is typed in its order, and does what it says', async () => {
  const [first = [], ...others] = blocksOf('docs/cli.md')
    .filter(({ language }) => language === 'sh')
    .map(({ text }) => text.trimEnd().split('\n'))
  const all = plays()
  const nothingThere = {
    ...all,
    'destination add alice': { more: ' <<< wonderland' },
    'account add me@example.net': { more: ` --paused${all['account add me@example.net']?.more ?? ''}` },
  }
  const script = [
    ...first.map((example) => lines(example, nothingThere)),
    ...others.flat().map((example) => lines(example, all)),
  ]
  const { code, out, err } = await shell.run(script.join(''))
  const typed = out.split(/^== /m).slice(1)
  assert.equal(code, 0, `${typed.at(-1) ?? ''}\n${err.slice(-2000)}`)
  assert.equal(typed.length, script.length)
  const saidAt = (beginning: string) => typed.find((one) => one.startsWith(`tributary ${beginning}`)) ?? ''
  assert.match(saidAt('account pull me@example.net'), /25 listed, 25 stored/)
  assert.match(saidAt('account test me@example.net'), /It works: 25 messages.*\n.*It can send/)
  assert.match(saidAt('account sign-in me@outlook.com'), /type CODE\nSigned in/)
  assert.match(saidAt('mail show alice 17'), /^subject +letter \d+$/m)
  assert.match(saidAt('quarantine list --reason'), /too large for this account/)
  assert.deepEqual(
    smtp.mails.map(({ bytes }) => /^Subject: (.*)\r$/m.exec(String(bytes))?.[1]).filter((subject) => subject === 'Tea'),
    ['Tea', 'Tea'],
  )
  assert.match(readFileSync(join(folder, 'alice.mobileconfig'), 'utf8'), /<plist/)
  assert.match(readFileSync(join(folder, 'event'), 'utf8'), /"event":"run"/)
})
