/** Reads the time from which on a list is wanted. */
import { badRequest } from './problems.ts'

/** @throws Problem if it is no time. */
export function timeIn(text: string): number {
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN
  if (Number.isFinite(ms)) return ms
  throw badRequest([{ pointer: '/since', detail: 'must be a time in ISO 8601: 2026-11-24T08:30:00.000Z', in: 'query' }])
}
