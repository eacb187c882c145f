/** `/accounts/:id/ledger`: finds in the store again what is known to be stored, or takes it from another program (CONTRACT section 6). */
import { Readable } from 'node:stream'
import type { Accounts } from '../../src/redis/accounts.ts'
import type { InstanceSettingsStore } from '../../src/redis/instance-settings.ts'
import type { PullQueue } from '../../src/redis/queue.ts'
import type { App } from '../app.ts'
import { findAccount } from '../http/found.ts'
import { route } from '../http/route.ts'
import { principalOf } from '../http/who.ts'
import { ImportRoom } from '../import-room.ts'
import { askedWithin } from '../owner-quotas.ts'
import { type LedgerImportWorld, takeOver, uidlsIn } from '../ledger-import.ts'
import { apiLimits } from '../limits.ts'
import * as schemas from '../schemas/ledger.ts'
import { Id } from '../schemas/requests.ts'
import { Run } from '../schemas/runs.ts'

export interface LedgerWorld extends LedgerImportWorld {
  readonly accounts: Accounts
  readonly queue: PullQueue
  readonly settings: InstanceSettingsStore
}

export async function ledgerRoutes(app: App, world: LedgerWorld): Promise<void> {
  app.post('/accounts/:id/ledger/rebuild', rebuildLedger, async (request, reply) => {
    const { account } = await findAccount(world.accounts, request.params.id)
    const wanted = { accountId: account.id, task: 'rebuild' } as const
    const rebuild = async () => await world.queue.rebuild(account.id)
    return await reply.code(202).send(await askedWithin(world, principalOf(request), wanted, rebuild))
  })
  await app.register(importRoute, world)
}

const rebuildLedger = route(
  { scope: 'admin' },
  {
    operationId: 'rebuildLedger',
    summary: 'Find again what the store holds of an account',
    description:
      'For an account that was registered again after Redis was lost. Reads the trace line of every message in all folders of its destination, Trash too, and records what the ledger does not know, so that the next pull does not fetch it again. Mail that users have deleted for good meanwhile is not found, and comes again if the provider still has it. A run under way ends first. `recovered` counts what was found.',
    problems: ['quota'],
    params: Id,
    response: { 202: Run },
  },
)

const importLedger = route(
  { scope: 'admin' },
  {
    operationId: 'importLedger',
    summary: 'Take over what another program has fetched',
    description:
      'The body is the file as it lies on disk: getmail’s oldmail-HOST-PORT-USER, fetchmail’s .fetchids, mpop’s UIDLs file (of the last two the lines of this account’s host and user count). These messages are left where they are: not fetched, not deleted. Then the maildrop is listed, if the provider lets us in within some seconds, to say how many of them are there. Register the account with paused: true, and resume it afterwards: its first run would fetch everything.',
    problems: ['busy'],
    consumes: ['application/octet-stream', 'text/plain'],
    params: Id,
    querystring: schemas.LedgerImport,
    response: { 200: schemas.Imported },
  },
)

/** This is a plugin of its own because of its parser: a state file is taken as it is on disk, whatever its type. */
async function importRoute(app: App, world: LedgerWorld): Promise<void> {
  const bodyLimit = apiLimits.foreignStateOctetsMax
  app.removeAllContentTypeParsers()
  const room = new ImportRoom()
  app.addContentTypeParser('*', (_request, body, done) => done(null, body))
  app.post('/accounts/:id/ledger/import', { ...importLedger, bodyLimit }, async (request, reply) => {
    const { params, query, body } = request
    const record = await findAccount(world.accounts, params.id)
    const length = request.headers['content-length']
    const octets = length === undefined ? undefined : Number(length)
    const file = body instanceof Readable ? body : Readable.from([])
    const gone = new AbortController()
    reply.raw.once('close', () => gone.abort())
    return await room.with(
      file,
      { octets, signal: gone.signal },
      async (chunks) => await takeOver(world, record, await uidlsIn(query.format, chunks, record.account)),
    )
  })
}
