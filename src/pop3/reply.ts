/** The kinds of answer that a command expects, and the answers themselves. */
import type { Lines } from './lines.ts'

/** A body up to a lone dot. `octetsHint`: the size that LIST gives. */
export type ExpectedBody =
  /** RETR. If the message is longer, its header is kept, and the rest is read and dropped. A message that seems endless ends the session. */
  | { readonly shape: 'message'; readonly octetsMax: number; readonly octetsHint?: number }
  /** TOP. Some servers send the whole message; the octets beyond the limit are read and dropped. */
  | { readonly shape: 'header'; readonly octetsMax: number; readonly octetsHint?: number }

export type Expected =
  /**
   * `last`: nothing that comes behind it counts, as after QUIT. `chatty`: lines of the server's own before it, and whole lines that come along
   * with it while nothing else is due, are passed over. No octet of a message that is stored depends on such an answer. `entry`: the answer
   * to `UIDL n` or `LIST n`.
   */
  | { readonly shape: 'status'; readonly last?: boolean; readonly chatty?: boolean; readonly entry?: boolean }
  /** UIDL, LIST, CAPA: lines up to a lone dot. */
  | { readonly shape: 'listing' }
  | ExpectedBody

/** `text` is the text after `+OK` or `-ERR`, one char a byte. A refused command has no body, whatever its shape. */
export type Reply =
  | { readonly shape: 'refused'; readonly text: string }
  /** `mere`: the line had no OK behind its `+`. */
  | { readonly shape: 'status'; readonly text: string; readonly mere?: true }
  | { readonly shape: 'listing'; readonly text: string; readonly lines: Lines }
  | {
      readonly shape: 'body'
      readonly text: string
      readonly bytes: Buffer
      readonly cut: boolean
      readonly octets: number
    }

/** Makes the error for a server that breaks the protocol. */
export type Broken = (expected: string, got: string) => Error
