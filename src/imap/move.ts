/** Moves messages by UID MOVE (RFC 6851), or by the commands that replace it, and removes folders. */
import type { ImapFlow } from 'imapflow'
import { packMessageRange } from 'imapflow/lib/tools.js'
import type { Appended } from '../pull/store-ports.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { atom, codeWordsOf, execute, sequence, uidsOf } from './command.ts'
import { encodedPathOf } from './connection.ts'
import { isMissing, preparedFolder } from './folder.ts'

/**
 * Moves exactly these messages to a folder, which is made again if it is missing. The answer has their UIDs there, if the store reports
 * them.
 *
 * @param staged if its `uidValidity` is known, nothing is moved out of a folder that has another one: its UIDs mean other messages.
 */
export async function moved(
  client: ImapFlow,
  from: string,
  { uidValidity: expected, uids }: Appended,
  to: string,
): Promise<Appended> {
  const set = packMessageRange([...uids])
  const path = encodedPathOf(client, to)
  await beTerse(client)
  const current = await selected(client, encodedPathOf(client, from))
  if (expected !== undefined && current !== expected) {
    const reply = `the folder has UIDVALIDITY ${current ?? 'unknown'}, and had ${expected}`
    throw new SessionFailed({ kind: 'store refused', during: 'staging move', reply })
  }
  const [uidValidity = '', movedSet = '', newSet = ''] = await moveOf(client, set, path).catch(
    async (error: unknown) => {
      if (!isMissing(error)) throw error
      await preparedFolder(client, to)
      return await moveOf(client, set, path)
    },
  )
  if (uidsOf(movedSet).length !== uids.length) {
    const reply = `moved ${movedSet === '' ? 'none' : movedSet} of ${set}`
    throw new SessionFailed({ kind: 'store refused', during: 'staging move', reply })
  }
  await execute(client, client.capabilities.has('UNSELECT') ? 'UNSELECT' : 'CLOSE', [], silence)
  const [source, target] = [uidsOf(movedSet), uidsOf(newSet)]
  const newUids = new Map(source.map((uid, nth) => [uid, target[nth]]))
  const inOrder = uids.map((uid) => newUids.get(uid)).filter((uid) => uid !== undefined)
  const isComplete = /^\d+$/.test(uidValidity) && inOrder.length === uids.length
  return isComplete ? { uidValidity: Number(uidValidity), uids: inOrder } : { uidValidity: undefined, uids: [] }
}

/** Selects a folder. The answer is its UIDVALIDITY, if the store reports it. */
async function selected(client: ImapFlow, path: string): Promise<number | undefined> {
  let uidValidity: number | undefined
  const hear = async (answer: unknown) => {
    const [value = ''] = codeWordsOf(answer, 'UIDVALIDITY') ?? []
    if (/^\d+$/.test(value)) uidValidity = Number(value)
  }
  await execute(client, 'SELECT', [atom(path)], { ...silence, OK: hear })
  return uidValidity
}

/** Moves a set. The answer has the words of COPYUID (RFC 4315 section 3): UIDVALIDITY of the target, the UIDs here, and the UIDs there. */
async function moveOf(client: ImapFlow, set: string, path: string): Promise<readonly string[]> {
  let copyUid: readonly string[] = []
  const hear = async (answer: unknown) => {
    copyUid = codeWordsOf(answer, 'COPYUID') ?? copyUid
  }
  const to = [sequence(set), atom(path)]
  if (client.capabilities.has('MOVE')) {
    await hear(await execute(client, 'UID MOVE', to, { ...silence, OK: hear }))
    return copyUid
  }
  await hear(await execute(client, 'UID COPY', to, silence))
  await execute(client, 'UID STORE', [sequence(set), atom('+FLAGS.SILENT'), [atom('\\Deleted')]], silence)
  await execute(client, 'UID EXPUNGE', [sequence(set)], silence)
  return copyUid
}

const terse = new WeakSet<ImapFlow>()

/** Asks the server to send one VANISHED in place of an EXPUNGE for each message (RFC 7162 section 3.2.10). */
async function beTerse(client: ImapFlow): Promise<void> {
  if (terse.has(client) || !client.capabilities.has('QRESYNC')) return
  await execute(client, 'ENABLE', [atom('QRESYNC')])
  terse.add(client)
}

export async function removed(client: ImapFlow, folder: string): Promise<void> {
  await execute(client, 'DELETE', [atom(encodedPathOf(client, folder))])
}

/** imapflow does not know that a folder is selected: these untagged answers must not reach it. */
export const silence = Object.fromEntries(
  ['EXISTS', 'RECENT', 'EXPUNGE', 'VANISHED', 'FLAGS', 'FETCH'].map((name) => [name, async () => {}]),
)
