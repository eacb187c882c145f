import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
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

/** Each room's one sentence, as DESIGN has it, and the rooms that it may import from beside itself. */
interface Room {
  readonly holds: string
  readonly from: readonly string[]
}

const nouns = ['src', 'src/mail', 'src/account', 'src/failure', 'src/ledger', 'src/runs', 'src/pull', 'src/news']
const adapters = ['src/net', 'src/pop3', 'src/imap', 'src/redis', 'src/disk']
const rooms: Readonly<Record<string, Room>> = {
  src: {
    holds: 'What belongs to no noun: configuration, logging, secrets, the clock, units, turns of the event loop.',
    from: [],
  },
  'src/mail': { holds: 'A message: its bytes, header, dates, trace block, and HTML made harmless.', from: ['src'] },
  'src/account': {
    holds: 'Accounts and destinations, the providers, and what a server is known for.',
    from: ['src', 'src/mail'],
  },
  'src/failure': {
    holds: 'The closed union of what can go wrong, what follows from it, and the sentences.',
    from: ['src', 'src/mail', 'src/account'],
  },
  'src/ledger': {
    holds: 'What is known to be stored: records, intents, receipts, and the state files of other programs.',
    from: ['src', 'src/mail'],
  },
  'src/runs': {
    holds: 'A run, its history, what it measured, and when the next one is due.',
    from: ['src', 'src/mail', 'src/account', 'src/failure'],
  },
  'src/pull': {
    holds: 'The way of a message: the seven steps of a run, and all that it needs of the world.',
    from: ['src', 'src/mail', 'src/account', 'src/failure', 'src/ledger', 'src/runs'],
  },
  'src/news': {
    holds: 'Who is told what: webhooks, and bulletins by e-mail.',
    from: ['src', 'src/mail', 'src/account', 'src/failure', 'src/runs', 'src/pull'],
  },
  'src/net': { holds: 'Dialling: guarded sockets, one POST, one mail.', from: nouns },
  'src/pop3': { holds: 'The POP3 side: the wire, a session, and what servers do.', from: [...nouns, 'src/net'] },
  'src/imap': { holds: 'The IMAP side: a store to append to, and mail to read.', from: [...nouns, 'src/net'] },
  'src/redis': { holds: 'What is kept in Redis, and how it is written.', from: nouns },
  'src/disk': { holds: 'What is kept in files under TRIBUTARY_HOME.', from: nouns },
  'src/discover': {
    holds: 'From an address to the servers that its mail may be had from.',
    from: [...nouns, 'src/net'],
  },
  workers: { holds: 'The process that makes runs of jobs, and what follows from them.', from: [...nouns, ...adapters] },
  api: {
    holds: 'The process of the API, put together.',
    from: [...nouns, ...adapters, 'src/discover', 'api/http', 'api/routes', 'api/schemas'],
  },
  'api/http': {
    holds: 'What every route has: who may, what is answered where it fails, how it is described.',
    from: [...nouns, ...adapters, 'src/discover', 'api', 'api/schemas'],
  },
  'api/routes': {
    holds: 'One resource a file.',
    from: [...nouns, ...adapters, 'src/discover', 'api', 'api/http', 'api/schemas'],
  },
  'api/schemas': {
    holds: 'The shapes on the wire, one resource a file.',
    from: [...nouns, ...adapters, 'src/discover', 'api', 'api/http'],
  },
  deploy: { holds: 'Starting everything: on one machine, or in containers.', from: [...nouns, ...adapters] },
  // The shapes on the wire, as types: see below.
  cli: { holds: 'The command line, which talks to the API alone.', from: ['api/schemas'] },
  dashboard: { holds: 'The web front end.', from: [] },
}
/** What the API answers, and types alone. */
const isTypeOfTheApi = (path: string, from: string) => path === 'dashboard/shapes.ts' && from.startsWith('api/schemas/')

test('imports run one way, and the adapters never meet', () => {
  assert.ok(sources.length > 50)
  for (const { path, imports } of sources) {
    for (const from of imports.filter((name) => /\.tsx?$/.test(name) && !isTypeOfTheApi(path, name))) {
      const room = roomOf(path)
      assert.ok(roomOf(from) === room || rooms[room]?.from.includes(roomOf(from)), `${path} imports ${from}`)
    }
  }
})

test('the command line talks to the API alone: of everything else it knows types', () => {
  for (const { path, imports, runTime } of sources.filter(({ path }) => roomOf(path) === 'cli')) {
    for (const from of imports.filter((name) => roomOf(name).startsWith('api'))) {
      assert.match(from, /^api\/schemas\//, path)
      assert.equal(path, 'cli/wire.ts')
    }
    for (const from of runTime.filter((name) => name.endsWith('.ts'))) assert.equal(roomOf(from), 'cli', path)
  }
})

test('the dashboard takes types from the rest, and no code', () => {
  const text = readFileSync('dashboard/shapes.ts', 'utf8')
  for (const [line] of text.matchAll(/^(?:import|export) .*from '.*'/gm)) assert.match(line, /^(?:import|export) type /)
})

/** Each package has one home; what is not listed here has none, and wants a line in docs/decisions. */
const homes: Readonly<Record<string, RegExp>> = {
  'node-pop3': /^src\/pop3\/session\.ts$/,
  imapflow: /^src\/imap\//,
  'imapflow/lib/tools.js': /^src\/imap\//,
  ioredis: /^(?:src\/redis\/|workers\/|api\/)/,
  bullmq: /^(?:src\/redis\/queue\.ts|workers\/.*)$/,
  'sanitize-html': /^src\/mail\/html\.ts$/,
  htmlparser2: /^src\/discover\/autoconfig\.ts$/,
  nodemailer: /^src\/net\/mail\.ts$/,
  fastify: /^api\//,
  '@fastify/cookie': /^api\/server\.ts$/,
  '@fastify/helmet': /^api\/http\/protection\.ts$/,
  '@fastify/rate-limit': /^api\/http\/protection\.ts$/,
  '@fastify/swagger': /^api\//,
  '@fastify/swagger-ui': /^api\/server\.ts$/,
  '@fastify/type-provider-typebox': /^api\//,
  ajv: /^api\//,
  'prom-client': /^api\/routes\/metrics\.ts$/,
  '@node-rs/argon2': /^api\/http\/passwords\.ts$/,
  typebox: /^(?:api\/schemas\/|src\/config\.ts$)/,
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
  ulid: /^(?:src\/redis\/(?:ledger|quarantine|spool|runs)|api\/app)\.ts$/,
  'close-with-grace': /^(?:workers|api)\/main\.ts$/,
}

test('each package has one home', () => {
  for (const { path, imports } of sources) {
    for (const name of imports.filter((from) => !/\.(?:tsx?|css)$/.test(from) && !from.startsWith('node:'))) {
      assert.ok(homes[name]?.test(path), `${path} imports ${name}`)
    }
  }
})

test('the nouns know no network and no disk', () => {
  for (const { path, imports } of sources.filter(({ path }) => nouns.includes(roomOf(path)))) {
    for (const name of imports) assert.doesNotMatch(name, /^node:(?:net|tls|fs|http|dns|child_process)/, path)
  }
})
