/** How much mail a login has, as its server counts it. */
import { imapLimits } from './limits.ts'
import { atom, execute, isRecord, string, type Untagged, within } from './command.ts'
import { connectStore, type Login } from './connection.ts'
import { isStaging, listed } from './folder.ts'

export interface Usage {
  readonly folders: number
  readonly messages: number
  /** Null: the server does not tell (STATUS=SIZE, RFC 8438). */
  readonly octets: number | null
}

export async function usageOf(login: Login): Promise<Usage> {
  const client = await connectStore(login, AbortSignal.timeout(imapLimits.usageWaitMs))
  try {
    return await within(client, imapLimits.usageWaitMs, 'count', counted(client))
  } finally {
    client.close()
  }
}

async function counted(client: Awaited<ReturnType<typeof connectStore>>): Promise<Usage> {
  const tellsSize = client.capabilities.has('STATUS=SIZE')
  const folders = (await listed(client, '*')).filter((path) => !isStaging(path))
  let [messages, octets] = [0, 0]
  for (const path of folders) {
    const add = async ({ attributes }: Untagged) => {
      const told = attributes?.[1]
      if (!Array.isArray(told)) return
      const words = told.map((word: unknown) => (isRecord(word) ? String(word['value']).toUpperCase() : ''))
      const valueOf = (name: string) => Number(words[words.indexOf(name) + 1] ?? 0)
      messages += valueOf('MESSAGES')
      if (tellsSize) octets += valueOf('SIZE')
    }
    const items = ['MESSAGES', ...(tellsSize ? ['SIZE'] : [])].map(atom)
    // One that cannot be opened holds no mail, or is gone by now.
    await execute(client, 'STATUS', [string(path), items], { STATUS: add }).catch(() => {})
  }
  return { folders: folders.length, messages, octets: tellsSize ? octets : null }
}
