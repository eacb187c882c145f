/** `/tokens`: the tokens that let programs and owners in. */
import type { DestinationId } from '../../src/mail/message.ts'
import { digestOf, newTokenText, type TokenRecord, type Tokens } from '../../src/redis/tokens.ts'
import { type App, newId } from '../app.ts'
import { cursorOf, idIn } from '../http/cursor.ts'
import { demandMatch, tag } from '../http/etag.ts'
import { badRequest, unknown } from '../http/problems.ts'
import { type HandlerOf, route } from '../http/route.ts'
import { msIn } from '../http/time-in.ts'
import { listOf, Nothing } from '../schemas/answers.ts'
import { Id, IfMatch, IfNoneMatch } from '../schemas/requests.ts'
import * as schemas from '../schemas/tokens.ts'

export interface TokensWorld {
  readonly tokens: Tokens
}

export async function tokenRoutes(app: App, { tokens }: TokensWorld): Promise<void> {
  app.post('/tokens', createToken, creator(tokens))
  app.get('/tokens', listTokens, async ({ query }) => {
    const { items, next } = await pageOf(tokens, query)
    const usedMs = await tokens.lastUsedMs(items.map(({ id }) => id))
    return { items: items.map((record, nth) => tokenView(record, usedMs[nth] ?? null)), next: cursorOf(next) }
  })
  app.get('/tokens/:id', readToken, async ({ params: { id } }, reply) => {
    const record = await tokens.get(id)
    if (record === undefined) throw unknown('token', id)
    const [usedMs = null] = await tokens.lastUsedMs([id])
    tag(reply, record)
    return tokenView(record, usedMs)
  })
  app.delete('/tokens/:id', removeToken, async (request, reply) => {
    const { id } = request.params
    const record = await tokens.get(id)
    // One that cannot be read can be revoked.
    if (record !== undefined) demandMatch(request, record, `The token ${id}`)
    if (!(await tokens.remove(id))) throw unknown('token', id)
    return await reply.code(204).send()
  })
}

/** Owners have few tokens each, so those of one are looked for among all. */
async function pageOf(tokens: Tokens, { limit, cursor, destinationId }: schemas.TokenQuery) {
  if (destinationId === undefined) return await tokens.page(limit, idIn(cursor))
  const items: TokenRecord[] = []
  for (let after = idIn(cursor); ; ) {
    const page = await tokens.page(tokensReadTogether, after)
    for (const record of page.items) {
      if (record.destinationId === destinationId) items.push(record)
      if (items.length === limit) return { items, next: record.id }
    }
    if (page.next === null) return { items, next: null }
    after = page.next
  }
}

const tokensReadTogether = 500

const access = { scope: 'admin', instance: true } as const

const createToken = route(access, {
  operationId: 'createToken',
  summary: 'Make a token',
  description:
    'Its text is in this answer and nowhere else: only its hash is kept. With destinationId it is an owner’s: it sees and touches that destination and its accounts alone, and ends with the destination.',
  body: schemas.NewToken,
  response: { 201: schemas.MadeToken },
})

function creator(tokens: Tokens): HandlerOf<typeof createToken> {
  return async ({ body }, reply) => {
    const nowMs = Date.now()
    const expiresAtMs = body.expiresAt == null ? null : msIn(body.expiresAt)
    if (expiresAtMs !== null && !(expiresAtMs > nowMs))
      throw badRequest([{ pointer: '/expiresAt', detail: 'must be a time that is still to come, in ISO 8601' }])
    const id = newId()
    const token = newTokenText(id)
    const record: TokenRecord = {
      id,
      name: body.name,
      scopes: [...new Set(body.scopes)],
      destinationId: (body.destinationId ?? null) as DestinationId | null,
      createdAtMs: nowMs,
      expiresAtMs,
      digest: digestOf(token),
    }
    if ((await tokens.create(record)) === 'no destination')
      throw badRequest([{ pointer: '/destinationId', detail: 'is no destination', rule: 'unknown' }])
    return await reply.code(201).send({ ...tokenView(record, null), token })
  }
}

const listTokens = route(access, {
  operationId: 'listTokens',
  summary: 'List tokens',
  description: 'Expired ones too, until they are revoked. The first one, of the file admin-token, is not among them.',
  querystring: schemas.TokenQuery,
  response: { 200: listOf(schemas.Token) },
})

const readToken = route(access, {
  operationId: 'readToken',
  summary: 'Read a token',
  params: Id,
  headers: IfNoneMatch,
  response: { 200: schemas.Token },
})

const removeToken = route(access, {
  operationId: 'removeToken',
  summary: 'Revoke a token',
  description: 'From the answer on it lets nobody in, nor does a session that was begun with it.',
  params: Id,
  headers: IfMatch,
  response: { 204: Nothing },
})

function tokenView({ id, name, scopes, destinationId, createdAtMs, expiresAtMs }: TokenRecord, usedMs: number | null) {
  const time = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString())
  return {
    id,
    name,
    scopes: [...scopes],
    destinationId,
    createdAt: new Date(createdAtMs).toISOString(),
    expiresAt: time(expiresAtMs),
    lastUsedAt: time(usedMs),
  }
}
