/** The mark in Redis that names the format of the data, and the errors of a program that cannot work with them. */
import type { Redis } from 'ioredis'
import { ConfigInvalid } from '../../config.ts'
import { backedUpShared, keys } from '../key-names.ts'
import { script } from '../scripts.ts'

const stampFormat = script<string>('stamp-format', 'any number')

export type Mark =
  | { readonly state: 'settled'; readonly format: number }
  /** Some of the data may be carried over already. */
  | { readonly state: 'carrying'; readonly from: number; readonly to: number }
  /** A backup is being put back. */
  | { readonly state: 'restoring' }

/** The values of the mark in these two states. */
export const restoring = 'restoring'
export const carrying = (from: number, to: number) => `${from} to ${to}`

/** The mark as it stands in Redis. A form that only a later version can have written counts as the latest format of all. */
export function markOf(number: string): Mark {
  if (number === restoring) return { state: 'restoring' }
  const [, from, to] = /^(\d+)(?: to (\d+))?$/.exec(number) ?? []
  if (from === undefined) return { state: 'settled', format: Number.POSITIVE_INFINITY }
  if (to === undefined) return { state: 'settled', format: Number(from) }
  return { state: 'carrying', from: Number(from), to: Number(to) }
}

/** At least one of these keys exists if there are any data. */
const data = Object.keys(backedUpShared).map((name) => keys[name as keyof typeof backedUpShared])

/** Reads the mark. Data without one get it: an empty Redis gets the format of this program, and existing data get format 1. */
export async function stampedMark(redis: Redis, format: number, version: string): Promise<Mark> {
  return markOf(await stampFormat(redis, [keys.format, ...data], [format, version]))
}

export async function readMark(redis: Redis): Promise<Mark> {
  return markOf((await redis.hget(keys.format, 'number')) ?? '1')
}

/** The data cannot be used in their present form; the message gives the reason, and what to do. */
export class FormatRefused extends ConfigInvalid {}

/** The message of a process that finds that another version uses the data. */
export const formatChanged =
  'The data are being carried over to another format, or have one that this version does not know; start again once that is done.'

/** @throws FormatRefused if a newer version has written the data. */
export async function refuseNewer(redis: Redis, mark: Mark, format: number, version: string): Promise<void> {
  const written = mark.state === 'settled' ? mark.format : mark.state === 'carrying' ? mark.to : format
  if (written <= format) return
  const writtenBy = (await redis.hget(keys.format, 'writtenBy')) ?? 'a newer version'
  throw new FormatRefused(newerSentence(written, writtenBy, format, version))
}

function newerSentence(written: number, writtenBy: string, format: number, version: string): string {
  const name = Number.isFinite(written) ? `format ${written}` : 'a format'
  return [
    `The data in this Redis have ${name}, written by Tributary ${writtenBy}; this is Tributary ${version}, which knows formats up to ${format}.`,
    `Start Tributary ${writtenBy} or a newer one. To go back to this version instead, empty this Redis, start, and restore a backup of format ${format} or older; TRIBUTARY_HOME/backups holds those that were made before data were carried over.`,
    'Nothing was changed.',
  ].join(' ')
}
