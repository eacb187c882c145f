/** `/accounts/import` and `/accounts/export`: accounts as lines of JSON, however many (CONTRACT section 4). */
import { Readable } from 'node:stream'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { apiLimits } from '../limits.ts'
import { type AccountRecord, sourceOf } from '../../src/redis/accounts.ts'
import type { Seal } from '../../src/seal.ts'
import { accountOf, type AccountsWorld, noDestination, taken } from './accounts.ts'
import type { App } from '../app.ts'
import { demandReach, guardedBy } from '../http/reach.ts'
import { linesIn } from '../http/lines.ts'
import { listedOf } from '../http/owners.ts'
import { badRequest, mistakesOf, Problem, problemOf, type SchemaMistake, shownOf } from '../http/problems.ts'
import * as schemas from '../schemas/account-lines.ts'

const ndjson = 'application/x-ndjson'

type Checked = AccountRecord | Problem
type Validate = ((value: unknown) => boolean) & { readonly errors?: readonly SchemaMistake[] | null }

export function addAccountLines(app: App, { accounts, settings, seal }: AccountsWorld): void {
  /** What this line is to become, or why it cannot. */
  async function checked(text: string | undefined, validate: Validate, request: FastifyRequest): Promise<Checked> {
    try {
      const { principal } = request
      const line = parsed(text, validate)
      const { id: _, sealedPassword: __, guarded: wasGuarded = false, ...fields } = line
      const password = passwordOf(line, principal.destinationId === undefined ? seal : undefined)
      if (principal.destinationId !== undefined && fields.destinationId !== principal.destinationId) {
        const detail = `must be ${principal.destinationId}, which this token is for`
        throw badRequest([{ pointer: '/destinationId', detail }])
      }
      const account = accountOf({ ...fields, password })
      const guarded = wasGuarded ? { guarded: true as const } : guardedBy(principal, account)
      await demandReach(settings, guarded, 'pop3', account)
      return { account, sealedPassword: seal.seal(password, account.id, 'password'), ...guarded }
    } catch (error) {
      return problemOf(error as Error, request)
    }
  }

  /** One after the other, as they stand in the file: of two alike the first one counts. */
  async function* answers(body: AsyncIterable<Buffer>, validate: Validate, request: FastifyRequest, dryRun: boolean) {
    const seen = new Set<string>()
    let read = 0
    for await (const came of linesIn(body, apiLimits.importLineOctetsMax)) {
      for (let from = 0; from < came.length; from += apiLimits.importedTogether) {
        const numbered = came
          .slice(from, from + apiLimits.importedTogether)
          .map((text) => ({ line: (read += 1), text }))
        const lines = numbered.filter(({ line, text }) => text?.trim() !== '' && line <= apiLimits.importLinesMax)
        const checkedLines = await Promise.all(lines.map(({ text }) => checked(text, validate, request)))
        // What was only tried stands in the way of no other but here.
        const fit = checkedLines.map((one) => (dryRun && !(one instanceof Problem) && twice(seen, one) ? taken() : one))
        const records = fit.flatMap((one) => (one instanceof Problem ? [] : [one]))
        const made = await accounts.createAll(records, Date.now(), dryRun)
        const became = new Map(records.map((record, nth) => [record, made[nth]]))
        const told = fit.map((one, nth) => {
          const line = lines[nth]?.line
          const problem = one instanceof Problem ? one : refusal(became.get(one), request)
          if (problem !== undefined) return { line, problem: shownOf(problem) }
          return { line, id: dryRun || one instanceof Problem ? null : one.account.id }
        })
        yield told.map(lineOf).join('')
        if (read <= apiLimits.importLinesMax) continue
        const most = `An import has up to ${apiLimits.importLinesMax} lines; send those from this one on in another.`
        yield lineOf({ line: apiLimits.importLinesMax + 1, problem: shownOf(new Problem('too-large', most)) })
        return
      }
    }
  }

  async function* untilGone(lines: AsyncIterable<string>, { raw }: FastifyRequest) {
    try {
      for await (const some of lines) if (some !== '') yield some
    } catch (error) {
      // Whoever sent them has left: what was registered stays, the line in hand was none yet.
      if (!raw.destroyed && !raw.readableAborted) throw error
    }
  }

  // Of its own, for the parser: lines are read while they come.
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(ndjson, (_request, body, done) => done(null, body))
    const validate = scope.validatorCompiler?.({
      schema: schemas.AccountLine,
      method: 'POST',
      url: '/accounts/import',
      httpPart: 'body',
    }) as Validate
    scope.withTypeProvider<TypeBoxTypeProvider>().post(
      '/accounts/import',
      {
        config: { scope: 'admin' },
        schema: {
          operationId: 'importAccounts',
          summary: 'Register many accounts',
          description:
            'One account a line, as for POST /accounts or as GET /accounts/export gives it; one line of answer each, in order, while lines still come: { "line": 1, "id": "01J..." } or { "line": 2, "problem": {...} } (dryRun: id null). A line is registered whole or not at all, and what is wrong with one keeps no other; whatever breaks off, the same file may be sent again: what is there already is told as taken. Up to 200,000 lines of 64 KiB; empty ones are passed over.',
          consumes: [ndjson],
          produces: [ndjson],
          querystring: schemas.Import,
        },
      },
      async (request, reply) => {
        const body = (request.body ?? Readable.from([])) as AsyncIterable<Buffer>
        const lines = untilGone(answers(body, validate, request, request.query.dryRun), request)
        const held = { objectMode: false, highWaterMark: apiLimits.importAnswersOctetsMax }
        return await reply.type(ndjson).send(Readable.from(lines, held))
      },
    )
  })

  app.get(
    '/accounts/export',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'exportAccounts',
        summary: 'All accounts as lines, to be imported again',
        description:
          'One a line. Passwords are left out: put one into each line, or ask for secrets=sealed (scope admin, not for owners), which an instance with the same secret key imports.',
        produces: [ndjson],
        querystring: schemas.Export,
      },
    },
    async (request, reply) => {
      const { principal, query } = request
      const sealed = query.secrets === 'sealed'
      if (sealed && principal.destinationId !== undefined)
        throw new Problem('instance', 'Sealed secrets are for the admin of the instance alone.')
      if (sealed && principal.scope !== 'admin') throw new Problem('scope', 'Sealed secrets need the scope admin.')
      const destinationId = listedOf(request, query.destinationId)
      return await reply
        .type(ndjson)
        .header('content-disposition', 'attachment; filename="accounts.ndjson"')
        .send(Readable.from(destinationId === null ? [] : exported(destinationId, sealed), { objectMode: false }))
    },
  )

  async function* exported(destinationId: string | undefined, sealed: boolean): AsyncGenerator<string> {
    for await (const records of accounts.everyone({ sort: 'createdAt', destinationId })) {
      const lines = records.map(({ account, sealedPassword, guarded }) => {
        const fields = Object.fromEntries(schemas.accountFieldNames.map((name) => [name, account[name]]))
        const { id } = account
        return lineOf({ id, ...fields, ...(guarded ? { guarded } : {}), ...(sealed ? { sealedPassword } : {}) })
      })
      yield lines.join('')
    }
  }
}

const lineOf = (line: object) => `${JSON.stringify(line)}\n`

function parsed(text: string | undefined, validate: Validate): schemas.AccountLine {
  if (text === undefined)
    throw new Problem('too-large', `This line has more than ${apiLimits.importLineOctetsMax} octets.`)
  let line: unknown
  try {
    line = JSON.parse(text)
  } catch {
    throw new Problem('malformed', 'This line is no JSON.')
  }
  if (!validate(line)) throw badRequest(mistakesOf(validate.errors ?? []))
  return line as schemas.AccountLine
}

/** @param seal of those who may bring sealed ones: they are as good as the password itself to whoever names the host. */
function passwordOf({ id, password, sealedPassword }: schemas.AccountLine, seal: Seal | undefined): string {
  if (sealedPassword === undefined || password !== undefined) {
    if (password !== undefined && sealedPassword === undefined) return password
    const detail = password === undefined ? 'is required' : 'is there beside sealedPassword; leave one of them out'
    throw badRequest([{ pointer: '/password', detail }])
  }
  if (seal === undefined)
    throw badRequest([{ pointer: '/sealedPassword', detail: 'is for the admin of the instance; send a password' }])
  if (id === undefined) throw badRequest([{ pointer: '/id', detail: 'is required beside sealedPassword' }])
  try {
    return seal.open(sealedPassword, id, 'password')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw badRequest([{ pointer: '/sealedPassword', detail: `cannot be opened: ${why}` }])
  }
}

/** Whether there was one like it before; from now on there was. */
function twice(seen: Set<string>, { account }: AccountRecord): boolean {
  const source = sourceOf(account)
  if (seen.has(source)) return true
  seen.add(source)
  return false
}

/** Of one that was not made. */
function refusal(
  made: Awaited<ReturnType<AccountsWorld['accounts']['createAll']>>[number] | undefined,
  request: FastifyRequest,
): Problem | undefined {
  if (made === 'done') return undefined
  if (made === 'conflict') return taken()
  if (made === 'no destination') return noDestination()
  return problemOf(made ?? new Error('Connection is closed.'), request)
}
