/** Where a list goes on: opaque to clients, the last id, or place, to us. */
import { badRequest } from './problems.ts'

export function cursorOf(id: string | null): string | null {
  return id === null ? null : Buffer.from(id).toString('base64url')
}

/** @param form of ids where they are no ULIDs. */
export function idIn(cursor: string | undefined, form = /^[0-9A-Z]{26}$/): string | undefined {
  if (cursor === undefined) return undefined
  const id = Buffer.from(cursor, 'base64url').toString('latin1')
  if (!form.test(id))
    throw badRequest([{ pointer: '/cursor', detail: 'must be the `next` of an earlier page', in: 'query' }])
  return id
}
