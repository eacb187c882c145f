/** `/bulletin`: the e-mail that tells the operator of news, through any SMTP server. `/notice` is its old name, which older programs still use. */
import { normalHost } from '../../src/account/host.ts'
import type { Mistake } from '../../src/account/mistake.ts'
import { type Proxy, viaOf } from '../../src/account/proxy.ts'
import { sendMail } from '../../src/smtp/mail.ts'
import { bulletinMistakes, type BulletinSettings, submissionPort } from '../../src/news/bulletin.ts'
import { newsTypes } from '../../src/news/news.ts'
import { bulletinId, type BulletinRecord, type Bulletins } from '../../src/redis/bulletin.ts'
import type { InstanceSettingsStore } from '../../src/redis/instance-settings.ts'
import type { Seal } from '../../src/seal.ts'
import type { FastifySchema } from 'fastify'
import type { App } from '../app.ts'
import { demandMatch, tag } from '../http/etag.ts'
import { badRequest, Problem } from '../http/problems.ts'
import { currentReach } from '../http/reach.ts'
import { type HandlerOf, route, type RouteDeclaration } from '../http/route.ts'
import { apiLimits } from '../limits.ts'
import { passwordNeeded } from '../password-needed.ts'
import { IfMatch } from '../schemas/requests.ts'
import { Nothing } from '../schemas/answers.ts'
import * as schemas from '../schemas/bulletin.ts'

export interface BulletinWorld {
  readonly bulletins: Bulletins
  readonly settings: InstanceSettingsStore
  readonly seal: Seal
  /** The instance's. */
  readonly proxy?: Proxy | undefined
}

export async function bulletinRoutes(app: App, world: BulletinWorld): Promise<void> {
  await app.register(bulletinResource, { ...world, prefix: '/bulletin', noun: 'Bulletin' })
  await app.register(bulletinResource, { ...world, prefix: '/notice', noun: 'Notice' })
}

/** The ids of operations are unique, so each path has a noun of its own for them. */
interface PathOptions {
  readonly noun: 'Bulletin' | 'Notice'
}

async function bulletinResource(app: App, { noun, ...world }: BulletinWorld & PathOptions): Promise<void> {
  const handlers = new BulletinHandlers(world)
  const under = <D extends RouteDeclaration<BulletinSchema>>({ config, schema }: D) => ({
    config,
    schema: {
      ...(schema as D['schema']),
      operationId: `${schema.operationId}${noun}`,
      ...(noun === 'Notice' ? { deprecated: true } : {}),
    },
  })
  app.get('', under(readBulletin), handlers.read)
  app.put('', under(setBulletin), handlers.set)
  app.delete('', under(removeBulletin), handlers.remove)
  app.post('/test', under(testBulletin), handlers.test)
}

type BulletinSchema = FastifySchema & { readonly operationId: string }

const readBulletin = route(
  { scope: 'read', instance: true },
  { operationId: 'read', summary: 'Read who is told by e-mail', response: { 200: schemas.Bulletin } },
)

const setBulletin = route(
  { scope: 'admin', instance: true },
  {
    operationId: 'set',
    summary: 'Have somebody told by e-mail',
    description: 'What happens within a minute is one mail; mails that follow one another come up to an hour apart.',
    headers: IfMatch,
    body: schemas.NewBulletin,
    response: { 200: schemas.Bulletin },
  },
)

const removeBulletin = route(
  { scope: 'admin', instance: true },
  {
    operationId: 'remove',
    summary: 'Tell nobody by e-mail',
    description: 'What waits to be said is forgotten.',
    headers: IfMatch,
    response: { 204: Nothing },
  },
)

const testBulletin = route(
  { scope: 'admin', instance: true },
  {
    operationId: 'test',
    summary: 'Send a mail to try the bulletin',
    description:
      'At once and once; the answer says what became of it. With a body it is the bulletin of that, which is not set; without, the one that is.',
    body: schemas.BulletinToTest,
    response: { 200: schemas.BulletinTest },
  },
)

class BulletinHandlers {
  readonly #world: BulletinWorld

  constructor(world: BulletinWorld) {
    this.#world = world
  }

  readonly read: HandlerOf<typeof readBulletin> = async (_request, reply) => {
    const record = await this.#find()
    tag(reply, versionOf(record))
    return await this.#view(record)
  }

  readonly set: HandlerOf<typeof setBulletin> = async (request, reply) => {
    const { bulletins, seal } = this.#world
    const before = await bulletins.get()
    demandMatch(request, before === undefined ? {} : versionOf(before), 'The bulletin')
    const { settings, secret } = this.#given(request.body, before)
    const sealedPassword = secret === undefined ? null : seal.seal(secret, bulletinId, 'password')
    const record = { settings, sealedPassword }
    await bulletins.set(record, Date.now())
    tag(reply, versionOf(record))
    return await this.#view(record)
  }

  /** A bulletin as a request gives it, with the password that goes with it. @throws Problem that names what is wrong with it. */
  #given({ password, ...fields }: schemas.NewBulletin, before: BulletinRecord | undefined) {
    const tls = fields.tls ?? 'implicit'
    const defaults = { port: submissionPort(tls), user: null, events: newsTypes }
    const settings: BulletinSettings = { ...defaults, ...fields, host: normalHost(fields.host) ?? fields.host, tls }
    const kept = password === undefined && settings.user !== null && before !== undefined
    const secret = kept ? this.#passwordOf(before) : password
    const needed = kept && secret !== undefined ? passwordMoved(before.settings, settings) : []
    const mistakes = [...needed, ...bulletinMistakes(settings, secret)]
    if (mistakes.length > 0) throw badRequest(mistakes)
    return { settings, secret }
  }

  readonly remove: HandlerOf<typeof removeBulletin> = async (request, reply) => {
    demandMatch(request, versionOf(await this.#find()), 'The bulletin')
    await this.#world.bulletins.remove()
    return await reply.code(204).send()
  }

  readonly test: HandlerOf<typeof testBulletin> = async ({ body }) => {
    const { settings, secret } = await this.#tested(body)
    const failure = await sendMail({
      ...settings,
      password: secret,
      letter: {
        subject: 'Tributary: a bulletin to try it',
        text: 'This is how Tributary tells you what happens to accounts. Nothing is to be done.\n',
      },
      reach: await currentReach(this.#world.settings, {}, 'web'),
      via: viaOf(settings.host, null, this.#world.proxy),
      waitMs: apiLimits.bulletinTestMs,
    })
    return { ok: failure === undefined, failure: failure ?? null }
  }

  /** What is set, or what somebody is about to set. */
  async #tested(body: schemas.NewBulletin | null | undefined) {
    if (body != null) return this.#given(body, await this.#world.bulletins.get())
    const record = await this.#find()
    return { settings: record.settings, secret: this.#passwordOf(record) }
  }

  async #find(): Promise<BulletinRecord> {
    const record = await this.#world.bulletins.get()
    if (record === undefined)
      throw new Problem(
        'not-found',
        'There is no bulletin by e-mail; PUT /api/v1/bulletin says through which server, and to whom.',
      )
    return record
  }

  #passwordOf({ sealedPassword }: BulletinRecord): string | undefined {
    return sealedPassword === null ? undefined : this.#world.seal.open(sealedPassword, bulletinId, 'password')
  }

  async #view({ settings }: BulletinRecord) {
    const { bulletins } = this.#world
    const [{ sentAtMs, lastFailure }, { news, more }] = await Promise.all([bulletins.state(), bulletins.waiting()])
    return {
      ...settings,
      to: [...settings.to],
      events: [...settings.events],
      waiting: news.length + more,
      lastSentAt: sentAtMs === null ? null : new Date(sentAtMs).toISOString(),
      lastFailure:
        lastFailure === null ? null : { at: new Date(lastFailure.atMs).toISOString(), message: lastFailure.message },
    }
  }
}

/** Sealing the same password gives another text each time: it is the settings that people see. */
const versionOf = ({ settings, sealedPassword }: BulletinRecord) => ({ settings, hasPassword: sealedPassword !== null })

/** The password that is kept is sent nowhere else, to nobody else, and not in clear. */
function passwordMoved(before: BulletinSettings, after: BulletinSettings): Mistake[] {
  const login = ({ host, port, tls, user }: BulletinSettings) => ({ host, port, tls, user: user ?? '' })
  const checked = { tlsVerify: true, tlsFingerprint: null }
  return passwordNeeded({ ...login(before), ...checked }, { ...login(after), ...checked })
}
