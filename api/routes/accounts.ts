/** `/accounts` (CONTRACT section 4). */
import type { Redis } from 'ioredis'
import { sealedProxy } from '../../src/account/proxy.ts'
import type { DestinationId } from '../../src/mail/message.ts'
import type { AccountRecord } from '../../src/redis/account-record.ts'
import { type Accounts, sourceOf } from '../../src/redis/accounts.ts'
import { type AccountFacts, factsOf } from '../../src/redis/facts.ts'
import type { InstanceSettingsStore } from '../../src/redis/instance-settings.ts'
import type { Runs } from '../../src/redis/runs.ts'
import { fingerprintsIn, shownCertificate } from '../../src/redis/shown-certificates.ts'
import { endVisit } from '../../src/redis/revocations.ts'
import { stopPull } from '../../src/redis/stopped-pull.ts'
import { isDeletedFlag } from '../../src/account/account.ts'
import { atHost, hostMistakes } from '../../src/account/host.ts'
import type { Proxy } from '../../src/account/proxy.ts'
import type { Seal } from '../../src/seal.ts'
import type { App } from '../app.ts'
import { accountView } from '../account-view.ts'
import { demandLevels } from '../folder-levels.ts'
import { principalOf } from '../http/who.ts'
import { addressPlace, cursorOf, idPlace, placeIn } from '../http/cursor.ts'
import { demandMatch, tag } from '../http/etag.ts'
import { findAccount } from '../http/found.ts'
import { listedDestination } from '../http/owners.ts'
import { unknown } from '../http/problems.ts'
import { demandReach, guardedBy } from '../http/reach.ts'
import { type HandlerOf, route } from '../http/route.ts'
import { bringForward } from '../bring-forward.ts'
import { givenMistakes, storedForm } from '../login-fields.ts'
import type { OAuthApplications } from '../../src/redis/oauth-applications.ts'
import type { OAuthGrants } from '../../src/redis/oauth-grants.ts'
import type { TokenRevocations } from '../../src/redis/token-revocations.ts'
import { afterAccountChange, demandTokensMayGo, passwordMistakes } from '../sign-in-rules.ts'
import { oauthStatuses } from '../sign-in-status.ts'
import { passwordNeeded } from '../password-needed.ts'
import { accountTaken, choiceOf, demandRules, inOneForm, newAccount, noSuchDestination } from '../new-account.ts'
import * as schemas from '../schemas/accounts.ts'
import type { AccountPatch } from '../schemas/accounts.ts'
import { listOf, Nothing } from '../schemas/answers.ts'
import { Id, IfMatch, IfNoneMatch } from '../schemas/requests.ts'

export interface AccountsWorld {
  readonly accounts: Accounts
  readonly redis: Redis
  readonly runs: Runs
  readonly seal: Seal
  /** The instance's. */
  readonly proxy?: Proxy | undefined
  readonly settings: InstanceSettingsStore
  readonly applications: OAuthApplications
  readonly grants: OAuthGrants
  readonly revocations: TokenRevocations
  readonly publicUrl: string
}

export async function accountRoutes(app: App, world: AccountsWorld): Promise<void> {
  const handlers = new AccountHandlers(world)
  app.post('/accounts', createAccount, handlers.create)
  app.get('/accounts', listAccounts, handlers.list)
  app.get('/accounts/:id', readAccount, handlers.read)
  app.patch('/accounts/:id', changeAccount, handlers.change)
  app.delete('/accounts/:id', removeAccount, handlers.remove)
  app.post('/accounts/:id/pause', pauseAccount, async ({ params }, reply) => await handlers.pause(params.id, reply))
  app.post('/accounts/:id/resume', resumeAccount, async ({ params }, reply) => await handlers.resume(params.id, reply))
}

const createAccount = route(
  { scope: 'admin' },
  {
    operationId: 'createAccount',
    summary: 'Register a POP3 account',
    problems: ['taken'],
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
      'In a stable order: nobody is shown twice or left out because others come and go. A search (q) and a status look at up to 20,000 accounts for one page: it may then come short of its limit, or empty, and have a next to go on from.',
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
    problems: ['taken'],
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
    description: 'Its stored mail stays where it is.',
    params: Id,
    headers: IfMatch,
    response: { 204: Nothing },
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

/** A change of one of these fields may remove the reason for which an account stopped: the account is tried at once, and its failures are forgotten. */
const curing = [
  'host',
  'port',
  'tls',
  'tlsVerify',
  'tlsFingerprint',
  'user',
  'password',
  'auth',
  'sasl',
  'tlsMinVersion',
  'tlsLegacy',
  'proxy',
  'oauth',
  'destinationId',
  'folder',
] as const

class AccountHandlers {
  readonly #world: AccountsWorld

  constructor(world: AccountsWorld) {
    this.#world = world
  }

  readonly create: HandlerOf<typeof createAccount> = async (request, reply) => {
    const { accounts, seal, settings } = this.#world
    const { body } = request
    const principal = principalOf(request)
    const account = newAccount(body, principal)
    const guarded = guardedBy(principal, account)
    await demandReach(settings, guarded, 'pop3', account)
    await demandTokensMayGo(this.#world.applications, account, guarded)
    await demandLevels(this.#world.redis, account)
    const secrets = {
      sealedPassword: seal.seal(body.password ?? '', account.id, 'password'),
      ...sealedProxy(seal, account.id, body.proxy),
    }
    const record = { account, ...secrets, ...guarded }
    const outcome = await accounts.create(record)
    if (outcome === 'conflict') throw accountTaken()
    if (outcome === 'no destination') throw noSuchDestination()
    await afterAccountChange(this.#world, account)
    tag(reply, record)
    reply.header('location', `/api/v1/accounts/${account.id}`)
    return await reply.code(201).send(await this.#view(record))
  }

  readonly list: HandlerOf<typeof listAccounts> = async (request) => {
    const { accounts, redis } = this.#world
    const { limit, cursor, ids: those, ...query } = request.query
    const destinationId = listedDestination(request, query.destinationId)
    if (destinationId === null) return { items: [], next: null }
    const wanted = { ...query, destinationId }
    const show = async (ids: readonly string[]) => {
      const found = await factsOf(redis, ids)
      const signIns = await this.#signIns(found.flatMap((facts) => (facts === undefined ? [] : [facts.record])))
      return found.map((facts) => {
        const view = facts && this.#shown(facts, signIns)
        return wanted.status === undefined || view?.status === wanted.status ? view : undefined
      })
    }
    if (those !== undefined) {
      const views = (await show([...new Set(those.split(','))])).flatMap((view) => view ?? [])
      const isElsewhere = (of: string) => destinationId !== undefined && of !== destinationId
      return { items: views.filter((view) => !isElsewhere(view.destinationId)), next: null }
    }
    const after = placeIn(cursor, wanted.sort.endsWith('address') ? addressPlace : idPlace)
    const { items, next } = await accounts.page(limit, after, wanted, show)
    return { items, next: cursorOf(next) }
  }

  readonly read: HandlerOf<typeof readAccount> = async ({ params }, reply) => {
    const record = await findAccount(this.#world.accounts, params.id)
    tag(reply, record)
    return await this.#view(record)
  }

  readonly change: HandlerOf<typeof changeAccount> = async (request, reply) => {
    const { seal } = this.#world
    const { params, body } = request
    const principal = principalOf(request)
    const { password, destinationId, interval, ...given } = body
    const fields = { ...given, ...inOneForm(given) }
    const wrongHost = body.host === undefined ? [] : hostMistakes(body.host)
    if (wrongHost.length === 0 && (body.host !== undefined || body.port !== undefined)) {
      const { account, guarded } = await findAccount(this.#world.accounts, params.id)
      const after = { ...account, ...fields }
      await demandReach(this.#world.settings, guardedBy(principal, after, { ...account, guarded }), 'pop3', after)
    }
    if (body.folder !== undefined || destinationId !== undefined) {
      const { account } = await findAccount(this.#world.accounts, params.id)
      await demandLevels(this.#world.redis, {
        folder: body.folder ?? account.folder,
        destinationId: (destinationId ?? account.destinationId) as DestinationId,
      })
    }
    const shown = await this.#shownCertificates(params.id, body.tlsFingerprint)
    if (wrongHost.length === 0) await this.#demandTokens(request, fields)
    const cures = curing.some((field) => body[field] !== undefined)
    let isMoved = false
    const record = await this.#update(params.id, (before) => {
      demandMatch(request, before, `The account ${params.id}`)
      const after = storedForm(
        {
          ...atHost(before.account, fields.host ?? before.account.host),
          // An account from before it was refused may have it; it keeps nobody from changing something else.
          flags: before.account.flags.filter((flag) => !isDeletedFlag(flag)),
          ...fields,
          interval: { ...before.account.interval, ...interval },
          ...choiceOf(body),
          ...(destinationId === undefined ? {} : { destinationId: destinationId as DestinationId }),
        },
        body,
      )
      const wrong = [
        ...wrongHost,
        ...givenMistakes(body, principal, before.account),
        ...(password === undefined
          ? passwordNeeded(before.account, after, shown)
          : passwordMistakes(after.auth, password)),
      ]
      const account = demandRules(after, password, wrong, before.account)
      isMoved = sourceOf(account) !== sourceOf(before.account)
      const sealedPassword =
        password === undefined ? before.sealedPassword : seal.seal(password, account.id, 'password')
      const ofProxy = sealedProxy(seal, account.id, body.proxy, { ...before, proxy: before.account.proxy })
      // Another way in has nothing to do with what was learnt of this one.
      const { loginTraits } = before
      const ofLogin = cures || loginTraits === undefined ? {} : { loginTraits }
      const due = account.paused ? 'never' : cures || before.account.paused ? 'now' : 'as before'
      const guarded = guardedBy(principal, account, { ...before.account, guarded: before.guarded })
      const twinOf = account.paused && sourceOf(account) === sourceOf(before.account) ? before.twinOf : undefined
      return {
        record: {
          account,
          sealedPassword,
          ...ofProxy,
          ...ofLogin,
          ...guarded,
          ...(twinOf === undefined ? {} : { twinOf }),
        },
        due,
      }
    })
    if (isMoved) await endVisit(this.#world.redis, record.account.id)
    if (body.paused === true) await stopPull(this.#world.redis, this.#world.runs, record.account.id)
    if (cures || body.paused === false) await afterAccountChange(this.#world, record.account)
    const hasBudget = body.importBytesPerHour !== undefined
    if (interval !== undefined || hasBudget) await bringForward(this.#world.redis, record.account, hasBudget)
    tag(reply, record)
    return await this.#view(record)
  }

  readonly remove: HandlerOf<typeof removeAccount> = async (request, reply) => {
    const { id } = request.params
    const allow = (before: AccountRecord) => demandMatch(request, before, `The account ${id}`)
    const grant = await this.#world.grants.get(id)
    if (!(await this.#world.accounts.remove(id, this.#world.runs, Date.now(), allow))) throw unknown('account', id)
    this.#world.revocations.ofGrant(id, grant)
    return await reply.code(204).send()
  }

  async pause(id: string, reply: Parameters<typeof tag>[0]) {
    return await this.#setPaused(id, true, reply)
  }

  async resume(id: string, reply: Parameters<typeof tag>[0]) {
    return await this.#setPaused(id, false, reply)
  }

  async #setPaused(id: string, paused: boolean, reply: Parameters<typeof tag>[0]) {
    const record = await this.#update(id, ({ account, twinOf, ...rest }) => ({
      record: { ...rest, account: { ...account, paused }, ...(paused && twinOf !== undefined ? { twinOf } : {}) },
      due: paused ? 'never' : 'now',
    }))
    if (paused) await stopPull(this.#world.redis, this.#world.runs, record.account.id)
    else await afterAccountChange(this.#world, record.account)
    tag(reply, record)
    return await this.#view(record)
  }

  /** @throws Problem unless the application of a login that signs in may give it tokens there. */
  async #demandTokens(
    request: Parameters<typeof principalOf>[0] & {
      readonly params: { readonly id: string }
      readonly body: AccountPatch
    },
    fields: Omit<AccountPatch, 'interval' | 'password' | 'destinationId'>,
  ): Promise<void> {
    const { applications, accounts } = this.#world
    const { account, guarded } = await findAccount(accounts, request.params.id)
    const after = storedForm({ ...account, ...fields }, request.body)
    await demandTokensMayGo(applications, after, guardedBy(principalOf(request), after, { ...account, guarded }))
  }

  /** The certificates that its server has shown to the last test and in the last run, if one is to be pinned. */
  async #shownCertificates(id: string, pin: string | null | undefined): Promise<string[]> {
    if (pin == null) return []
    const { redis } = this.#world
    const [tested, [facts]] = await Promise.all([shownCertificate(redis, id), factsOf(redis, [id])])
    return [...(tested === undefined ? [] : [tested]), ...fingerprintsIn(JSON.stringify(facts?.lastRun?.failure ?? {}))]
  }

  /** @returns the changed record. @throws Problem that kept it from being changed. */
  async #update(id: string, change: Parameters<Accounts['update']>[1]): Promise<AccountRecord> {
    const changed = await this.#world.accounts.update(id, change)
    if (changed === 'unknown') throw unknown('account', id)
    if (changed === 'conflict') throw accountTaken()
    if (changed === 'no destination') throw noSuchDestination()
    return changed
  }

  /** Shows the record that was just found or changed, and not what other requests have made of it since. */
  async #view(record: AccountRecord) {
    const [facts] = await factsOf(this.#world.redis, [record.account.id])
    if (facts === undefined) throw unknown('account', record.account.id)
    return this.#shown({ ...facts, record }, await this.#signIns([record]))
  }

  async #signIns(records: readonly AccountRecord[]) {
    return await oauthStatuses(
      this.#world,
      records.map(({ account }) => ({ id: account.id, login: account })),
    )
  }

  #shown(facts: AccountFacts, signIns: Awaited<ReturnType<typeof oauthStatuses>>) {
    return Object.assign(accountView(facts), { oauth: signIns.get(facts.record.account.id) ?? null })
  }
}
