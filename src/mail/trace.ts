/** The header block that we put in front of a stored message (CONTRACT section 7, RFC 5321 section 4.4). */
import { type MaildropSource, sourceHash } from './header.ts'
import type { RunId, ShortHash, Token } from './message.ts'

/** The names that a trace line holds. */
export interface Trace {
  readonly source: ShortHash
  readonly uidl: ShortHash | undefined
  readonly fingerprint: ShortHash
  readonly token: Token
}

/** Replaces a UIDL's hash if the server has none. */
const noUidl = '0000000000000000'

/** Our block, together with any lines that a store has put above it, is shorter: an address has 320 octets, a host name 253. */
const blockOctetsMax = 4096

/** The account that a copy is for. */
export interface TracedAccount extends MaildropSource {
  readonly address: string
  /** False: the block is its `X-Tributary-Id` line alone. */
  readonly trace: boolean
}

/** Prepares the trace blocks of a run, and makes their common part once. */
export function traceBlocks(
  account: TracedAccount,
  run: { readonly id: RunId; readonly publicName: string },
  nowMs: number,
): (message: Omit<Trace, 'source'>) => Buffer {
  const lines = [`X-Tributary-Id: ${sourceHash(account)}`]
  if (account.trace) {
    lines.unshift(
      `Received: from ${account.host} by ${run.publicName} with POP3`,
      ` id ${run.id} for <${account.address}>;`,
      ` ${mailDate(nowMs)}`,
      `X-Tributary-Account: ${account.address}`,
    )
  }
  const same = lines.join('\r\n')
  return ({ uidl = noUidl, fingerprint, token }) => Buffer.from(`${same}.${uidl}.${fingerprint}.${token}\r\n`, 'utf8')
}

/** The line alone, of what the gateway has written itself. */
export function traceLine({ source, uidl, fingerprint, token }: Trace): Buffer {
  return Buffer.from(`X-Tributary-Id: ${source}.${uidl ?? noUidl}.${fingerprint}.${token}\r\n`)
}

/** Writes a date in the form of RFC 5322 section 3.3, in UTC. */
function mailDate(nowMs: number): string {
  return new Date(nowMs).toUTCString().replace('GMT', '+0000')
}

/** Between any two octets of the id a store may have folded the line, or joined a fold again. */
const gap = String.raw`(?:(?:\r?\n)?[ \t])*`
const hash = (digits: number) => String.raw`((?:${gap}[0-9a-f]){${digits}})`
/** The value of the trace line. Its length is fixed: text after it is not read. */
const id = new RegExp([16, 16, 16, 32].map(hash).join(String.raw`${gap}\.`), 'y')

/** Finds the topmost trace line of a header, which alone counts: mail that passed two gateways has two. */
function traceLineIn(message: string): { readonly trace: Trace; readonly end: number } | undefined {
  // An empty line ends the header.
  const name = /(?:^|\n)(?:x-tributary-id:|\r?\n)/i.exec(message)
  if (name === null || !name[0].endsWith(':')) return undefined
  id.lastIndex = name.index + name[0].length
  const match = id.exec(message)
  if (match === null) return undefined
  const [source, uidl, fingerprint, token] = match.slice(1).map((digits) => digits.replace(/\s+/g, '')) as [
    ShortHash,
    ShortHash,
    ShortHash,
    Token,
  ]
  const lineEnd = message.indexOf('\n', id.lastIndex)
  return {
    trace: { source, uidl: uidl === noUidl ? undefined : uidl, fingerprint, token },
    end: lineEnd === -1 ? message.length : lineEnd + 1,
  }
}

/** Reads the topmost trace line of a header; undefined if there is none, or if it is not ours. */
export function traceOf(header: Buffer): Trace | undefined {
  return traceLineIn(header.toString('latin1'))?.trace
}

/**
 * Finds the place after our trace block, where the original begins: 0 if there is no block. An original may begin with white space, and its
 * first line then reads as a continuation of our last one: the block ends with the line in which the id ends.
 */
export function traceEnd(message: Buffer): number {
  return traceLineIn(message.toString('latin1', 0, blockOctetsMax))?.end ?? 0
}

/** The gateway's visit that brought a message, according to the trace block. */
export interface Courier {
  /** The host of the provider. */
  readonly provider: string
  readonly runId: string
  readonly address: string
  /** ISO 8601. */
  readonly gatheredAt: string | null
}

/** Reads the block of a message that begins with one: a block further down belongs to another gateway, or is forged. */
export function courierOf(message: Buffer): Courier | null {
  const text = message.toString('utf8', 0, traceEnd(message)).replace(/\r?\n[ \t]+/g, ' ')
  const match =
    /^Received: from (\S+) by \S+ with POP3 id (\S+) for <([^\r\n]*)>; ([^\r\n]*)\r?\nX-Tributary-Account: [^\r\n]*\r?\nX-Tributary-Id:/i.exec(
      text,
    )
  if (match === null) return null
  const [, provider = '', runId = '', address = '', date = ''] = match
  const ms = Date.parse(date)
  return { provider, runId, address, gatheredAt: Number.isNaN(ms) ? null : new Date(ms).toISOString() }
}
