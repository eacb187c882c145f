/** The reply that a command expects, and the reply that came. */
import type { Lines } from './lines.ts'

/** A body up to a lone dot. `octetsHint`: the size that LIST gives. */
export type ExpectedBody =
  /** RETR. Of a longer one the header is kept, and the rest read and dropped; one that seems to have no end ends the session. */
  | { readonly shape: 'message'; readonly octetsMax: number; readonly octetsHint?: number }
  /** TOP. Servers that send the whole message are put up with: what lies beyond is read and dropped. */
  | { readonly shape: 'header'; readonly octetsMax: number; readonly octetsHint?: number }

export type Expected =
  | { readonly shape: 'status' }
  /** UIDL, LIST, CAPA: lines up to a lone dot. */
  | { readonly shape: 'listing' }
  | ExpectedBody

/** `text` is what follows `+OK` or `-ERR`, one char a byte. A refused command has no body, whatever its shape. */
export type Reply =
  | { readonly shape: 'refused'; readonly text: string }
  | { readonly shape: 'status'; readonly text: string }
  | { readonly shape: 'listing'; readonly text: string; readonly lines: Lines }
  | {
      readonly shape: 'body'
      readonly text: string
      readonly bytes: Buffer
      readonly cut: boolean
      readonly octets: number
    }

/** Makes what is thrown where a server breaks the protocol. */
export type Broken = (expected: string, got: string) => Error
