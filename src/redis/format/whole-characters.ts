/**
 * A part of the step from format 1 to 2: half of a surrogate pair, which earlier versions took in names, addresses and other texts, becomes
 * U+FFFD. Scripts could not read such a record, and stopped at it.
 */
import type { Hand } from './hand.ts'

const hashes = [
  'accounts',
  'account-states',
  'destinations',
  'webhooks',
  'notice',
  'told',
  'pauses',
  'settings',
  'tokens',
]
const escapes = /\\(?:[^u]|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u([dD][89a-fA-F][0-9a-fA-F]{2}))/g

export async function makeCharactersWhole({ redis, write }: Hand): Promise<void> {
  for (const name of hashes) {
    const hash = `{tributary}:${name}`
    let cursor = '0'
    do {
      const [next, flat] = await redis.hscan(hash, cursor, 'COUNT', 200)
      cursor = next
      const commands = flat.flatMap((field, nth) => {
        const before = nth % 2 === 0 ? (flat[nth + 1] ?? '') : ''
        const after = before.replace(escapes, (escape, half?: string) => (half === undefined ? escape : '\\ufffd'))
        return after === before ? [] : [['HSET', hash, field, after] as const]
      })
      if (commands.length > 0) await write(commands)
    } while (cursor !== '0')
  }
}
