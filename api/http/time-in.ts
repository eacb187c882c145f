/** Reads a time of a request. */
import { badRequest, type Wrong } from './problems.ts'

/** NaN if it is none. Date.parse takes February 30 for March 2. */
export function msIn(text: string): number {
  const [, date = '', day = ''] = /^(\d{4}-\d\d-(\d\d))/.exec(text) ?? []
  return new Date(date).getUTCDate() === Number(day) ? Date.parse(text) : NaN
}

/** That from which on a list is wanted, or until when. @throws Problem if it is no time. */
export function timeIn(text: string, name = 'since', where: Wrong['in'] = 'query'): number {
  const ms = msIn(text)
  if (Number.isFinite(ms)) return ms
  throw badRequest([{ pointer: `/${name}`, detail: 'must be a time in ISO 8601: 2026-11-24T08:30:00.000Z', in: where }])
}
