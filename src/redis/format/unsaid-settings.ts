/**
 * A part of the step from format 1 to 2: the records of accounts no longer say what most accounts have. All constants stand here once more, as a
 * step must not change with today's code.
 */
import type { Hand } from './hand.ts'

const accounts = '{tributary}:accounts'
const slice = '200'

const unsaid: Readonly<Record<string, unknown>> = {
  tls: 'implicit',
  tlsVerify: true,
  tlsFingerprint: null,
  folder: 'INBOX',
  flags: [],
  retention: { mode: 'keep' },
  firstRun: { mode: 'all' },
  interval: { minSeconds: 120, maxSeconds: 3600 },
  maxMessageBytes: 157_286_400,
  importBytesPerHour: null,
  hidesRetrieved: false,
  trace: true,
  paused: false,
}

/** A record that is short already stays as it is, and so does one that cannot be read. */
function shortened(id: string, json: string): string {
  let record: { readonly account?: Readonly<Record<string, unknown>> } | null
  try {
    record = JSON.parse(json) as typeof record
  } catch {
    return json
  }
  if (typeof record?.account !== 'object') return json
  const { account, ...rest } = record
  const usual: Readonly<Record<string, unknown>> = {
    ...unsaid,
    id,
    user: account['address'],
    port: (account['tls'] ?? 'implicit') === 'implicit' ? 995 : 110,
    createdAtMs: madeAtMs(id),
  }
  const said = Object.entries(account).filter(([name, value]) => JSON.stringify(usual[name]) !== JSON.stringify(value))
  return JSON.stringify({ account: Object.fromEntries(said), ...rest })
}

/** The time in a ULID: its first ten letters, 32 each. */
function madeAtMs(id: string): number {
  if (!/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(id)) return NaN
  let ms = 0
  for (let nth = 0; nth < 10; nth += 1) ms = ms * 32 + '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.indexOf(id.charAt(nth))
  return ms
}

export async function leaveUnsaid({ redis, write }: Hand): Promise<void> {
  let cursor = '0'
  do {
    const [next, flat] = await redis.hscan(accounts, cursor, 'COUNT', slice)
    cursor = next
    const commands = flat.flatMap((id, nth) => {
      const before = nth % 2 === 0 ? (flat[nth + 1] ?? '') : ''
      const after = before === '' ? '' : shortened(id, before)
      return after === before ? [] : [['HSET', accounts, id, after] as const]
    })
    if (commands.length > 0) await write(commands)
  } while (cursor !== '0')
}
