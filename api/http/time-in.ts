/** Reads a time of a request: that from which on a list is wanted, or until when. */
import { badRequest, type Wrong } from './problems.ts'

/** @throws Problem if it is no time. */
export function timeIn(text: string, name = 'since', where: Wrong['in'] = 'query'): number {
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN
  if (Number.isFinite(ms)) return ms
  throw badRequest([{ pointer: `/${name}`, detail: 'must be a time in ISO 8601: 2026-11-24T08:30:00.000Z', in: where }])
}
