/** The parts that a store is made from: connections, and the rights of the run that opens it. */
import type { ImapFlow } from 'imapflow'
import type { Lanes } from './apart.ts'
import type { Literals } from './literals.ts'

export interface StoreAccess {
  /** Lends a pooled connection for the duration of one use. */
  borrow<T>(use: (client: ImapFlow) => Promise<T>): Promise<T>
  /** Opens a connection outside of the pool; the caller closes it. */
  connect(): Promise<ImapFlow>
  /** Is given for a store of our own, which is a Dovecot whether it says so or not; undefined for anybody else's store. */
  readonly staging: Staging | undefined
  /** Tells whether the run may still store something. It is asked at the last moment before anybody else's server would do so. */
  readonly mayCommit: () => boolean
  /** The time in which a store carries out what an earlier run has sent. */
  readonly lateMs: number
  /** The time that the store has to store a batch. The time for sending it is not counted. */
  readonly appendWaitMs: number
  /** What is known of the literals of servers. */
  readonly literals: Literals
  /** The connections over which a store without MULTIAPPEND gets messages one by one; undefined: a batch goes in one command. */
  readonly lanes?: Lanes | undefined
  readonly signal?: AbortSignal | undefined
  /** An OK is not believed: the messages are looked for by their tokens. */
  readonly looksAfter: boolean
}

/** Names a run's folder. */
export interface Staging {
  readonly accountId: string
  /** The value of the run's lease, which no two runs of an account have (src/redis/lease.ts). */
  readonly holder: string
}
