/** `/accounts` (CONTRACT section 4). */
import type { Redis } from 'ioredis'
import { type Account, accountDefaults, accountMistakes, defaultPort, hidesByName } from '../../src/account/account.ts'
import type { AccountId, DestinationId } from '../../src/mail/message.ts'
import { examine } from '../../src/pop3/examine.ts'
import type { SessionOptions } from '../../src/pop3/session.ts'
import type { AccountRecord, Accounts } from '../../src/redis/accounts.ts'
import { type AccountFacts, factsOf } from '../../src/redis/facts.ts'
import type { InstanceSettingsStore } from '../../src/redis/instance-settings.ts'
import { accountStatusOf } from '../../src/runs/status.ts'
import type { Seal } from '../../src/seal.ts'
import { type App, newId } from '../app.ts'
import { addressPlace, cursorOf, idPlace, placeIn } from '../http/cursor.ts'
import { demandSeen, tag } from '../http/etag.ts'
import { currentReach, demandReach, guardedBy } from '../http/reach.ts'
import { listedOf } from '../http/owners.ts'
import { badRequest, Problem, unknown } from '../http/problems.ts'
import * as schemas from '../schemas/accounts.ts'
import { listOf, Nothing } from '../schemas/answers.ts'
import { Id, IfMatch, IfNoneMatch } from '../schemas/requests.ts'

export interface AccountsWorld {
  readonly accounts: Accounts
  readonly redis: Redis
  readonly seal: Seal
  readonly settings: InstanceSettingsStore
}

/** A change of one of these may cure what made an account stop: it is tried at once, its failures forgotten. */
const curing = [
  'host',
  'port',
  'tls',
  'tlsVerify',
  'tlsFingerprint',
  'user',
  'password',
  'destinationId',
  'folder',
] as const

export function addAccounts(app: App, { accounts, redis, seal, settings }: AccountsWorld): void {
  const find = async (id: string): Promise<AccountRecord> => {
    const record = await accounts.get(id)
    if (record === undefined) throw unknown('account', id)
    return record
  }

  /** Of one that was found or changed just now: as that, and not as others have changed it since. */
  const view = async (record: AccountRecord) => {
    const [facts] = await factsOf(redis, [record.account.id])
    if (facts === undefined) throw unknown('account', record.account.id)
    return shown({ ...facts, record })
  }

  /** A changed record, or the problem that kept it from being changed. */
  const change = async (id: string, how: Parameters<Accounts['update']>[1]): Promise<AccountRecord> => {
    const changed = await accounts.update(id, how)
    if (changed === 'unknown') throw unknown('account', id)
    if (changed === 'conflict') throw taken()
    if (changed === 'no destination') throw noDestination()
    return changed
  }

  app.post(
    '/accounts',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'createAccount',
        summary: 'Register a POP3 account',
        problems: ['taken'],
        body: schemas.NewAccount,
        response: { 201: schemas.Account },
      },
    },
    async ({ body, principal }, reply) => {
      const account = accountOf(body)
      const guarded = guardedBy(principal, account)
      await demandReach(settings, guarded, 'pop3', account)
      const record = { account, sealedPassword: seal.seal(body.password, account.id, 'password'), ...guarded }
      const made = await accounts.create(record, Date.now())
      if (made === 'conflict') throw taken()
      if (made === 'no destination') throw noDestination()
      tag(reply, record)
      return await reply
        .code(201)
        .header('location', `/api/v1/accounts/${account.id}`)
        .send(await view(record))
    },
  )

  app.get(
    '/accounts',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listAccounts',
        summary: 'List accounts',
        description:
          'In a stable order: nobody is shown twice or left out because others come and go. A search (q) and a status look at up to 20,000 accounts for one page: it may then come short of its limit, or empty, and have a next to go on from.',
        querystring: schemas.AccountQuery,
        response: { 200: listOf(schemas.Account) },
      },
    },
    async (request) => {
      const { limit, cursor, ...query } = request.query
      const destinationId = listedOf(request, query.destinationId)
      if (destinationId === null) return { items: [], next: null }
      const wanted = { ...query, destinationId }
      const after = placeIn(cursor, wanted.sort.endsWith('address') ? addressPlace : idPlace)
      const { items, next } = await accounts.page(limit, after, wanted, async (ids) => {
        const found = await factsOf(redis, ids)
        return found.map((facts) => {
          const one = facts && shown(facts)
          return wanted.status === undefined || one?.status === wanted.status ? one : undefined
        })
      })
      return { items, next: cursorOf(next) }
    },
  )

  app.get(
    '/accounts/:id',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'readAccount',
        summary: 'Read an account',
        params: Id,
        headers: IfNoneMatch,
        response: { 200: schemas.Account },
      },
    },
    async ({ params }, reply) => {
      const record = await find(params.id)
      tag(reply, record)
      return await view(record)
    },
  )

  app.patch(
    '/accounts/:id',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'changeAccount',
        summary: 'Change an account',
        problems: ['taken'],
        params: Id,
        headers: IfMatch,
        body: schemas.AccountPatch,
        response: { 200: schemas.Account },
      },
    },
    async (request, reply) => {
      const { params, body, principal } = request
      const { password, destinationId, interval, ...fields } = body
      if (body.host !== undefined || body.port !== undefined) {
        const { account, guarded } = await find(params.id)
        const after = { ...account, ...fields }
        await demandReach(settings, guardedBy(principal, after, { ...account, guarded }), 'pop3', after)
      }
      const cures = curing.some((field) => body[field] !== undefined)
      const record = await change(params.id, (before) => {
        demandSeen(request, before, `The account ${params.id}`)
        const account = checked(
          {
            ...before.account,
            ...fields,
            interval: { ...before.account.interval, ...interval },
            ...(destinationId === undefined ? {} : { destinationId: destinationId as DestinationId }),
          },
          password,
        )
        const sealedPassword =
          password === undefined ? before.sealedPassword : seal.seal(password, account.id, 'password')
        const due = account.paused ? 'never' : cures || before.account.paused ? Date.now() : 'as before'
        const guarded = guardedBy(principal, account, { ...before.account, guarded: before.guarded })
        return { record: { account, sealedPassword, ...guarded }, due }
      })
      tag(reply, record)
      return await view(record)
    },
  )

  app.delete(
    '/accounts/:id',
    {
      config: { scope: 'admin' },
      schema: {
        operationId: 'removeAccount',
        summary: 'Remove an account',
        description: 'Its stored mail stays where it is.',
        params: Id,
        headers: IfMatch,
        response: { 204: Nothing },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const removed = await accounts.remove(id, (before) => demandSeen(request, before, `The account ${id}`))
      if (!removed) throw unknown('account', id)
      return await reply.code(204).send()
    },
  )

  for (const [verb, paused] of [
    ['pause', true],
    ['resume', false],
  ] as const) {
    app.post(
      `/accounts/:id/${verb}`,
      {
        config: { scope: 'operate' },
        schema: {
          operationId: `${verb}Account`,
          summary: `${paused ? 'Pause' : 'Resume'} an account`,
          params: Id,
          response: { 200: schemas.Account },
        },
      },
      async ({ params }, reply) => {
        const how = ({ account, ...rest }: AccountRecord) => ({
          record: { ...rest, account: { ...account, paused } },
          due: paused ? ('never' as const) : Date.now(),
        })
        const record = await change(params.id, how)
        tag(reply, record)
        return await view(record)
      },
    )
  }

  app.post(
    '/accounts/test',
    {
      config: { scope: 'operate' },
      schema: {
        operationId: 'testNewAccount',
        summary: 'Try an account without registering it',
        body: schemas.NewAccount,
        response: { 200: schemas.Examination },
      },
    },
    async ({ body, principal }) => {
      const account = accountOf(body)
      const reach = await demandReach(settings, guardedBy(principal, account), 'pop3', account)
      return await examined({ ...account, password: body.password, reach })
    },
  )

  app.post(
    '/accounts/:id/test',
    {
      config: { scope: 'operate' },
      schema: {
        operationId: 'testAccount',
        summary: 'Try a registered account',
        params: Id,
        response: { 200: schemas.Examination },
      },
    },
    async ({ params }) => {
      const { account, sealedPassword, ...rest } = await find(params.id)
      const reach = await currentReach(settings, rest, 'pop3')
      return await examined({ ...account, password: seal.open(sealedPassword, account.id, 'password'), reach })
    },
  )
}

function shown({ record: { account }, state, openRun, lastRun, lastMailAt, dueMs }: AccountFacts) {
  return {
    flags: account.flags as string[],
    status: accountStatusOf(account, state, openRun),
    lastRun,
    lastMailAt,
    nextRunAt: dueMs === null ? null : new Date(dueMs).toISOString(),
    createdAt: new Date(account.createdAtMs).toISOString(),
    // Last: V8 takes fifty times as long for fields behind a spread. What a schema does not name is not sent.
    ...(account as Omit<Account, 'flags'>),
  }
}

async function examined(options: SessionOptions) {
  const { capabilities, ...seen } = await examine(options)
  return { ...seen, capabilities: [...capabilities] }
}

export function accountOf({ password, ...body }: schemas.NewAccount): Account {
  const tls = body.tls ?? accountDefaults.tls
  const made = { id: newId() as AccountId, createdAtMs: Date.now() }
  const interval = { ...accountDefaults.interval, ...body.interval }
  const given = { ...body, interval, destinationId: body.destinationId as DestinationId }
  const usual = { ...accountDefaults, port: defaultPort(tls), hidesRetrieved: hidesByName(body.host) }
  return checked({ ...made, ...usual, ...given }, password)
}

/** The account by its rules, or all that is wrong with it. */
function checked(account: Account, password: string | undefined): Account {
  const tlsFingerprint = account.tlsFingerprint?.replaceAll(':', '').toLowerCase() ?? null
  const normal = { ...account, tlsFingerprint }
  const mistakes = accountMistakes(normal, password)
  if (mistakes.length > 0) throw badRequest(mistakes)
  return normal
}

export const taken = () =>
  new Problem(
    'taken',
    'There is an account with this host, port, user and destination already; it would fetch the same mail twice.',
  )
export const noDestination = () =>
  badRequest([{ pointer: '/destinationId', detail: 'is no destination; make one with POST /api/v1/destinations' }])
