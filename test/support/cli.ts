/** Compiles the command `tributary` once, and starts it as people do. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export interface Said {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface CompiledCli {
  readonly main: string
  /** @param env is the whole environment, apart from PATH. */
  run(words: readonly string[], env: NodeJS.ProcessEnv, stdin?: string): Promise<Said>
  remove(): void
}

export function compileCli(): CompiledCli {
  mkdirSync('node_modules/.cache', { recursive: true })
  const folder = resolve(mkdtempSync('node_modules/.cache/tributary-cli-'))
  const options = { noEmit: false, noCheck: true, rootDir: resolve('.'), outDir: folder }
  const project = join(folder, 'tsconfig.json')
  const config = {
    extends: resolve('tsconfig.json'),
    compilerOptions: options,
    include: [],
    files: [resolve('cli/main.ts')],
  }
  writeFileSync(project, JSON.stringify(config))
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', project])
  const main = join(folder, 'cli/main.js')
  return {
    main,
    run: async (words, env, given) =>
      await said(spawn(process.execPath, [main, ...words], { env: withPath(env) }), given),
    remove: () => rmSync(folder, { recursive: true }),
  }
}

export const withPath = (env: NodeJS.ProcessEnv) => ({ PATH: process.env['PATH'], TZ: 'UTC', ...env })

export async function said(child: ReturnType<typeof spawn>, stdin = ''): Promise<Said> {
  let out = ''
  let err = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (err += text))
  child.stdin?.on('error', () => {}).end(stdin)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}
