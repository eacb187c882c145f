/** `/accounts` (CONTRACT section 4). */
import { type Account, accountDefaults, accountMistakes, defaultPort, hidesByName } from '../src/account.ts'
import type { AccountId, DestinationId } from '../src/message.ts'
import { examine } from '../src/pop3/examine.ts'
import { type AccountRecord, type Accounts, statusOf } from '../src/redis/accounts.ts'
import type { Runs } from '../src/redis/runs.ts'
import type { Seal } from '../src/seal.ts'
import { type App, newId } from './app.ts'
import { cursorOf, idIn } from './cursor.ts'
import { listedOf } from './owners.ts'
import { badRequest, Problem, unknown } from './problems.ts'
import * as schemas from './schemas.ts'

export interface AccountsWorld {
  readonly accounts: Accounts
  readonly runs: Runs
  readonly seal: Seal
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

export function addAccounts(app: App, { accounts, runs, seal }: AccountsWorld): void {
  const find = async (id: string): Promise<AccountRecord> => {
    const record = await accounts.get(id)
    if (record === undefined) throw unknown('account', id)
    return record
  }

  const views = async (records: readonly AccountRecord[]) => {
    const ids = records.map(({ account }) => account.id)
    const [states, open, last, due] = await Promise.all([
      accounts.states(ids),
      runs.openRunOf(ids),
      runs.latest(ids),
      accounts.dueMs(ids),
    ])
    return records.map(({ account: { createdAtMs, ...account } }, nth) => {
      const state = states[nth]
      const dueMs = due[nth] ?? null
      return {
        ...account,
        flags: [...account.flags],
        status:
          state === undefined ? ('idle' as const) : statusOf({ ...account, createdAtMs }, state, open.get(account.id)),
        lastRun: last.get(account.id) ?? null,
        nextRunAt: dueMs === null ? null : new Date(dueMs).toISOString(),
        createdAt: new Date(createdAtMs).toISOString(),
      }
    })
  }
  const view = async (record: AccountRecord) => {
    const [only] = await views([record])
    if (only === undefined) throw unknown('account', record.account.id)
    return only
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
      schema: { summary: 'Register a POP3 account', body: schemas.NewAccount, response: { 201: schemas.Account } },
    },
    async ({ body }, reply) => {
      const account = accountOf(body)
      const record = { account, sealedPassword: seal.seal(body.password, account.id, 'password') }
      const made = await accounts.create(record, Date.now())
      if (made === 'conflict') throw taken()
      if (made === 'no destination') throw noDestination()
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
        summary: 'List accounts',
        querystring: schemas.AccountQuery,
        response: { 200: schemas.listOf(schemas.Account) },
      },
    },
    async (request) => {
      const destinationId = listedOf(request, request.query.destinationId)
      if (destinationId === null) return { items: [], next: null }
      const query = { ...request.query, destinationId }
      const { items, next } = await accounts.page(query.limit, idIn(query.cursor), async (records) => {
        const matching = records.filter(({ account }) => matches(account, query))
        if (query.status === undefined) return matching
        const seen = await views(matching)
        return matching.filter((_record, nth) => seen[nth]?.status === query.status)
      })
      return { items: await views(items), next: cursorOf(next) }
    },
  )

  app.get(
    '/accounts/:id',
    {
      config: { scope: 'read' },
      schema: { summary: 'Read an account', params: schemas.Id, response: { 200: schemas.Account } },
    },
    async ({ params }) => await view(await find(params.id)),
  )

  app.patch(
    '/accounts/:id',
    {
      config: { scope: 'admin' },
      schema: {
        summary: 'Change an account',
        params: schemas.Id,
        body: schemas.AccountPatch,
        response: { 200: schemas.Account },
      },
    },
    async ({ params, body }) => {
      const { password, destinationId, interval, ...fields } = body
      const cures = curing.some((field) => body[field] !== undefined)
      const record = await change(params.id, (before) => {
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
        return { record: { account, sealedPassword }, due }
      })
      return await view(record)
    },
  )

  app.delete(
    '/accounts/:id',
    {
      config: { scope: 'admin' },
      schema: { summary: 'Remove an account', description: 'Its stored mail stays where it is.', params: schemas.Id },
    },
    async ({ params: { id } }, reply) => {
      if (!(await accounts.remove(id))) throw unknown('account', id)
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
          summary: `${paused ? 'Pause' : 'Resume'} an account`,
          params: schemas.Id,
          response: { 200: schemas.Account },
        },
      },
      async ({ params }) => {
        const how = ({ account, sealedPassword }: AccountRecord) => ({
          record: { account: { ...account, paused }, sealedPassword },
          due: paused ? ('never' as const) : Date.now(),
        })
        return await view(await change(params.id, how))
      },
    )
  }

  app.post(
    '/accounts/test',
    {
      config: { scope: 'operate' },
      schema: {
        summary: 'Try an account without registering it',
        body: schemas.NewAccount,
        response: { 200: schemas.Examination },
      },
    },
    async ({ body }) => {
      const account = accountOf(body)
      return await examined(account, body.password)
    },
  )

  app.post(
    '/accounts/:id/test',
    {
      config: { scope: 'operate' },
      schema: { summary: 'Try a registered account', params: schemas.Id, response: { 200: schemas.Examination } },
    },
    async ({ params }) => {
      const { account, sealedPassword } = await find(params.id)
      return await examined(account, seal.open(sealedPassword, account.id, 'password'))
    },
  )
}

async function examined(account: Account, password: string) {
  const { capabilities, ...seen } = await examine({ ...account, password })
  return { ...seen, capabilities: [...capabilities] }
}

function accountOf({ password, ...body }: schemas.NewAccount): Account {
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

function matches(
  { address, host, user, destinationId }: Account,
  query: Pick<schemas.AccountQuery, 'q'> & { destinationId: string | undefined },
): boolean {
  if (query.destinationId !== undefined && destinationId !== query.destinationId) return false
  const wanted = query.q?.toLowerCase() ?? ''
  return [address, host, user].some((text) => text.toLowerCase().includes(wanted))
}

const taken = () =>
  new Problem(
    'taken',
    'There is an account with this host, port, user and destination already; it would fetch the same mail twice.',
  )
const noDestination = () =>
  badRequest([{ pointer: '/destinationId', detail: 'is no destination; make one with POST /api/v1/destinations' }])
