/** Steps between formats that are made up for tests, and a process that dies in the middle of them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { FormatStep } from '../../src/redis/format/steps.ts'
import { keys } from '../../src/redis/key-names.ts'

/** In format 2 an account's `host` is called `server`; in format 3 its value is in capitals, and the old settings have gone. */
export const renamingSteps: readonly FormatStep[] = [
  {
    name: 'host is called server',
    async run({ redis, write }) {
      for (const accounts of await slicesOf(await redis.hgetall(keys.accounts)))
        await write(
          accounts.map(([id, json]) => {
            const record = JSON.parse(json) as { account: { host?: string } }
            const { host, ...account } = record.account
            const renamed = host === undefined ? record.account : { ...account, server: host }
            return ['HSET', keys.accounts, id, JSON.stringify({ ...record, account: renamed })]
          }),
        )
    },
  },
  {
    name: 'servers in capitals',
    async run({ redis, write }) {
      for (const accounts of await slicesOf(await redis.hgetall(keys.accounts)))
        await write(
          accounts.map(([id, json]) => {
            const record = JSON.parse(json) as { account: { server: string } }
            const account = { ...record.account, server: record.account.server.toUpperCase() }
            return ['HSET', keys.accounts, id, JSON.stringify({ ...record, account })]
          }),
        )
      await write([['DEL', keys.settings]])
    },
  },
]

async function slicesOf(fields: Record<string, string>): Promise<[string, string][][]> {
  const all = Object.entries(fields)
  return await Promise.resolve([all.slice(0, 2), all.slice(2)].filter(({ length }) => length > 0))
}

export interface CarrierOptions {
  readonly url: string
  /** The number of the effect at which it ends itself. */
  readonly nth: number
  readonly moment: 'before' | 'after'
}

/** @returns the signal that ended the process, or null if it ended by itself; and its output. */
export async function carryInProcess(options: CarrierOptions): Promise<{ signal: string | null; said: string }> {
  const script = fileURLToPath(new URL('doomed-carrier.js', import.meta.url))
  const child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  if (signal === null && code !== 0) throw new Error(`the process ended with ${String(code)}: ${said}`)
  return { signal, said }
}
