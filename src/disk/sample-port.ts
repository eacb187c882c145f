/**
 * The port at which the sample provider takes mail. It has no setting; it is the same at each start, since accounts are made with it.
 * `npm start` writes it, and the API reads it.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { writeAtomicallySync } from './atomic-write.ts'

export function keepSamplePort(path: string, port: number): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeAtomicallySync(path, `${port}\n`)
}

/** Undefined: there is none. */
export function keptSamplePort(path: string): number | undefined {
  try {
    const port = Number(readFileSync(path, 'utf8'))
    return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined
  } catch {
    return undefined
  }
}
