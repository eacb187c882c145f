/**
 * Writes to an account's ledger for a run: each write is one script that is carried out whole or not at all, checks the run's
 * lease first (scripts/includes/guard.lua), and does no harm if it is sent again after a lost answer.
 */
import type { Redis } from 'ioredis'
import { SessionFailed } from '../failure/session-failed.ts'
import type { AccountId, RunId } from '../mail/message.ts'
import type { RunCounts } from '../runs/run.ts'
import { keys } from './key-names.ts'
import { formatKeyOf, type Lease } from './lease.ts'
import { type Script, script, type ScriptArgument } from './scripts.ts'
import { surely } from './sure-writes.ts'

/** A script that begins with the guard: its first keys and arguments, and its last key, are those of `LedgerWriter`. */
export type GuardedScript = Script<1>
const guarded = (name: string, furtherKeys: number): GuardedScript => script(name, 3 + furtherKeys)

export const writeIntent = guarded('write-intent', 1)
export const appendRecords = guarded('append-records', 5)
export const amendRecords = guarded('amend-records', 1)
export const rewriteLedger = guarded('rewrite-ledger', 3)
export const beginLedger = guarded('begin-ledger', 0)
export const noteSetOut = guarded('note-set-out', 0)
export const noteReturned = guarded('note-returned', 0)
export const noteWindow = guarded('note-window', 0)
export const spoolMessages = guarded('spool-messages', 1)
export const dropSpooled = guarded('drop-spooled', 1)
export const noteWhole = guarded('note-whole', 0)
export const noteKnown = guarded('note-known', 2)

/**
 * The changes that `append-records` makes beside the records that it appends. `no entry` removes the entry's wish too. A wish is
 * ended only if it is still the same wish, and made only if there is no other.
 */
export type LedgerChange =
  | readonly ['record', offset: number, record: Buffer]
  | readonly ['entry', id: string, entry: string]
  | readonly ['no entry', id: string, wishField: string]
  | readonly ['wish done' | 'wish', wishField: string, wish: string]
  | readonly ['let go', spoolId: string, '']

/** The run that writes. Its counts grow as it goes. */
export interface LedgerRun {
  readonly id: RunId
  readonly counts: Readonly<RunCounts>
  /** The account that fetched the same mail to the same place before (predecessors.ts). */
  readonly predecessor?: AccountId | undefined
  /** Waits for room for so many records, where a ledger may be large. */
  readonly roomFor?: ((records: number) => Promise<void>) | undefined
}

export class LedgerWriter {
  readonly #redis: Redis
  readonly #lease: Lease
  readonly #nowMs: () => number
  readonly #run: LedgerRun

  constructor(redis: Redis, lease: Lease, nowMs: () => number, run: LedgerRun) {
    this.#redis = redis
    this.#lease = lease
    this.#nowMs = nowMs
    this.#run = run
  }

  /** @throws SessionFailed `superseded` if the lease is lost, or if the data have another format now. */
  async write(
    write: GuardedScript,
    keyNames: readonly string[] = [],
    args: readonly ScriptArgument[] = [],
  ): Promise<void> {
    this.#lease.lost.throwIfAborted()
    const { accountId, holder } = this.#lease
    const { id, counts } = this.#run
    const guardKeys = [keys.lease(accountId), keys.ledgerNotes(accountId)]
    const guardArgs = [holder, this.#nowMs(), id, packCounts(counts)]
    try {
      const names = [...guardKeys, ...keyNames, formatKeyOf(this.#redis, accountId)]
      await surely(this.#redis, write, names, [...guardArgs, ...args])
    } catch (error) {
      if (error instanceof Error && error.message.includes('SUPERSEDED'))
        throw new SessionFailed({ kind: 'superseded' }, error)
      throw error
    }
  }
}

/** As JSON. Most are 0 in most runs: these are left out. */
function packCounts(counts: Readonly<RunCounts>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0)))
}
