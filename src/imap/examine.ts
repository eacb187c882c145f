/** Tries a login of a store: logs in, looks into INBOX, and leaves; stores nothing. */
import { TLSSocket } from 'node:tls'
import { SessionFailed } from '../failure/session-failed.ts'
import type { Failure } from '../failure/failure.ts'
import { certificateShown } from '../net/certificate.ts'
import { atom, execute, type Untagged, within } from './command.ts'
import { connectStore, type Login, serverOf } from './connection.ts'
import { writeSocketOf } from './insides.ts'
import { imapLimits } from './limits.ts'
import { failed } from './trouble.ts'

/** The findings of a login. */
export interface StoreExamination {
  /** In INBOX. */
  readonly messages: number
  readonly capabilities: readonly string[]
  /** Null: nothing was encrypted. */
  readonly tls: { readonly version: string; readonly fingerprint: string; readonly validTo: string } | null
  readonly failure: Failure | null
}

/** A fault of the server is not thrown: it is in `failure`. */
export async function examineStore(login: Login): Promise<StoreExamination> {
  const waitMs = imapLimits.testConnectWaitMs
  let seen: Omit<StoreExamination, 'failure'> = { messages: 0, capabilities: [], tls: null }
  try {
    const client = await connectStore(login, { waitMs })
    try {
      const socket = writeSocketOf(client)
      if (socket instanceof TLSSocket) seen = { ...seen, tls: tlsOf(socket) }
      seen = { ...seen, capabilities: [...client.capabilities.keys()].slice(0, capabilitiesMax) }
      const counting = execute(client, 'STATUS', [atom('INBOX'), [atom('MESSAGES')]], {
        STATUS: async ({ attributes }: Untagged) => {
          seen = { ...seen, messages: countIn(attributes?.[1]) }
        },
      })
      await within(client, counting, { waitMs, during: 'STATUS' }).catch((error: unknown) => {
        throw failed(error, serverOf(client), 'STATUS')
      })
    } finally {
      client.close()
    }
  } catch (error) {
    if (!(error instanceof SessionFailed)) throw error
    return { ...seen, failure: error.failure }
  }
  return { ...seen, failure: null }
}

/** No server has as many. */
const capabilitiesMax = 100

function tlsOf(socket: TLSSocket) {
  const { version, fingerprint, validTo } = certificateShown(socket)
  return { version, fingerprint, validTo }
}

/** The number behind MESSAGES: a server may say more than it was asked (RFC 9051 section 7.3.4). */
function countIn(list: unknown): number {
  if (!Array.isArray(list)) return 0
  const words = (list as readonly { readonly value?: unknown }[]).map((word) => String(word.value))
  const count = words[words.findIndex((word) => word.toUpperCase() === 'MESSAGES') + 1] ?? ''
  return words.includes('MESSAGES') && /^\d{1,10}$/.test(count) ? Number(count) : 0
}
