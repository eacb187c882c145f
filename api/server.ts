/** Builds the admin API without listening: the caller decides where it listens. */
import cookie from '@fastify/cookie'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { fastify, type FastifyBaseLogger, LogController } from 'fastify'
import fp from 'fastify-plugin'
import type { Redis } from 'ioredis'
import type { StoreEndpoint } from '../src/server-urls.ts'
import type { Logger } from '../src/log.ts'
import type { App } from './app.ts'
import { authentication, routeTable } from './http/auth.ts'
import { entityTags } from './http/etag.ts'
import type { Https } from './http/https.ts'
import { idempotency } from './http/idempotency.ts'
import { halfSurrogateIn, noCharacter, utf8In } from './http/json.ts'
import { answerHeaders } from './http/answers.ts'
import { lazyCheckOf, lazyWriterOf } from './http/compilers.ts'
import { documentation } from './http/openapi.ts'
import { ownership, type OwnersWorld } from './http/owners.ts'
import { notFound, Problem, requestPath, problems, problemTypeRoutes, sendUnroutable } from './http/problems.ts'
import { publicPath, publicPathOf, withoutPublicPath } from './http/public-path.ts'
import { docsPolicy, type Rates, ratesOf, type RatesWorld, securityHeaders } from './http/protection.ts'
import { requestsAtOnce } from './http/requests-at-once.ts'
import { Who } from './http/who.ts'
import { accountLineRoutes } from './routes/account-lines.ts'
import { accountTestRoutes, type AccountTestsWorld } from './routes/account-tests.ts'
import { accountRoutes, type AccountsWorld } from './routes/accounts.ts'
import { arrivalRoutes, type ArrivalsWorld } from './routes/arrivals.ts'
import { auditRoutes, auditTrail, type AuditWorld } from './routes/audit.ts'
import { backupRoutes, type BackupWorld } from './routes/backup.ts'
import { bulletinRoutes, type BulletinWorld } from './routes/bulletin.ts'
import { autoconfigRoutes, connectionRoutes, type ConnectionWorld } from './routes/connection.ts'
import { dashboardFiles, dashboardPage } from './routes/dashboard.ts'
import { destinationTestRoutes, type DestinationTestsWorld } from './routes/destination-tests.ts'
import { destinationRoutes, type DestinationsWorld } from './routes/destinations.ts'
import { discoverRoutes, type DiscoverWorld } from './routes/discover.ts'
import { eventRoutes, type EventsWorld } from './routes/events.ts'
import { healthRoutes } from './routes/health.ts'
import { draftRoutes } from './routes/drafts.ts'
import { identityRoutes, type IdentitiesWorld } from './routes/identities.ts'
import { keyRoutes, type KeysWorld, Resealing } from './routes/keys.ts'
import { ledgerRoutes, type LedgerWorld } from './routes/ledger.ts'
import { mailRoutes, type MailWorld } from './routes/mail.ts'
import { messageRoutes, type MessagesWorld } from './routes/messages.ts'
import { metricRoutes, type MetricsWorld } from './routes/metrics.ts'
import { oauthApplicationRoutes, type OAuthApplicationsWorld } from './routes/oauth-applications.ts'
import { oauthMetadataRoutes, type OAuthMetadataWorld } from './routes/oauth-metadata.ts'
import { oauthPageRoutes, oauthRoutes } from './routes/oauth.ts'
import type { SignInDeskWorld } from './sign-in-desk.ts'
import { outboxRoutes, type OutboxWorld } from './routes/outbox.ts'
import { quarantineInBulk } from './routes/quarantine-in-bulk.ts'
import { quarantineRoutes, type QuarantineWorld } from './routes/quarantine.ts'
import { oauthProviderRoutes, type OAuthProvidersWorld } from './routes/oauth-providers.ts'
import { runRoutes, type RunsWorld } from './routes/runs.ts'
import { sampleRoutes, type SampleWorld } from './routes/sample.ts'
import { sessionRoutes, signInRoutes } from './routes/session.ts'
import { enterRoutes, signInLinkRoutes, type SignInLinksWorld } from './routes/sign-in-links.ts'
import { settingRoutes, type SettingsWorld } from './routes/settings.ts'
import { smtpTestRoutes, type SmtpTestsWorld } from './routes/smtp-tests.ts'
import { statRoutes, type StatsWorld } from './routes/stats.ts'
import { tokenRoutes, type TokensWorld } from './routes/tokens.ts'
import { transcriptRoutes, type TranscriptsWorld } from './routes/transcripts.ts'
import { webhookRoutes, type WebhooksWorld } from './routes/webhooks.ts'

export interface ApiWorld
  extends Omit<SignInLinksWorld, 'who'>,
    AuditWorld,
    RatesWorld,
    OwnersWorld,
    TokensWorld,
    AccountsWorld,
    AccountTestsWorld,
    SmtpTestsWorld,
    DestinationsWorld,
    DestinationTestsWorld,
    IdentitiesWorld,
    QuarantineWorld,
    RunsWorld,
    LedgerWorld,
    Omit<KeysWorld, 'resealing'>,
    Omit<BackupWorld, 'resealing'>,
    SettingsWorld,
    DiscoverWorld,
    WebhooksWorld,
    OAuthApplicationsWorld,
    OAuthProvidersWorld,
    OAuthMetadataWorld,
    SignInDeskWorld,
    BulletinWorld,
    EventsWorld,
    StatsWorld,
    MetricsWorld,
    ArrivalsWorld,
    TranscriptsWorld,
    ConnectionWorld,
    SampleWorld,
    OutboxWorld,
    MessagesWorld,
    MailWorld {
  readonly log: Logger
  readonly redis: Redis
  readonly store: StoreEndpoint
  /** The first token, which the file admin-token holds. */
  readonly adminToken: string
  /** The folder of the built dashboard. */
  readonly dashboard?: string
  /** The addresses and networks whose X-Forwarded-For and X-Forwarded-Proto are believed. */
  readonly trustedProxies?: readonly string[]
}

/** Only requests that carry a file need more than this. */
const bodyOctetsMax = 256 * 1024

/**
 * Every resource is a plugin. Everything that holds for all of them is registered here; the scope in which a route is registered, the
 * open one or the authenticated one, decides who may call it.
 *
 * @param https if undefined, the server speaks HTTP.
 */
export async function buildServer(world: ApiWorld, https?: Https): Promise<App> {
  const app = newInstance(world, https)
  await app.register(routeTable)
  await app.register(publicPath, { publicPath: publicPathOf(world.publicUrl) })
  await app.register(securityHeaders)
  await app.register(answerHeaders)
  await app.register(dashboardPage, { folder: world.dashboard })
  await app.register(cookie)
  await app.register(auditTrail, world)
  await app.register(problems)
  await app.register(requestLog, world)
  await app.register(swagger, documentation)
  const scopeWorld = { ...world, who: new Who(world), limiters: await ratesOf(app, world) }
  await app.register(openScope, scopeWorld)
  await app.register(authenticatedScope, scopeWorld)
  app.addHook('preClose', async () => https?.close())
  return app
}

function newInstance(world: ApiWorld, https: Https | undefined): App {
  // Fastify's own lines have no event names, so only its warnings are let through.
  const log = world.log.child({}, { level: 'warn' }) as Logger & FastifyBaseLogger
  const below = publicPathOf(world.publicUrl)
  const app: App = fastify({
    rewriteUrl: ({ url = '/' }) => withoutPublicPath(url, below),
    loggerInstance: log,
    ...(https === undefined ? {} : { serverFactory: https.serverFactory }),
    // The plugin requestLog below writes one line a request, with no header or body in it.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyOctetsMax,
    trustProxy: [...(world.trustedProxies ?? [])],
    // A client may wait 600 s for a pull.
    requestTimeout: 660_000,
    forceCloseConnections: true,
    frameworkErrors: sendUnroutable,
    routerOptions: {
      maxParamLength: 100,
      // A form sends `?status=&q=` for the fields that nobody filled in; such empty fields are left out.
      querystringParser: (text) =>
        Object.fromEntries([...new URLSearchParams(text)].filter(([, value]) => value !== '')),
    },
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.setValidatorCompiler(lazyCheckOf)
  app.setSerializerCompiler(lazyWriterOf)

  // A POST without a body may still say application/json.
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, octets, done) => {
    const text = utf8In(octets as Buffer, 'body')
    if (text instanceof Problem) return done(text)
    const digits = halfSurrogateIn(text)
    if (digits !== undefined) done(new Problem('malformed', noCharacter(digits)))
    else if (text === '') done(null, undefined)
    else void parseJson(request, text, done)
  })
  return app
}

const requestLog = fp(async (app: App, { log }: ApiWorld) => {
  app.addHook('onResponse', async (request, reply) => {
    const { method, id } = request
    const { statusCode: status } = reply
    // Health probes ask for open routes every few seconds.
    const level = status >= 500 && request.routeOptions.config.open !== true ? 'error' : 'debug'
    const ms = Math.round(reply.elapsedTime)
    log[level]({ event: 'request', reqId: id, method, path: requestPath(request), status, ms })
  })
})

/** The parts that both scopes share, besides the world. */
interface ScopeWorld extends ApiWorld {
  readonly who: Who
  readonly limiters: Rates
}

const apiPrefix = '/api/v1'

/** Everybody may call these routes; test/fixtures/routes.txt lists them. */
async function openScope(app: App, world: ScopeWorld): Promise<void> {
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, open: true }
  })
  app.addHook('onRequest', world.limiters.stranger)
  app.get('/', { config: { answers: 'asset' }, schema: { hide: true } }, async () => ({
    name: 'Tributary',
    api: `${app.publicPath}${apiPrefix}`,
    openapi: `${app.publicPath}${apiPrefix}/openapi.json`,
    docs: `${app.publicPath}/docs`,
  }))
  await app.register(dashboardFiles, { folder: world.dashboard })
  await app.register(docs)
  await app.register(problemTypeRoutes)
  await app.register(autoconfigRoutes, world)
  await app.register(healthRoutes, world)
  await app.register(metricRoutes, world)
  await app.register(signInRoutes, { ...world, prefix: apiPrefix })
  await app.register(enterRoutes, { ...world, prefix: apiPrefix })
  await app.register(oauthPageRoutes, { ...world, prefix: apiPrefix })
}

async function docs(app: App): Promise<void> {
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, helmet: docsPolicy, answers: 'asset' }
  })
  const theme = { title: 'Tributary: the API' }
  await app.register(swaggerUi, { routePrefix: '/docs', indexPrefix: app.publicPath, theme })
}

/** Callers of these routes, and of paths that do not exist, have shown who they are and that they may call them. */
async function authenticatedScope(app: App, world: ScopeWorld): Promise<void> {
  await app.register(authentication, { who: world.who, sessions: world.sessions, rates: world.limiters })
  await app.register(requestsAtOnce, world)
  await app.register(ownership, world)
  await app.register(entityTags)
  await app.register(idempotency, world)
  await app.register(notFound)
  const resealing = new Resealing(world)
  app.addHook('onReady', async () => resealing.begin())
  app.addHook('onClose', async () => await resealing.stop())
  await app.register(async (api: App) => await resources(api, { ...world, resealing }), { prefix: apiPrefix })
}

async function resources(app: App, world: ScopeWorld & { readonly resealing: Resealing }): Promise<void> {
  const openApi = { config: { scope: 'read' }, schema: { hide: true } } as const
  app.get('/openapi.json', openApi, async () => app.swagger())
  await app.register(destinationRoutes, world)
  await app.register(destinationTestRoutes, world)
  await app.register(identityRoutes, world)
  await app.register(accountRoutes, world)
  await app.register(accountTestRoutes, world)
  await app.register(smtpTestRoutes, world)
  await app.register(accountLineRoutes, world)
  await app.register(connectionRoutes, world)
  await app.register(mailRoutes, world)
  await app.register(messageRoutes, world)
  await app.register(outboxRoutes, world)
  await app.register(draftRoutes, world)
  await app.register(runRoutes, world)
  await app.register(quarantineRoutes, world)
  await app.register(quarantineInBulk, world)
  await app.register(ledgerRoutes, world)
  await app.register(backupRoutes, world)
  await app.register(keyRoutes, world)
  await app.register(settingRoutes, world)
  await app.register(sampleRoutes, world)
  await app.register(tokenRoutes, world)
  await app.register(sessionRoutes, world)
  await app.register(signInLinkRoutes, world)
  await app.register(auditRoutes, world)
  await app.register(discoverRoutes, world)
  await app.register(webhookRoutes, world)
  await app.register(oauthApplicationRoutes, world)
  await app.register(oauthProviderRoutes, world)
  await app.register(oauthMetadataRoutes, world)
  await app.register(oauthRoutes, world)
  await app.register(bulletinRoutes, world)
  await app.register(eventRoutes, world)
  await app.register(statRoutes, world)
  await app.register(arrivalRoutes, world)
  await app.register(transcriptRoutes, world)
}
