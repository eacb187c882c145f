/**
 * An entity tag says which version of a resource somebody saw (RFC 9110 section 8.8.3). Its first half is a hash of the stored
 * record. Its second half is a hash of the whole answer, which also holds what changes by itself: the status and the last run. If-Match
 * lets a change through if the first half is the same; If-None-Match answers 304 only if both halves are the same.
 */
import { createHash } from 'node:crypto'
import fp from 'fastify-plugin'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../app.ts'
import { Problem } from './problems.ts'

/** Tags the answer with the version of this record. */
export function tag(reply: FastifyReply, record: object): void {
  reply.header('etag', versionOf(record))
}

/**
 * Demands that the caller has seen the version that is about to be changed. It must be called in the step that changes the record.
 *
 * @throws Problem if If-Match names another version.
 */
export function demandMatch({ headers }: FastifyRequest, record: object, what: string): void {
  const wanted = headers['if-match']
  if (wanted === undefined || wanted.trim() === '*') return
  const version = versionOf(record)
  // Strong comparison (RFC 9110 section 8.8.3.2): a weak tag is never the same.
  if (tagsIn(wanted).some((tag) => new RegExp(`^"${version}(?:\\.|"$)`).test(tag))) return
  throw new Problem(
    'precondition-failed',
    `${what} was changed since you read it, and nothing was done: read it again, see whether your change still fits, and send it with the ETag of now in If-Match.`,
  )
}

export const entityTags = fp(async (app: App) => {
  app.addHook('onSend', async (request, reply, payload) => {
    const version = reply.getHeader('etag')
    if (typeof version !== 'string' || typeof payload !== 'string') return payload
    const current = `"${version}.${versionHash(payload)}"`
    reply.header('etag', current)
    const copies = request.headers['if-none-match']
    if (request.method !== 'GET' || copies === undefined) return payload
    const same = tagsIn(copies).some((tag) => tag === '*' || tag.replace(/^W\//, '') === current)
    if (!same) return payload
    reply.code(304).removeHeader('content-type')
    return null
  })
})

/** What logins have taught is nobody's change. */
function versionOf(record: object & { readonly loginTraits?: unknown }): string {
  const { loginTraits: _, ...changed } = record
  return versionHash(JSON.stringify(changed, inOrder))
}

/** Sorts the fields, so that a record has the same version in whatever order its fields came. */
function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function versionHash(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 16)
}

function tagsIn(header: string): string[] {
  return header.split(',').map((tag) => tag.trim())
}
