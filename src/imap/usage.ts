/** Asks how much mail a login has, as its server counts it. */
import type { ImapFlow } from 'imapflow'
import { pausesDestination } from '../failure/consequence.ts'
import { imapLimits } from './limits.ts'
import { atom, execute, isRecord, isRefusal, string, type Untagged, within } from './command.ts'
import { connectStore, type Login, serverOf } from './connection.ts'
import { isStaging, listed } from './folder.ts'
import { failed, troubleOf } from './trouble.ts'

export interface Usage {
  readonly folders: number
  readonly messages: number
  /** Null: the server does not report it (STATUS=SIZE, RFC 8438). */
  readonly octets: number | null
}

/** @throws SessionFailed if the count did not finish: a part of it is no count. */
export async function usageOf(login: Login): Promise<Usage> {
  const client = await connectStore(login, { waitMs: imapLimits.usageWaitMs })
  try {
    return await within(client, mailCount(client), { waitMs: imapLimits.usageWaitMs, during: 'count' })
  } catch (error) {
    throw failed(error, serverOf(client), 'count')
  } finally {
    client.close()
  }
}

async function mailCount(client: ImapFlow): Promise<Usage> {
  const tellsSize = client.capabilities.has('STATUS=SIZE')
  const folders = (await listed(client, '*')).filter((path) => !isStaging(path))
  let [messages, octets] = [0, 0]
  for (const path of folders) {
    const add = async ({ attributes }: Untagged) => {
      const status = attributes?.[1]
      if (!Array.isArray(status)) return
      const words = status.map((word: unknown) => (isRecord(word) ? String(word['value']).toUpperCase() : ''))
      const valueOf = (name: string) => Number(words[words.indexOf(name) + 1] ?? 0)
      messages += valueOf('MESSAGES')
      if (tellsSize) octets += valueOf('SIZE')
    }
    const items = ['MESSAGES', ...(tellsSize ? ['SIZE'] : [])].map(atom)
    try {
      await execute(client, 'STATUS', [string(path), items], { STATUS: add })
    } catch (error) {
      // A folder that cannot be opened holds no mail, or is gone by now; any other error would leave the count incomplete.
      const trouble = troubleOf(error, serverOf(client), 'count')
      if (!isRefusal(error) || (trouble !== undefined && pausesDestination(trouble))) throw error
    }
  }
  return { folders: folders.length, messages, octets: tellsSize ? octets : null }
}
