/** The cursor of a list is opaque to clients. It encodes the place of the last item that was sent. */
import { badRequest, type Wrong } from './problems.ts'

export const idPlace = /^[0-9A-Z]{26}$/
/** The place of an account in a list by address: address, blank, id. */
export const addressPlace = /^[^\s]{1,1000} [0-9A-Z]{26}$/

/** The place of an entry in the quarantine of all accounts: account id, blank, entry id. */
export const entryPlace = /^[0-9A-Z]{26} [0-9A-Z]{26}$/

export function cursorOf(place: string | null): string | null {
  return place === null ? null : Buffer.from(place).toString('base64url')
}

export function placeIn(cursor: string | undefined, form: RegExp, where: Wrong['in'] = 'query'): string | undefined {
  if (cursor === undefined) return undefined
  const place = Buffer.from(cursor, 'base64url').toString()
  if (!form.test(place))
    throw badRequest([{ pointer: '/cursor', detail: 'must be the `next` of an earlier page of this list', in: where }])
  return place
}

export function idIn(cursor: string | undefined): string | undefined {
  return placeIn(cursor, idPlace)
}
