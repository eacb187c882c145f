/** The admin API, built and not yet listening: whoever builds it decides where. */
import cookie from '@fastify/cookie'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Ajv } from 'ajv'
import { fastify, type FastifyBaseLogger, LogController } from 'fastify'
import type { Redis } from 'ioredis'
import type { StoreEndpoint } from '../src/config.ts'
import type { Logger } from '../src/log.ts'
import type { App } from './app.ts'
import { addAccountLines } from './routes/account-lines.ts'
import { addAccounts, type AccountsWorld } from './routes/accounts.ts'
import { addArrivals, type ArrivalsWorld } from './routes/arrivals.ts'
import { addAudit, type AuditWorld, watchChanges } from './routes/audit.ts'
import { addAuth } from './http/auth.ts'
import { addBackup, type BackupWorld } from './routes/backup.ts'
import { addConnection, type ConnectionWorld } from './routes/connection.ts'
import { addDashboard } from './routes/dashboard.ts'
import { addDestinations, type DestinationsWorld } from './routes/destinations.ts'
import { addDiscover, type DiscoverWorld } from './routes/discover.ts'
import { addEvents, type EventsWorld } from './routes/events.ts'
import { addTags } from './http/etag.ts'
import { addHealth } from './routes/health.ts'
import type { Https } from './http/https.ts'
import { addIdempotency } from './http/idempotency.ts'
import { addKeys, type KeysWorld, Resealing } from './routes/keys.ts'
import { addLedger, type LedgerWorld } from './routes/ledger.ts'
import { addMail, type MailWorld } from './routes/mail.ts'
import { addMetrics, type MetricsWorld } from './routes/metrics.ts'
import { addBulletin, type BulletinWorld } from './routes/bulletin.ts'
import { documentation } from './http/openapi.ts'
import { addOwners, type OwnersWorld } from './http/owners.ts'
import { addProblems, pathOf, sendUnroutable } from './http/problems.ts'
import { addHeaders, addRates, docsPolicy, type RatesWorld } from './http/protection.ts'
import { addQuarantine, type QuarantineWorld } from './routes/quarantine.ts'
import { addRuns, type RunsWorld } from './routes/runs.ts'
import { addSample, type SampleWorld } from './routes/sample.ts'
import { addSession, type SessionWorld } from './routes/session.ts'
import { addSettings, type SettingsWorld } from './routes/settings.ts'
import { addStats, type StatsWorld } from './routes/stats.ts'
import { addTokens, type TokensWorld } from './routes/tokens.ts'
import { addTranscripts, type TranscriptsWorld } from './routes/transcripts.ts'
import { addWebhooks, type WebhooksWorld } from './routes/webhooks.ts'

export interface ApiWorld
  extends SessionWorld,
    AuditWorld,
    RatesWorld,
    OwnersWorld,
    TokensWorld,
    AccountsWorld,
    DestinationsWorld,
    QuarantineWorld,
    RunsWorld,
    LedgerWorld,
    KeysWorld,
    Omit<BackupWorld, 'resealing'>,
    SettingsWorld,
    DiscoverWorld,
    WebhooksWorld,
    BulletinWorld,
    EventsWorld,
    StatsWorld,
    MetricsWorld,
    ArrivalsWorld,
    TranscriptsWorld,
    ConnectionWorld,
    SampleWorld,
    MailWorld {
  readonly log: Logger
  readonly redis: Redis
  readonly store: StoreEndpoint
  /** Where the built dashboard lies. */
  readonly dashboard?: string
  /** Whose X-Forwarded-For and -Proto is believed: addresses and networks. */
  readonly trustedProxies?: readonly string[]
}

/** More than any request here needs. */
const bodyOctetsMax = 256 * 1024

/** @param https undefined: HTTP. */
export async function buildServer(world: ApiWorld, https?: Https): Promise<App> {
  // Fastify's own lines have no event names: only its warnings are let through.
  const log = world.log.child({}, { level: 'warn' }) as Logger & FastifyBaseLogger
  const app: App = fastify({
    loggerInstance: log,
    ...(https === undefined ? {} : { serverFactory: https.serverFactory }),
    // One line a request, and no header or body in it: see below.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyOctetsMax,
    trustProxy: [...(world.trustedProxies ?? [])],
    // A pull may be waited for 600 s.
    requestTimeout: 660_000,
    forceCloseConnections: true,
    frameworkErrors: sendUnroutable,
    routerOptions: {
      maxParamLength: 100,
      // A form sends `?status=&q=` for what nobody filled in: that asks for nothing.
      querystringParser: (text) =>
        Object.fromEntries([...new URLSearchParams(text)].filter(([, value]) => value !== '')),
    },
  }).withTypeProvider<TypeBoxTypeProvider>()

  // Every mistake at once; nothing is guessed in a body, text is read as what it says in a query.
  const options = { allErrors: true, verbose: true, useDefaults: true, strict: false }
  const body = new Ajv(options)
  const query = new Ajv({ ...options, coerceTypes: true })
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'querystring' ? query : body).compile(schema as object),
  )

  // A POST without a body may still say application/json.
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) => {
    if (text === '') done(null, undefined)
    else void parseJson(request, text.toString(), done)
  })

  await addHeaders(app)
  await addDashboard(app, world.dashboard)
  await app.register(cookie)
  addAuth(app, world, await addRates(app, world))
  addOwners(app, world)
  watchChanges(app, world)
  addProblems(app)
  addTags(app)
  addIdempotency(app, world)
  app.addHook('onResponse', async (request, reply) => {
    const { method, id } = request
    const { statusCode: status } = reply
    // What is open is asked by probes, every few seconds.
    const level = status >= 500 && request.routeOptions.config.open !== true ? 'error' : 'debug'
    const ms = Math.round(reply.elapsedTime)
    world.log[level]({ event: 'request', reqId: id, method, path: pathOf(request), status, ms })
  })

  await app.register(swagger, documentation)
  await app.register(async (docs) => {
    docs.addHook('onRoute', (route) => {
      route.config = { ...route.config, open: true, helmet: docsPolicy }
    })
    await docs.register(swaggerUi, { routePrefix: '/docs' })
  })
  addHealth(app, world.redis, world.store)
  addMetrics(app, world)
  app.get('/', { config: { open: true }, schema: { hide: true } }, async () => ({
    name: 'Tributary',
    api: '/api/v1',
    openapi: '/api/v1/openapi.json',
    docs: '/docs',
  }))
  app.addHook('preClose', async () => https?.close())
  const resealing = new Resealing(world)
  app.addHook('onReady', async () => resealing.begin())
  app.addHook('onClose', async () => await resealing.stop())
  await app.register(
    async (api) => {
      const typed = api.withTypeProvider<TypeBoxTypeProvider>()
      addDestinations(typed, world)
      addAccounts(typed, world)
      addAccountLines(typed, world)
      addConnection(typed, world)
      addMail(typed, world)
      addRuns(typed, world)
      addQuarantine(typed, world)
      addLedger(typed, world)
      addBackup(typed, { ...world, resealing })
      addKeys(typed, world, resealing)
      addSettings(typed, world)
      addSample(typed, world)
      addTokens(typed, world)
      addSession(typed, world)
      addAudit(typed, world)
      addDiscover(typed, world)
      addWebhooks(typed, world)
      addBulletin(typed, world)
      addEvents(typed, world)
      addStats(typed, world)
      addArrivals(typed, world)
      addTranscripts(typed, world)
      typed.get('/openapi.json', { config: { scope: 'read' }, schema: { hide: true } }, async () => app.swagger())
    },
    { prefix: '/api/v1' },
  )
  return app
}
