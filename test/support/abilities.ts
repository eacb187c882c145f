/** Reads what the packages that run beside us can do, out of their own sources: which of Node's modules they name. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const abilities = ['network', 'files', 'processes', 'threads', 'code', 'native'] as const
export type Ability = (typeof abilities)[number]

export interface Locked {
  readonly version: string
  readonly integrity?: string
  readonly resolved?: string
  readonly dev?: true
  readonly devOptional?: true
  readonly hasInstallScript?: true
}

export interface Lock {
  readonly lockfileVersion: number
  readonly packages: Readonly<Record<string, Locked>>
}

export const lockIn = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Lock

/** `code`: it runs what it was given as text. */
const modules: Readonly<Record<string, Ability>> = {
  net: 'network',
  tls: 'network',
  http: 'network',
  https: 'network',
  http2: 'network',
  dns: 'network',
  'dns/promises': 'network',
  dgram: 'network',
  fs: 'files',
  'fs/promises': 'files',
  child_process: 'processes',
  cluster: 'processes',
  worker_threads: 'threads',
  vm: 'code',
  module: 'code',
  repl: 'code',
  inspector: 'code',
}
const named = /(?:require\s*\(|from\s*|import\s*\(|import\s+)\s*['"](?:node:)?([a-z0-9_/]+)['"]/g
const runsText = /\beval\s*\(|new Function\(/
/** What comes along and never runs here. */
const aside =
  /(?:^|\/)(?:(?:node_modules|tests?|__tests__|bench(?:marks?)?|examples?|docs|build-tests)\/|(?:test|bench|example)\.[cm]?js$)/

/** `node_modules/a/node_modules/@b/c` -> `@b/c`; what is built for a machine -> `@b/c-*` */
export function packageOf(path: string): string {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
  return name.replace(/^(@node-rs\/argon2|@msgpackr-extract\/msgpackr-extract)-.*$/, '$1-*')
}

/** The packages that run with us and can do something, by name. */
export function abilitiesOf({ packages }: Lock): Map<string, ReadonlySet<Ability>> {
  const found = new Map<string, Set<Ability>>()
  for (const [path, { dev, devOptional }] of Object.entries(packages)) {
    if (path === '' || dev || devOptional || !existsSync(path)) continue
    const own = found.get(packageOf(path)) ?? new Set()
    for (const ability of abilitiesIn(path)) own.add(ability)
    if (own.size > 0) found.set(packageOf(path), own)
  }
  return found
}

function* abilitiesIn(folder: string): Generator<Ability> {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (aside.test(name)) continue
    if (name.endsWith('.node')) yield 'native'
    if (!/\.[cm]?js$/.test(name)) continue
    const text = sourceAt(join(folder, name))
    for (const [, module = ''] of text.matchAll(named)) if (Object.hasOwn(modules, module)) yield modules[module]!
    if (runsText.test(text)) yield 'code'
  }
}

/** Some packages have a folder that is called `x.js`. */
function sourceAt(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
