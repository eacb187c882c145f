/** The programs that keep what an instance has: which of them are here, and which may open what another one wrote (docs/decisions/0092). */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { writeAtomicallySync } from '../src/disk/atomic-write.ts'
import { isThere } from '../src/disk/is-there.ts'

export interface ServerProgram {
  readonly name: 'Dovecot' | 'Redis' | 'Valkey'
  /** Its first two numbers: the form of its files changes with these. */
  readonly line: string
}

/** The Dovecots whose settings deploy/dovecot.conf has. */
const dovecotLines = ['2.3', '2.4']

/** @throws if it is a Dovecot for which there are no settings. */
export function dovecotLine(): string {
  const said = execFileSync('/usr/sbin/dovecot', ['--version'], { encoding: 'utf8' })
  const line = lineIn(said)
  if (!dovecotLines.includes(line))
    throw new Error(`Dovecot ${said.trim()} is neither 2.3 nor 2.4: use docker compose, see README.md`)
  return line
}

export interface RedisProgram extends ServerProgram {
  readonly command: string
}

/** Chooses the Redis or Valkey of this machine: the one that wrote the data, where it is here. */
export function redisProgram(kept: Kept): RedisProgram {
  const here = ['redis-server', 'valkey-server'].flatMap((command): RedisProgram[] => {
    // "Redis server v=8.0.2 sha=...", or "Server v=8.1.1 ..." of Valkey.
    const { status, stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' })
    return status === 0
      ? [{ command, name: command === 'valkey-server' ? 'Valkey' : 'Redis', line: lineIn(stdout) }]
      : []
  })
  const before = writtenBy(kept)
  const chosen = here.find(({ name }) => name === before?.name) ?? here[0]
  if (chosen === undefined) throw new Error('neither redis-server nor valkey-server is here: install one of them')
  return chosen
}

function lineIn(text: string): string {
  return /\d+\.\d+/.exec(text)?.[0] ?? '0.0'
}

/** What a program may do with the files that another one wrote. */
export type Opening = 'same' | 'forward' | 'refused'

/**
 * Files are read by the program that wrote them, and by newer ones of its kind; a newer one may write them so that no older one reads them. Valkey
 * came of Redis 7.2, and reads what Redis wrote until then.
 */
export function openingOf(written: ServerProgram, program: ServerProgram): Opening {
  const step = compared(written.line, program.line)
  if (written.name === program.name) return step === 0 ? 'same' : step < 0 ? 'forward' : 'refused'
  const isHeir = written.name === 'Redis' && program.name === 'Valkey'
  return isHeir && compared(written.line, '7.2') <= 0 ? 'forward' : 'refused'
}

function compared(one: string, other: string): number {
  const [[major = 0, minor = 0], [otherMajor = 0, otherMinor = 0]] = [numbersIn(one), numbersIn(other)]
  return major - otherMajor || minor - otherMinor
}

function numbersIn(line: string): number[] {
  return line.split('.').map(Number)
}

/** Data that a server keeps. */
export interface Kept {
  /** What they are to people. */
  readonly what: string
  /** The file that names the program which wrote them. */
  readonly mark: string
  /** Who wrote them if there is no such file: every version of ours before that file ran on Debian 12. Undefined: there are none yet. */
  readonly unmarked: ServerProgram | undefined
}

/** Reads who wrote the data; undefined: nobody yet. */
export function writtenBy({ mark, unmarked }: Kept): ServerProgram | undefined {
  if (!isThere(mark)) return unmarked
  const [, name, line] = /^(Dovecot|Redis|Valkey) (\d+\.\d+)$/m.exec(readFileSync(mark, 'utf8')) ?? []
  return name === undefined || line === undefined ? unmarked : { name: name as ServerProgram['name'], line }
}

/**
 * Writes down that from now on this program writes these data.
 *
 * @returns a sentence for people, if it is another program than before and that one must not open them any more.
 * @throws if this program must not open them.
 */
export function claim(kept: Kept, program: ServerProgram): string | undefined {
  const written = writtenBy(kept)
  const opening = written === undefined ? 'same' : openingOf(written, program)
  if (written !== undefined && opening === 'refused')
    throw new Error(
      `${kept.what} was written by ${nameOf(written)}, and ${nameOf(program)} might damage it. Install ${nameOf(written)} or newer again, or go back to a copy from before: docs/operating.md, "Other server programs"`,
    )
  writeAtomicallySync(kept.mark, `${nameOf(program)}\n`)
  if (written === undefined || opening === 'same') return undefined
  return `${kept.what} was written by ${nameOf(written)}; ${nameOf(program)} goes on with it, and ${nameOf(written)} must not open it any more`
}

function nameOf({ name, line }: ServerProgram): string {
  return `${name} ${line}`
}
