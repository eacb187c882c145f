/** The header block that we put in front of a stored message (CONTRACT section 7, RFC 5321 section 4.4). */
import { type Source, sourceHash } from './header.ts'
import type { RunId, ShortHash, Token } from './message.ts'

/** What a trace line says. */
export interface Trace {
  readonly source: ShortHash
  readonly uidl: ShortHash | undefined
  readonly fingerprint: ShortHash
  readonly token: Token
}

/** Stands for a UIDL's hash where the server has none. */
const noUidl = '0000000000000000'

/** Whose copy it is. */
export interface TracedAccount extends Source {
  readonly address: string
  /** False: the block is its `X-Tributary-Id` line alone. */
  readonly trace: boolean
}

/** What they have in common is made once. */
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

/** RFC 5322 section 3.3, in UTC. */
function mailDate(nowMs: number): string {
  return new Date(nowMs).toUTCString().replace('GMT', '+0000')
}

/** The topmost trace line of a header: mail that passed two gateways has two. Some stores fold it. */
export function traceOf(header: Buffer): Trace | undefined {
  const text = header.toString('latin1')
  const [line] = /^x-tributary-id:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*/im.exec(text) ?? []
  const match = /:([0-9a-f]{16})\.([0-9a-f]{16})\.([0-9a-f]{16})\.([0-9a-f]{32})$/.exec(line?.replace(/\s+/g, '') ?? '')
  if (match === null) return undefined
  const [, source, uidl, fingerprint, token] = match as unknown as [string, ShortHash, ShortHash, ShortHash, Token]
  return { source, uidl: uidl === noUidl ? undefined : uidl, fingerprint, token }
}

/** Who brought a message, as its trace block says. */
export interface Courier {
  /** Host of the provider. */
  readonly provider: string
  readonly runId: string
  readonly address: string
  /** ISO 8601. */
  readonly gatheredAt: string | null
}

/** Of a message that begins with our block: one further down is of another gateway, or made up. */
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

/** Where the message itself begins, behind our trace block: 0 where there is none. */
export function traceEnd(message: Buffer): number {
  const text = message.toString('latin1', 0, 4096)
  const match = /^x-tributary-id:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*\r?\n/im.exec(text)
  return match === null ? 0 : match.index + match[0].length
}
