/** `/accounts/import` and `/accounts/export`: accounts as lines of JSON, in any number (CONTRACT section 4). */
import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { apiLimits } from '../limits.ts'
import { isLongestChosen } from '../../src/account/account.ts'
import type { Accounts } from '../../src/redis/accounts.ts'
import { AccountImport, type ValidateLine } from '../account-import.ts'
import type { App } from '../app.ts'
import { principalOf } from '../http/who.ts'
import { listedDestination } from '../http/owners.ts'
import { Problem } from '../http/problems.ts'
import { type HandlerOf, route } from '../http/route.ts'
import * as schemas from '../schemas/account-lines.ts'
import type { AccountsWorld } from './accounts.ts'

const ndjson = 'application/x-ndjson'

export async function accountLineRoutes(app: App, world: AccountsWorld): Promise<void> {
  await app.register(importRoute, world)
  app.get('/accounts/export', exportAccounts, exporter(world.accounts))
}

const importAccounts = route(
  { scope: 'admin', answers: 'private' },
  {
    operationId: 'importAccounts',
    summary: 'Register many accounts',
    description:
      'One account a line, as for POST /accounts or as GET /accounts/export gives it; one line of answer each, in order, while lines still come: { "line": 1, "id": "01J..." } or { "line": 2, "problem": {...} } (dryRun: id null); with "notices" where there is something to know of it, and "remarks", the same as codes with facts, as of POST /accounts. A line is registered whole or not at all, and what is wrong with one keeps no other; whatever breaks off, the same file may be sent again: what is there already is told as taken. Up to 200,000 lines of 64 KiB; empty ones are passed over.',
    consumes: [ndjson],
    produces: [ndjson],
    querystring: schemas.Import,
  },
)

/** This is a plugin of its own because of its parser: the lines are read while they arrive. */
async function importRoute(app: App, world: AccountsWorld): Promise<void> {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(ndjson, (_request, body, done) => done(null, body))
  const validate = app.validatorCompiler?.({
    schema: schemas.AccountLine,
    method: 'POST',
    url: '/accounts/import',
    httpPart: 'body',
  }) as ValidateLine

  app.post('/accounts/import', importAccounts, async (request, reply) => {
    const body = (request.body ?? Readable.from([])) as AsyncIterable<Buffer>
    const { dryRun } = request.query
    const answers = new AccountImport(world, validate, { request, dryRun }).answers(body)
    const held = { objectMode: false, highWaterMark: apiLimits.importAnswersOctetsMax }
    return await reply.type(ndjson).send(Readable.from(untilGone(answers, request), held))
  })
}

async function* untilGone(answers: AsyncIterable<readonly object[]>, { raw }: FastifyRequest): AsyncGenerator<string> {
  try {
    for await (const some of answers) if (some.length > 0) yield some.map(lineOf).join('')
  } catch (error) {
    // The client has left: the accounts that were registered stay, and the line in hand was not registered yet.
    if (!raw.destroyed && !raw.readableAborted) throw error
  }
}

const exportAccounts = route(
  { scope: 'read', answers: 'download' },
  {
    operationId: 'exportAccounts',
    summary: 'All accounts as lines, to be imported again',
    description:
      'One a line. Passwords are left out: put one into each line, or ask for secrets=sealed (scope admin, not for owners), which an instance with the same secret key imports.',
    produces: [ndjson],
    querystring: schemas.Export,
  },
)

function exporter(accounts: Accounts): HandlerOf<typeof exportAccounts> {
  return async (request, reply) => {
    const { secrets, destinationId: wanted } = request.query
    const principal = principalOf(request)
    const sealed = secrets === 'sealed'
    if (sealed && principal.destinationId !== undefined)
      throw new Problem('instance', 'Sealed secrets are for the admin of the instance alone.')
    if (sealed && principal.scope !== 'admin') throw new Problem('scope', 'Sealed secrets need the scope admin.')
    const destinationId = listedDestination(request, wanted)
    const lines = destinationId === null ? [] : exportLines(accounts, destinationId, sealed)
    return await reply
      .type(ndjson)
      .header('content-disposition', 'attachment; filename="accounts.ndjson"')
      .send(Readable.from(lines, { objectMode: false }))
  }
}

async function* exportLines(
  accounts: Accounts,
  destinationId: string | undefined,
  sealed: boolean,
): AsyncGenerator<string> {
  for await (const records of accounts.everyone({ sort: 'createdAt', destinationId })) {
    const lines = records.map(({ account, sealedPassword, guarded, smtpGuarded, ...others }) => {
      const { sealedProxyPassword, sealedSmtpPassword } = others
      const fields = Object.fromEntries(schemas.accountFieldNames.map((name) => [name, account[name]]))
      const { id, interval } = account
      // A longest interval that is given counts as chosen (docs/operating.md), be it the default.
      const shown = isLongestChosen(account) ? interval : { minSeconds: interval.minSeconds }
      return lineOf({
        id,
        ...fields,
        interval: shown,
        ...(guarded ? { guarded } : {}),
        ...(smtpGuarded ? { smtpGuarded } : {}),
        // What is undefined is not said.
        ...(sealed ? { sealedPassword, sealedProxyPassword, sealedSmtpPassword } : {}),
      })
    })
    yield lines.join('')
  }
}

const lineOf = (line: object) => `${JSON.stringify(line)}\n`
