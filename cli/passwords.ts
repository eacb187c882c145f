/** Reads passwords, but never from the command line, where every user of the machine could read them. */
import { readFileSync } from 'node:fs'
import type { Cli } from './cli.ts'
import { CommandFailed } from './failure.ts'

/** No password is longer than this. */
const octetsMax = 65_536

/**
 * Reads the first line of the file or of stdin; on a terminal it asks for the password.
 *
 * @param twice asks again, because nobody else knows this password.
 */
export async function passwordFrom(
  cli: Cli,
  file: string | undefined,
  question: string,
  twice = false,
): Promise<string> {
  const { terminal } = cli
  if (file === undefined && terminal.attended) {
    const password = await terminal.secret(question)
    if (twice && (await terminal.secret('Once more')) !== password)
      throw new CommandFailed('usage', 'These were two different passwords; nothing was done.')
    return filled(password)
  }
  return filled(firstLine(file === undefined || file === '-' ? await readAll(terminal.stdin) : fromFile(file)))
}

/** The first line of a file, or of stdin for `-`. */
export async function firstLineOf({ terminal }: Cli, file: string): Promise<string> {
  return firstLine(file === '-' ? await readAll(terminal.stdin) : fromFile(file))
}

function fromFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CommandFailed('usage', `The file of a secret cannot be read: ${(error as Error).message}`)
  }
}

async function readAll(stdin: AsyncIterable<unknown>): Promise<string> {
  let text = ''
  for await (const piece of stdin) {
    text += String(piece)
    if (text.length > octetsMax) throw new CommandFailed('usage', 'What stands on stdin is no password.')
  }
  return text
}

const firstLine = (text: string) => text.split(/\r?\n/, 1)[0] ?? ''

function filled(password: string): string {
  if (password === '')
    throw new CommandFailed('usage', 'A password is needed: on stdin, in --password-file FILE, or typed on a terminal.')
  return password
}
