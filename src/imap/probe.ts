/**
 * Asks a store whether it takes a message just now. After refusals in words that tell nothing, this is the evidence: either the refused
 * messages are at fault, or the store is. The message goes into a folder of its own, which is removed at once.
 */
import type { ImapFlow } from 'imapflow'
import type { Token } from '../mail/message.ts'
import type { AppendAnswer, Copy } from '../pull/store-ports.ts'
import type { StoreAccess } from './access.ts'
import { type AppendRules, multiAppend } from './append.ts'
import { atom, codeOf, execute, isRefusal } from './command.ts'
import { encodedPathOf } from './connection.ts'
import { removed } from './move.ts'

/**
 * The answer is undefined if nobody can tell: the store lets no folder be made, or keeps the mail of a removed folder elsewhere, as Gmail
 * does.
 *
 * @param borrow lends a connection for each use: the one of the append may be gone when the folder is removed.
 */
export async function takesMail(
  borrow: StoreAccess['borrow'],
  folder: string,
  rules: AppendRules,
): Promise<boolean | undefined> {
  const answer = await borrow((client) => appendProbe(client, folder, rules))
  // The probe of another run at this login may have removed the folder meanwhile.
  if (answer === undefined || isFolderGone(answer)) return undefined
  // What stays behind, because the store is away, is taken again by the next probe, and removed then.
  await borrow((client) => removed(client, folder)).catch(() => {})
  return answer.status === 'stored'
}

function isFolderGone(answer: AppendAnswer): boolean {
  return answer.status === 'refused' && /\[TRYCREATE\]/i.test(answer.reply)
}

/** Undefined: there is no folder to append to. */
async function appendProbe(client: ImapFlow, folder: string, rules: AppendRules): Promise<AppendAnswer | undefined> {
  if (client.capabilities.has('X-GM-EXT-1')) return undefined
  try {
    await execute(client, 'CREATE', [atom(encodedPathOf(client, folder))])
  } catch (error) {
    if (!isRefusal(error)) throw error
    // An earlier probe could not remove it.
    if (codeOf(error) !== 'ALREADYEXISTS') return undefined
  }
  return await multiAppend(client, { folder, copies: [probe()], flags: ['\\Seen'] }, rules)
}

/** A small message without anything that a store could mind. */
function probe(): Copy {
  const now = new Date()
  const lines = [
    `Date: ${now.toUTCString().replace('GMT', '+0000')}`,
    'From: Tributary <tributary@localhost>',
    'To: Tributary <tributary@localhost>',
    'Subject: Does this store take mail?',
    `Message-ID: <probe.${now.getTime()}@localhost>`,
    '',
    'Tributary asks itself whether this store takes mail just now, and removes this message at once.',
    '',
  ]
  return { token: '' as Token, literal: [Buffer.from(lines.join('\r\n'))], internalDate: now }
}
