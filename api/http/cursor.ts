/** Where a list goes on: opaque to clients, the place of the last one to us. */
import { badRequest } from './problems.ts'

export const idPlace = /^[0-9A-Z]{26}$/
/** As accounts lie by address. */
export const addressPlace = /^[^\s]{1,1000} [0-9A-Z]{26}$/

export function cursorOf(place: string | null): string | null {
  return place === null ? null : Buffer.from(place).toString('base64url')
}

export function placeIn(cursor: string | undefined, form: RegExp): string | undefined {
  if (cursor === undefined) return undefined
  const place = Buffer.from(cursor, 'base64url').toString()
  if (!form.test(place))
    throw badRequest([
      { pointer: '/cursor', detail: 'must be the `next` of an earlier page of this list', in: 'query' },
    ])
  return place
}

export function idIn(cursor: string | undefined): string | undefined {
  return placeIn(cursor, idPlace)
}
