/**
 * A Dovecot that was killed while it wrote finds at a later write that its mdbox contradicts itself. In the middle of that write it
 * rebuilds it, brings back whole messages that no index knew, and ends the session ("IMAP session state is inconsistent, please
 * relogin"), one to three times. So before a run looks for messages of earlier runs, it writes and moves worthless mail until that
 * succeeds: by then the lost messages have come back, and the run is not interrupted later (docs/decisions/0013).
 */
import type { ImapFlow } from 'imapflow'
import { imapLimits } from './limits.ts'
import type { StoreAccess, Staging } from './access.ts'
import { atom, type Attribute, execute } from './command.ts'
import { encodedPathOf } from './connection.ts'
import { listed, listedFolders, stagingRoot } from './folder.ts'
import { moved, removed } from './move.ts'
import { search } from './search.ts'

/** Appends and moves a probe until the store finds nothing to repair any more. */
export async function settled(access: StoreAccess, staging: Staging): Promise<void> {
  for (let nth = 1; ; nth += 1) {
    try {
      return await search(access, (client, wait) => wait(probed(client, staging)))
    } catch (error) {
      if (nth === imapLimits.settleAttempts || access.signal?.aborted) throw error
    }
  }
}

async function probed(client: ImapFlow, { accountId, holder }: Staging): Promise<void> {
  const name = `${stagingRoot}/settling-${accountId}-`
  const [from, to] = [`${name}${holder}`, `${name}${holder}-moved`]
  for (const leftover of await listed(client, encodedPathOf(client, name) + '%')) await removed(client, leftover)
  for (const path of await listedFolders(client, encodedPathOf(client, `settling-${accountId}-`) + '%'))
    if (await holdsOnlyProbes(client, path)) await removed(client, path)
  for (const folder of [from, to]) await execute(client, 'CREATE', [atom(encodedPathOf(client, folder))])
  await execute(client, 'APPEND', [atom(encodedPathOf(client, from)), probe])
  await moved(client, from, { uidValidity: undefined, uids: [1] }, to)
  for (const folder of [from, to]) await removed(client, folder)
}

/** A rebuild brings a probe back among the folders of the user, who may have put mail of theirs into that folder. */
async function holdsOnlyProbes(client: ImapFlow, path: string): Promise<boolean> {
  const { exists } = await client.mailboxOpen(path, { readOnly: true })
  let others = 0
  if (exists > 0)
    for await (const { size } of client.fetch('1:*', { size: true })) if (size !== probeText.length) others += 1
  await client.mailboxClose()
  return others === 0
}

const probeText = Buffer.from('Subject: Whether the store is sound\r\n\r\n')
const probe: Attribute = {
  type: 'LITERAL',
  value: probeText,
  isLiteral8: false,
}
