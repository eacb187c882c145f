/** What a store is made from: connections, and what the run that opens it may do. */
import type { ImapFlow } from 'imapflow'

export interface StoreAccess {
  /** Lends a pooled connection for the time of one use. */
  borrow<T>(use: (client: ImapFlow) => Promise<T>): Promise<T>
  /** Opens a connection outside of the pool; the caller closes it. */
  connect(): Promise<ImapFlow>
  /** Is given for a store of our own, which is a Dovecot whether it says so or not; undefined for a store of somebody else. */
  readonly staging: Staging | undefined
  /** Tells whether the run may still store something. It is asked at the last moment before a server of somebody else would do so. */
  readonly mayCommit: () => boolean
  /** The time in which a store carries out what an earlier run has sent. */
  readonly lateMs: number
  /** The time that the store has to store a batch, not counting its way there. */
  readonly appendWaitMs: number
  readonly signal?: AbortSignal | undefined
}

/** Names a run's folder: no two runs of an account have the same fence. */
export interface Staging {
  readonly accountId: string
  readonly fence: number
}
