/**
 * Which version of a resource somebody saw (RFC 9110 section 8.8.3). The first half of a tag is of what is kept, the second of
 * all that was shown, status and last run too, which change by themselves: a change holds where the first half is still the
 * same (If-Match), a copy is as good as new where both are (If-None-Match).
 */
import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../app.ts'
import { Problem } from './problems.ts'

/** Tags what is sent by this record. */
export function tag(reply: FastifyReply, kept: object): void {
  reply.header('etag', versionOf(kept))
}

/** To be asked of the record that is about to be changed, in the same step. */
export function demandSeen({ headers }: FastifyRequest, kept: object, what: string): void {
  const wanted = headers['if-match']
  if (wanted === undefined || wanted.trim() === '*') return
  const version = versionOf(kept)
  // Strong comparison (RFC 9110 section 8.8.3.2): a weak tag is never the same.
  if (tagsIn(wanted).some((seen) => new RegExp(`^"${version}(?:\\.|"$)`).test(seen))) return
  throw new Problem(
    'precondition-failed',
    `${what} was changed since you read it, and nothing was done: read it again, see whether your change still fits, and send it with the ETag of now in If-Match.`,
  )
}

export function addTags(app: App): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const version = reply.getHeader('etag')
    if (typeof version !== 'string' || typeof payload !== 'string') return payload
    const now = `"${version}.${hashOf(payload)}"`
    reply.header('etag', now)
    const seen = request.headers['if-none-match']
    if (request.method !== 'GET' || seen === undefined) return payload
    const same = tagsIn(seen).some((one) => one === '*' || one.replace(/^W\//, '') === now)
    if (!same) return payload
    reply.code(304).removeHeader('content-type')
    return null
  })
}

function versionOf(kept: object): string {
  return hashOf(JSON.stringify(kept, inOrder))
}

/** The same record has the same version, in whatever order its fields came. */
function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 16)
}

function tagsIn(header: string): string[] {
  return header.split(',').map((one) => one.trim())
}
