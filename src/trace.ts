/** The header block that we put in front of a stored message (CONTRACT section 7, RFC 5321 section 4.4). */
import type { Account } from './account.ts'
import { sourceHash } from './header.ts'
import type { ShortHash, Token } from './ledger.ts'
import type { RunId } from './message.ts'

/** Stands for a UIDL's hash where the server has none. */
const noUidl = '0000000000000000'

export function traceBlock(
  account: Account,
  run: { readonly id: RunId; readonly publicName: string },
  message: { readonly uidl: ShortHash | undefined; readonly fingerprint: ShortHash; readonly token: Token },
  nowMs: number,
): Buffer {
  const id = `${sourceHash(account)}.${message.uidl ?? noUidl}.${message.fingerprint}.${message.token}`
  const lines = [`X-Tributary-Id: ${id}`]
  if (account.trace) {
    lines.unshift(
      `Received: from ${account.host} by ${run.publicName} with POP3`,
      ` id ${run.id} for <${account.address}>;`,
      ` ${mailDate(nowMs)}`,
      `X-Tributary-Account: ${account.address}`,
    )
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n`, 'utf8')
}

/** RFC 5322 section 3.3, in UTC. */
function mailDate(nowMs: number): string {
  return new Date(nowMs).toUTCString().replace('GMT', '+0000')
}
