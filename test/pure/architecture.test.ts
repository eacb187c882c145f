import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'

interface Source {
  readonly path: string
  readonly imports: readonly string[]
  /** Those that are there when it runs. */
  readonly runTime: readonly string[]
}

const sources: Source[] = ['src', 'workers', 'api', 'deploy', 'cli', 'dashboard'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => {
      const path = join(folder, name)
      const text = readFileSync(path, 'utf8')
      const found = [...text.matchAll(/^(?:import|export) (type )?(?:[^'"]*? from )?'([^']+)'/gm)]
      const imports = found.map(([, type, from = '']) => ({
        from: from.startsWith('.') ? normalize(join(dirname(path), from)) : from,
        typesOnly: type !== undefined,
      }))
      const runTime = imports.filter(({ typesOnly }) => !typesOnly).map(({ from }) => from)
      return { path, imports: imports.map(({ from }) => from), runTime }
    }),
)

/** The room a file belongs to: `src/pop3`, `src` for the files at its top, `api/routes`, `workers` ... */
function roomOf(path: string): string {
  const [first = '', second = ''] = path.split('/')
  return ['src', 'api'].includes(first) && !second.endsWith('.ts') ? `${first}/${second}` : first
}

const nouns = [
  'src',
  'src/dates',
  'src/mail',
  'src/account',
  'src/oauth',
  'src/sasl',
  'src/failure',
  'src/ledger',
  'src/runs',
  'src/pull',
  'src/news',
  'src/send',
]
const adapters = ['src/net', 'src/pop3', 'src/imap', 'src/smtp', 'src/redis', 'src/disk']
/** Each room, and the rooms that it may import from beside itself. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  src: [],
  'src/dates': ['src'],
  'src/mail': ['src', 'src/dates'],
  'src/account': ['src', 'src/mail'],
  'src/oauth': ['src', 'src/mail', 'src/account'],
  'src/sasl': ['src', 'src/account'],
  'src/failure': ['src', 'src/mail', 'src/account', 'src/oauth'],
  'src/ledger': ['src', 'src/mail', 'src/account'],
  'src/runs': ['src', 'src/mail', 'src/account', 'src/failure'],
  'src/pull': ['src', 'src/mail', 'src/account', 'src/failure', 'src/ledger', 'src/runs'],
  'src/news': ['src', 'src/mail', 'src/account', 'src/failure', 'src/runs', 'src/pull'],
  'src/send': ['src', 'src/mail', 'src/account', 'src/failure', 'src/runs', 'src/pull'],
  'src/net': nouns,
  'src/pop3': [...nouns, 'src/net'],
  'src/imap': [...nouns, 'src/net'],
  'src/smtp': [...nouns, 'src/net'],
  'src/redis': nouns,
  'src/disk': nouns,
  'src/discover': [...nouns, 'src/net'],
  workers: [...nouns, ...adapters],
  api: [
    ...nouns,
    ...adapters,
    'src/discover',
    'api/http',
    'api/routes',
    'api/schemas',
    'api/submission',
    'api/sign-in-words',
  ],
  'api/submission': [...nouns, ...adapters, 'api', 'api/http', 'api/routes'],
  'api/http': [...nouns, ...adapters, 'src/discover', 'api', 'api/schemas'],
  'api/routes': [...nouns, ...adapters, 'src/discover', 'api', 'api/http', 'api/schemas'],
  'api/schemas': [...nouns, ...adapters, 'src/discover', 'api', 'api/http'],
  'api/sign-in-words': ['src', 'src/oauth'],
  deploy: [...nouns, ...adapters],
  // The shapes on the wire, as types: see below.
  cli: ['api/schemas', 'src', 'src/account'],
  dashboard: [],
}

/** What the API answers, and types alone. */
const isTypeOfTheApi = (path: string, from: string) => path === 'dashboard/shapes.ts' && from.startsWith('api/schemas/')

test('imports run one way, and the adapters never meet', () => {
  assert.ok(sources.length > 50)
  for (const { path, imports } of sources) {
    for (const from of imports.filter((name) => /\.tsx?$/.test(name) && !isTypeOfTheApi(path, name))) {
      const room = roomOf(path)
      assert.ok(roomOf(from) === room || rooms[room]?.includes(roomOf(from)), `${path} imports ${from}`)
    }
  }
})

test('each room says in its first line what lives there, then what does not, and docs/rooms.md leads to it', () => {
  assert.deepEqual([...new Set(sources.map(({ path }) => roomOf(path)))].toSorted(), Object.keys(rooms).toSorted())
  const map = readFileSync('docs/rooms.md', 'utf8')
  for (const room of Object.keys(rooms)) {
    const [first = '', second = '', start = ''] = readFileSync(join(room, 'README.md'), 'utf8').split('\n\n')
    assert.match(first, /^This (?:room|folder) [a-z][^\n]*\.$/, room)
    assert.match(second, /^Not here: [^\n]*\.$/, room)
    assert.ok(
      existsSync(join(room, /^Start with \[([^\]]+)\]/.exec(start)?.[1] ?? 'nothing')),
      `${room} starts with a file`,
    )
    assert.ok(map.includes(`](../${room}/README.md)`), `docs/rooms.md leads to ${room}`)
  }
})

test('every file that README and docs/ name is there', () => {
  const pages = [
    'README.md',
    ...readdirSync('docs', { recursive: true, encoding: 'utf8' }).map((name) => join('docs', name)),
  ]
  const missing: string[] = []
  for (const page of pages.filter((name) => name.endsWith('.md'))) {
    const named = readFileSync(page, 'utf8').matchAll(
      /\b(?:src|workers|api|deploy|cli|dashboard|test|bench)\/[\w./-]+\.(?:ts|tsx|mjs|lua|conf|json)\b/g,
    )
    for (const [path] of named) if (!existsSync(path)) missing.push(`${page} names ${path}`)
  }
  assert.deepEqual(missing, [])
})

/** The names of ways to log in, and where a line ends. */
const knownToTheCommandLine = new Set(['src/account/login.ts', 'src/lines.ts'])

test('the command line talks to the API alone: of everything else it knows types, the names of ways to log in, and where a line ends', () => {
  for (const { path, imports, runTime } of sources.filter(({ path }) => roomOf(path) === 'cli')) {
    for (const from of imports.filter((name) => roomOf(name).startsWith('api'))) {
      assert.match(from, /^api\/schemas\//, path)
      assert.equal(path, 'cli/wire.ts')
    }
    for (const from of runTime.filter((name) => name.endsWith('.ts') && !knownToTheCommandLine.has(name)))
      assert.equal(roomOf(from), 'cli', path)
  }
})

test('the dashboard takes types from the rest, and no code', () => {
  const text = readFileSync('dashboard/shapes.ts', 'utf8')
  for (const [line] of text.matchAll(/^(?:import|export) .*from '.*'/gm)) assert.match(line, /^(?:import|export) type /)
})

/** Each package has one home; what is not listed here has none, and wants a line in docs/decisions. */
const homes: Readonly<Record<string, RegExp>> = {
  'node-pop3': /^src\/pop3\/verbs\.ts$/,
  imapflow: /^src\/imap\//,
  'imapflow/lib/tools.js': /^src\/imap\//,
  ioredis: /^(?:src\/redis\/|workers\/|api\/)/,
  bullmq: /^(?:src\/redis\/queue\.ts|workers\/.*)$/,
  'sanitize-html': /^src\/mail\/html\.ts$/,
  htmlparser2: /^src\/discover\/autoconfig\.ts$/,
  'openid-client': /^src\/oauth\//,
  nodemailer: /^src\/smtp\//,
  'nodemailer/lib/smtp-connection': /^src\/smtp\//,
  'nodemailer/lib/mail-composer': /^src\/smtp\//,
  'smtp-server': /^(?:api\/submission\/|deploy\/sample-smtp\.ts$|test\/)/,
  'smtp-server/lib/smtp-connection.js': /^api\/submission\/connection\.ts$/,
  socks: /^src\/net\/socks5\.ts$/,
  fastify: /^api\//,
  'fastify-plugin': /^api\//,
  '@fastify/cookie': /^api\/server\.ts$/,
  '@fastify/helmet': /^api\/http\/protection\.ts$/,
  '@fastify/rate-limit': /^api\/http\/protection\.ts$/,
  '@fastify/swagger': /^api\//,
  '@fastify/swagger-ui': /^api\/server\.ts$/,
  '@fastify/type-provider-typebox': /^api\//,
  ajv: /^api\//,
  'fast-json-stringify': /^api\/http\/compilers\.ts$/,
  'prom-client': /^api\/routes\/metrics\.ts$/,
  '@node-rs/argon2': /^api\/http\/passwords\.ts$/,
  typebox: /^(?:api\/schemas\/|api\/backup-[a-z-]+\.ts$|src\/config\.ts$)/,
  'typebox/compile': /^api\/backup-rules\.ts$/,
  commander: /^cli\//,
  '@fastify/static': /^api\/routes\/dashboard\.ts$/,
  preact: /^dashboard\//,
  'preact/hooks': /^dashboard\//,
  '@preact/signals': /^dashboard\//,
  uqr: /^dashboard\/components\/qr-code\.tsx$/,
  uplot: /^dashboard\/components\/(?:bars\.ts|chart\.tsx)$/,
  vite: /^dashboard\/vite\.config\.ts$/,
  'env-schema': /^src\/config\.ts$/,
  mailparser: /^src\/mail\/envelope\.ts$/,
  pino: /^src\/log\.ts$/,
  ulid: /^(?:src\/redis\/(?:aside-entries|due|guest-slots|quarantine|spool|runs|run-history|account-record)|api\/app)\.ts$/,
  'close-with-grace': /^(?:workers|api)\/main\.ts$/,
}

test('each package has one home', () => {
  for (const { path, imports } of sources) {
    for (const name of imports.filter((from) => !/\.(?:tsx?|css)$/.test(from) && !from.startsWith('node:'))) {
      assert.ok(homes[name]?.test(path), `${path} imports ${name}`)
    }
  }
})

test('lines end at LF: readline, for which they also end at U+2028, is for people at a terminal', () => {
  const readers = sources.filter(({ imports }) => imports.some((name) => name.startsWith('node:readline')))
  assert.deepEqual(
    readers.map(({ path }) => path),
    ['cli/terminal.ts'],
  )
})

test('the nouns know no network and no disk', () => {
  for (const { path, imports } of sources.filter(({ path }) => nouns.includes(roomOf(path)))) {
    for (const name of imports) assert.doesNotMatch(name, /^node:(?:net|tls|fs|http|dns|child_process)/, path)
  }
})
