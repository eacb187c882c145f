/**
 * Loads the Lua scripts in scripts/ and makes a function of each.
 *
 * Redis is sent the text of a script once a connection and its hash from then on (EVALSHA, by ioredis' defineCommand). A Redis
 * that has lost its scripts (a restart, a fail-over, SCRIPT FLUSH) answers NOSCRIPT, and ioredis then sends the text again.
 */
import { readFileSync, statSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { type ChainableCommander, Cluster, Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import { failsOver, isPatient } from './nodes.ts'

export type ScriptArgument = string | number | Buffer

/** Calls one script. In a pipeline the answer is among what `exec` returns. */
export interface Script<Answer> {
  (redis: Redis, keyNames: readonly string[], args: readonly ScriptArgument[]): Promise<Answer>
  (pipeline: ChainableCommander, keyNames: readonly string[], args: readonly ScriptArgument[]): ChainableCommander
}

/** The folder lies beside this file. If this runs from dist/, the folder of the checkout is used, so that only the compiler has to run before. */
const folder = [new URL('scripts/', import.meta.url), new URL('../../../src/redis/scripts/', import.meta.url)].find(
  (url) => statSync(url, { throwIfNoEntry: false }) !== undefined,
)

/**
 * The text of a script as Redis gets it. A line `-- @include NAME` stands for the file includes/NAME.lua, once, and `limits.NAME` for
 * that number of limits.ts. Comments are left out, because they are for people.
 */
export function luaOf(name: string, included: Set<string> = new Set()): string {
  if (folder === undefined) throw new Error('The folder src/redis/scripts is missing: this is no whole installation.')
  const lines = readFileSync(new URL(`${name}.lua`, folder), 'utf8').split('\n')
  const expanded = lines.flatMap((line) => {
    const other = /^-- @include (\S+)$/.exec(line)?.[1]
    if (other !== undefined) {
      if (included.has(other)) return []
      included.add(other)
      return [luaOf(`includes/${other}`, included)]
    }
    return /^\s*(?:--.*)?$/.test(line) ? [] : [line]
  })
  return expanded.join('\n').replace(/\blimits\.(\w+)/g, (_whole, limit: string) => limitOf(limit, name))
}

function limitOf(limit: string, name: string): string {
  const value = (redisLimits as Readonly<Record<string, number>>)[limit]
  if (value === undefined) throw new Error(`${name}.lua names limits.${limit}, which is not in limits.ts`)
  return String(value)
}

/** A connection or a pipeline, which ioredis extends by the defined commands. */
interface Commander {
  defineCommand(name: string, definition: { readonly lua: string; readonly numberOfKeys?: number }): void
  readonly [command: string]: unknown
}

/** @param keyCount the number of its keys; `any number` if that depends on the call. */
export function script<Answer>(name: string, keyCount: number | 'any number'): Script<Answer> {
  const lua = luaOf(name)
  // BullMQ defines commands on the same connections, under names without a prefix.
  const command = `tributary:${name}`
  const definition = typeof keyCount === 'number' ? { lua, numberOfKeys: keyCount } : { lua }
  // A pipeline inherits the definitions of its connection, and also the note that the text was sent. The script is defined anew there, so
  // that each pipeline contains the text once: within MULTI nobody sends a script again that Redis has lost.
  const definedOn = new WeakSet<object>()
  const call = (on: Redis | ChainableCommander, keyNames: readonly string[], args: readonly ScriptArgument[]) => {
    if (typeof keyCount === 'number' && keyNames.length !== keyCount)
      throw new Error(`${name}.lua takes ${keyCount} keys and was given ${keyNames.length}`)
    const commander = on as unknown as Commander
    if (!definedOn.has(on)) {
      commander.defineCommand(command, definition)
      definedOn.add(on)
    }
    const count = typeof keyCount === 'number' ? [] : [keyNames.length]
    const ask = () => (commander[command] as (...all: ScriptArgument[]) => unknown)(...count, ...keyNames, ...args)
    return isConnection(on) && failsOver(on) ? onceTaken(on, ask) : ask()
  }
  return call as Script<Answer>
}

function isConnection(on: Redis | ChainableCommander): on is Redis {
  const given: unknown = on
  return given instanceof Redis || given instanceof Cluster
}

/** A master that has just taken the place of another one refuses writes until a replica is in step with it. What it refuses it has not begun. */
async function onceTaken(redis: Redis, ask: () => unknown): Promise<unknown> {
  const untilMs = performance.now() + (isPatient(redis) ? redisLimits.sureWithinMs : redisLimits.takenForApiMs)
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      const passes = error instanceof Error && error.message.startsWith('NOREPLICAS') && performance.now() < untilMs
      if (!passes) throw error
    }
    await delay(redisLimits.sureTriedEveryMs)
  }
}
