/** `tributary settings`: the settings that an admin changes while the gateway runs. */
import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import type { Cli } from './cli.ts'
import { CommandFailed } from './failure.ts'
import { example } from './reference.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

export function addSettings(program: Command, cli: Cli): void {
  const { terminal } = cli
  const settings = program.command('settings').description('What an admin sets while it runs')
  const show = (all: Json, names: readonly string[] = []) => {
    if (terminal.json) return terminal.document(all)
    const rows = flat(all).filter(
      ([name]) => names.length === 0 || names.some((one) => `${name}.`.startsWith(`${one}.`)),
    )
    if (rows.length === 0) throw new CommandFailed('refused', `There is no setting ${names.join(' or ')}.`)
    terminal.fields(
      ...rows.map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : JSON.stringify(value)] as const),
    )
  }

  example(
    settings
      .command('get')
      .description('Show settings')
      .argument('[names...]', 'these only')
      .action(async (names: string[]) => show(await cli.api.get<Json>('/settings'), names)),
    'tributary settings get ownerPorts',
  )

  example(
    settings
      .command('set')
      .description('Change settings; they hold from the next run or request on')
      .argument('<name=value...>', 'a list with commas; @FILE takes the first line of a file, for what is secret')
      .action(async (words: string[]) => {
        const before = await cli.api.get<Json>('/settings')
        let body: Json = {}
        for (const word of words) body = merged(body, changeOf(word, before))
        show(
          await cli.api.ask<Json>('PATCH', '/settings', { body: body as object }),
          words.map((word) => word.split('=')[0] ?? ''),
        )
      }),
    'tributary settings set arrivedKeptDays=90 ownerPorts.pop3=110,995',
  )
}

/** Makes `{ ownerPorts: { pop3: [110, 995] } }` from `ownerPorts.pop3=110,995`: a setting whose value is a list now remains a list. */
export function changeOf(word: string, settings: Json): Json {
  const [, name, text] = /^([^=]+)=([\s\S]*)$/.exec(word) ?? []
  if (name === undefined || text === undefined) throw new CommandFailed('usage', `${word} should be NAME=VALUE.`)
  const path = name.split('.')
  let now: Json | undefined = settings
  for (const step of path) {
    // The parts of a setting that the API does not name are not known here.
    if (now === null) break
    now = isObject(now) ? now[step] : undefined
    if (now === undefined)
      throw new CommandFailed(
        'usage',
        `There is no setting ${name}; there are ${flat(settings)
          .map(([one]) => one)
          .join(', ')}.`,
      )
  }
  const value = text.startsWith('@') ? firstLineOf(text.slice(1)) : Array.isArray(now) ? listIn(text) : valueIn(text)
  return path.reduceRight<Json>((inner, step) => ({ [step]: inner }), value)
}

function valueIn(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

function listIn(text: string): Json {
  if (text.startsWith('[')) return valueIn(text)
  return text
    .split(',')
    .filter((one) => one !== '')
    .map(valueIn)
}

function firstLineOf(file: string): string {
  return readFileSync(file === '-' ? 0 : file, 'utf8').split(/\r?\n/, 1)[0] ?? ''
}

function merged(one: Json, other: Json): Json {
  if (!isObject(one) || !isObject(other)) return other
  const both: Record<string, Json> = { ...one }
  for (const [name, value] of Object.entries(other))
    both[name] = name in both ? merged(both[name] ?? null, value) : value
  return both
}

/** Lists each setting with its dotted name. */
function flat(value: Json, name = ''): [string, Json][] {
  if (!isObject(value)) return [[name, value]]
  return Object.entries(value).flatMap(([step, inner]) => flat(inner, name === '' ? step : `${name}.${step}`))
}

const isObject = (value: Json | undefined): value is { readonly [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
