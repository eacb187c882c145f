/** What a Store needs to be one: connections, and what the run that opened it may do. */
import type { ImapFlow } from 'imapflow'

export interface StoreAccess {
  /** A pooled connection for the time of one use. */
  borrow<T>(use: (client: ImapFlow) => Promise<T>): Promise<T>
  /** One of its own, to be closed by whoever asked. */
  connect(): Promise<ImapFlow>
  /** A store of our own, which is Dovecot, whether it says so or not; undefined: somebody else's. */
  readonly staging: Staging | undefined
  /** Whether the run may still have something stored; asked at the last moment before somebody else's server would store it. */
  readonly mayCommit: () => boolean
  /** How long what an earlier run has sent may take to be stored. */
  readonly lateMs: number
  /** How long the store may take to store a batch, its way there not counted. */
  readonly appendWaitMs: number
  readonly signal?: AbortSignal | undefined
}

/** Names a run's folder: no two runs of an account have the same fence. */
export interface Staging {
  readonly accountId: string
  readonly fence: number
}
