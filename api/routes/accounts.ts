/** `/accounts` (CONTRACT section 4). */
import type { Proxy } from '../../src/account/proxy.ts'
import { sealedProxy } from '../../src/account/proxy.ts'
import { normalHost } from '../../src/account/host.ts'
import type { AccountRecord } from '../../src/redis/account-record.ts'
import { sharedAddressOf, sharedAddressSentence } from '../../src/send/identity.ts'
import type { App } from '../app.ts'
import { AccountChanges, type AccountChangesWorld } from '../account-changes.ts'
import { AccountViews, type AccountViewsWorld } from '../account-views.ts'
import { stillSends } from '../destination-removal.ts'
import { demandPlace } from '../demand-place.ts'
import { principalOf } from '../http/who.ts'
import { addressPlace, cursorOf, idPlace, placeIn } from '../http/cursor.ts'
import { demandMatch, tag } from '../http/etag.ts'
import { findAccount } from '../http/found.ts'
import { listedDestination } from '../http/owners.ts'
import { unknown } from '../http/problems.ts'
import { demandReach, guardedBy } from '../http/reach.ts'
import { type HandlerOf, route } from '../http/route.ts'
import { accountTaken, newAccount, noSuchDestination } from '../new-account.ts'
import { demandInterval, quotasOf, tooManyAccounts } from '../owner-quotas.ts'
import * as schemas from '../schemas/accounts.ts'
import { listOf, Nothing } from '../schemas/answers.ts'
import { Id, IfMatch, IfNoneMatch } from '../schemas/requests.ts'
import { afterAccountChange, demandTokensMayGo } from '../sign-in-rules.ts'
import { demandSmtpPlaces, sealedSmtp, smtpGuardedBy } from '../smtp-fields.ts'

export interface AccountsWorld extends AccountChangesWorld, AccountViewsWorld {
  /** The instance's. */
  readonly proxy?: Proxy | undefined
}

export async function accountRoutes(app: App, world: AccountsWorld): Promise<void> {
  const handlers = new AccountHandlers(world)
  app.post('/accounts', createAccount, handlers.create)
  app.get('/accounts', listAccounts, handlers.list)
  app.get('/accounts/:id', readAccount, handlers.read)
  app.patch('/accounts/:id', changeAccount, handlers.change)
  app.delete('/accounts/:id', removeAccount, handlers.remove)
  app.post('/accounts/:id/pause', pauseAccount, handlers.pause)
  app.post('/accounts/:id/resume', resumeAccount, handlers.resume)
}

const createAccount = route(
  { scope: 'admin' },
  {
    operationId: 'createAccount',
    summary: 'Register a POP3 account',
    problems: ['taken', 'quota'],
    body: schemas.NewAccount,
    response: { 201: schemas.Account },
  },
)

const listAccounts = route(
  { scope: 'read' },
  {
    operationId: 'listAccounts',
    summary: 'List accounts',
    description:
      'In a stable order: nobody is shown twice or left out because others come and go. A search (q), a host and a status look at up to 20,000 accounts for one page: it may then come short of its limit, or empty, and have a next to go on from.',
    querystring: schemas.AccountQuery,
    response: { 200: listOf(schemas.Account) },
  },
)

const readAccount = route(
  { scope: 'read' },
  {
    operationId: 'readAccount',
    summary: 'Read an account',
    params: Id,
    headers: IfNoneMatch,
    response: { 200: schemas.Account },
  },
)

const changeAccount = route(
  { scope: 'admin' },
  {
    operationId: 'changeAccount',
    summary: 'Change an account',
    problems: ['taken', 'quota'],
    params: Id,
    headers: IfMatch,
    body: schemas.AccountPatch,
    response: { 200: schemas.Account },
  },
)

const removeAccount = route(
  { scope: 'admin' },
  {
    operationId: 'removeAccount',
    summary: 'Remove an account',
    description:
      'Its stored mail stays where it is. While messages of it are still to be sent it is refused (`in-use`): wait, or cancel them.',
    params: Id,
    headers: IfMatch,
    response: { 204: Nothing },
    problems: ['in-use'],
  },
)

const pauseAccount = route(
  { scope: 'operate' },
  { operationId: 'pauseAccount', summary: 'Pause an account', params: Id, response: { 200: schemas.Account } },
)

const resumeAccount = route(
  { scope: 'operate' },
  {
    operationId: 'resumeAccount',
    summary: 'Resume an account',
    problems: ['taken'],
    params: Id,
    response: { 200: schemas.Account },
  },
)

class AccountHandlers {
  readonly #world: AccountsWorld
  readonly #views: AccountViews
  readonly #changes: AccountChanges

  constructor(world: AccountsWorld) {
    this.#world = world
    this.#views = new AccountViews(world)
    this.#changes = new AccountChanges(world)
  }

  readonly create: HandlerOf<typeof createAccount> = async (request, reply) => {
    const { accounts, seal, settings } = this.#world
    const { body } = request
    const principal = principalOf(request)
    const quotas = await quotasOf(principal, settings)
    demandInterval(quotas, body.interval)
    const account = newAccount(body, principal, { leastSeconds: quotas?.intervalMinSeconds })
    const guarded = guardedBy(principal, account)
    await demandReach(settings, guarded, 'pop3', account)
    const smtpGuarded = smtpGuardedBy(principal, account)
    await demandTokensMayGo(this.#world.applications, account, guarded)
    await demandSmtpPlaces(this.#world, account, smtpGuarded)
    await demandPlace(this.#world.redis, account)
    const secrets = {
      sealedPassword: seal.seal(body.password ?? '', account.id, 'password'),
      ...sealedProxy(seal, account.id, body.proxy),
      ...sealedSmtp(account, { given: body.smtp, before: {}, seal }),
    }
    const record = { account, ...secrets, ...guarded, ...smtpGuarded }
    const outcome = await accounts.create(record, { most: quotas?.accountsMax })
    if (outcome === 'conflict') throw accountTaken()
    if (outcome === 'no destination') throw noSuchDestination()
    if (outcome === 'too many' && quotas !== undefined) throw tooManyAccounts(quotas)
    await afterAccountChange(this.#world, account)
    tag(reply, record)
    reply.header('location', `/api/v1/accounts/${account.id}`)
    const told = await this.#noticesOf(record)
    return await reply.code(201).send({ ...(await this.#views.of(record)), ...(told ?? { notices: [] }) })
  }

  readonly list: HandlerOf<typeof listAccounts> = async (request) => {
    const { accounts } = this.#world
    const { limit, cursor, ids: those, host: asked, ...query } = request.query
    const destinationId = listedDestination(request, query.destinationId)
    const host = asked === undefined ? undefined : normalHost(asked)
    // What is no host is nobody's server.
    if (destinationId === null || (asked !== undefined && host === undefined)) return { items: [], next: null }
    const wanted = { ...query, destinationId, host }
    const show = async (ids: readonly string[]) => await this.#views.page(ids, wanted)
    if (those !== undefined) {
      const views = (await show([...new Set(those.split(','))])).flatMap((view) => view ?? [])
      const isElsewhere = (of: string) => destinationId !== undefined && of !== destinationId
      return { items: views.filter((view) => !isElsewhere(view.destinationId)), next: null }
    }
    const after = placeIn(cursor, wanted.sort.endsWith('address') ? addressPlace : idPlace)
    const { items, next } = await accounts.page(limit, after, wanted, show)
    return { items, next: cursorOf(next) }
  }

  readonly read: HandlerOf<typeof readAccount> = async ({ params }, reply) =>
    await this.#answer(await findAccount(this.#world.accounts, params.id), reply)

  readonly change: HandlerOf<typeof changeAccount> = async (request, reply) => {
    const record = await this.#changes.patch(request)
    const told = request.body.address === undefined ? undefined : await this.#noticesOf(record)
    // Without any the answer is that of GET, with its entity tag.
    return { ...(await this.#answer(record, reply)), ...told }
  }

  readonly remove: HandlerOf<typeof removeAccount> = async (request, reply) => {
    const { id } = request.params
    const allow = (before: AccountRecord) => {
      request.about = before.account.address
      demandMatch(request, before, `The account ${id}`)
    }
    const { accounts, grants, revocations, runs } = this.#world
    const grant = await grants.get(id)
    // A refresh may have written another one meanwhile; from here on none is written.
    const removed = async () => revocations.ofGrant(id, (await grants.remove(id)) ?? grant)
    const outcome = await accounts.remove(id, runs, Date.now(), { allow, removed })
    if (outcome === 'unknown') throw unknown('account', id)
    if (outcome === 'sending') throw stillSends(`The account ${id}`)
    return await reply.code(204).send()
  }

  readonly pause: HandlerOf<typeof pauseAccount> = async ({ params }, reply) =>
    await this.#answer(await this.#changes.setPaused(params.id, true), reply)

  readonly resume: HandlerOf<typeof resumeAccount> = async ({ params }, reply) =>
    await this.#answer(await this.#changes.setPaused(params.id, false), reply)

  async #noticesOf({ account }: AccountRecord) {
    const alike = await this.#world.accounts.withAddress(account.address, account.destinationId)
    const remark = sharedAddressOf(account, alike)
    return remark === undefined ? undefined : { notices: [sharedAddressSentence(remark)], remarks: [remark] }
  }

  async #answer(record: AccountRecord, reply: Parameters<typeof tag>[0]) {
    tag(reply, record)
    return await this.#views.of(record)
  }
}
