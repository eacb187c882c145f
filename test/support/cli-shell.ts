/** Runs lines of a shell as somebody types them, in a folder of their own: pipes, files and quotes are bash's, and `tributary` is the command line. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { said, type Said, withPath } from './cli.ts'

export interface CliShell {
  /** Ends at the first line that fails. */
  run(lines: string): Promise<Said>
  close(): void
}

const preamble = `set -eo pipefail
tributary() {
  local code words=()
  code=$(mktemp -p "$HOME")
  for word in "$code" "$@"; do words+=(--form-string "word=$word"); done
  curl --silent --no-buffer --unix-socket socket --form stdin=@- "\${words[@]}" http://tributary/ || return
  return "$(<"$code")"
}
`

/** @param folder is where it runs, its HOME, and holds nothing named `socket`. */
export async function cliShell(folder: string, variables: NodeJS.ProcessEnv): Promise<CliShell> {
  const env = withPath({ HOME: folder, ...variables })
  const script = fileURLToPath(new URL('cli-process.js', import.meta.url))
  const commands = spawn(process.execPath, [script, join(folder, 'socket')], { cwd: folder, env })
  let err = ''
  commands.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  await once(commands.stdout, 'data')
  return {
    async run(lines) {
      const before = err.length
      const child: ChildProcess = spawn('bash', ['-c', `${preamble}${lines}`], { cwd: folder, env })
      const ended = await said(child)
      return { ...ended, err: `${ended.err}${err.slice(before)}` }
    },
    close: () => void commands.kill('SIGTERM'),
  }
}
