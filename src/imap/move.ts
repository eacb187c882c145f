/** UID MOVE (RFC 6851), or what stands for it; and folders that go. */
import type { ImapFlow } from 'imapflow'
import { packMessageRange } from 'imapflow/lib/tools.js'
import type { Appended } from '../pull/ports.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { atom, codeWordsOf, execute, uidsOf } from './command.ts'
import { encodedPathOf } from './connection.ts'
import { isMissing, preparedFolder } from './folder.ts'

/** Moves exactly these (RFC 6851), to a folder that is made anew should it have gone. Tells what each is called there. */
export async function moved(client: ImapFlow, from: string, uids: readonly number[], to: string): Promise<Appended> {
  const set = packMessageRange([...uids])
  const path = encodedPathOf(client, to)
  await beTerse(client)
  await execute(client, 'SELECT', [atom(encodedPathOf(client, from))], silence)
  const [uidValidity = '', went = '', there = ''] = await moveOf(client, set, path).catch(async (error: unknown) => {
    if (!isMissing(error)) throw error
    await preparedFolder(client, to)
    return await moveOf(client, set, path)
  })
  if (uidsOf(went).length !== uids.length) {
    const reply = `moved ${went === '' ? 'none' : went} of ${set}`
    throw new SessionFailed({ kind: 'store refused', during: 'staging move', reply })
  }
  await execute(client, client.capabilities.has('UNSELECT') ? 'UNSELECT' : 'CLOSE', [], silence)
  const [source, target] = [uidsOf(went), uidsOf(there)]
  const called = new Map(source.map((uid, nth) => [uid, target[nth]]))
  const known = uids.map((uid) => called.get(uid)).filter((uid) => uid !== undefined)
  const told = /^\d+$/.test(uidValidity) && known.length === uids.length
  return told ? { uidValidity: Number(uidValidity), uids: known } : { uidValidity: undefined, uids: [] }
}

/** The words of COPYUID (RFC 4315 section 3): UIDVALIDITY over there, the set that went, and what it is called there. */
async function moveOf(client: ImapFlow, set: string, path: string): Promise<readonly string[]> {
  let went: readonly string[] = []
  const hear = async (answer: unknown) => {
    went = codeWordsOf(answer, 'COPYUID') ?? went
  }
  const to = [atom(set), atom(path)]
  if (client.capabilities.has('MOVE')) {
    await hear(await execute(client, 'UID MOVE', to, { ...silence, OK: hear }))
    return went
  }
  await hear(await execute(client, 'UID COPY', to, silence))
  await execute(client, 'UID STORE', [atom(set), atom('+FLAGS.SILENT'), [atom('\\Deleted')]], silence)
  await execute(client, 'UID EXPUNGE', [atom(set)], silence)
  return went
}

const terse = new WeakSet<ImapFlow>()

/** One VANISHED in place of an EXPUNGE for each message (RFC 7162 section 3.2.10). */
async function beTerse(client: ImapFlow): Promise<void> {
  if (terse.has(client) || !client.capabilities.has('QRESYNC')) return
  await execute(client, 'ENABLE', [atom('QRESYNC')])
  terse.add(client)
}

export async function removed(client: ImapFlow, folder: string): Promise<void> {
  await execute(client, 'DELETE', [atom(encodedPathOf(client, folder))])
}

/** imapflow believes that no folder is selected: what is said of one is not for it. */
const silence = Object.fromEntries(
  ['EXISTS', 'RECENT', 'EXPUNGE', 'VANISHED', 'FLAGS', 'FETCH'].map((name) => [name, async () => {}]),
)
