/** Completes a command line: with words of the command tree, and with names from the API. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Argument, type Command, Option } from 'commander'
import type { Cli } from './cli.ts'
import { destinationTitle } from './find.ts'
import { clone } from './place.ts'
import { example, shownBelow } from './reference.ts'
import type { Account, Application, Destination } from './wire.ts'

interface Candidate {
  readonly word: string
  readonly about: string
}

/** The API is asked for no longer than this, because somebody waits with a finger on the key. */
const namesWithinMs = 1500
const namesMax = 50

/** The script reads the words from the whole line, because bash ends a word at `@` and `:`. So the offered words leave out the part before these characters. */
const bash = `_tributary() {
  local line=\${COMP_LINE:0:COMP_POINT} breaks=\${COMP_WORDBREAKS//[^@:=]/} words word before=
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  local current=\${words[\${#words[@]}-1]}
  [[ -n $breaks ]] && before=\${current%"\${current##*[$breaks]}"}
  COMPREPLY=()
  while IFS=$'\\t' read -r word _; do
    COMPREPLY+=("$(printf %q "\${word#"$before"}")")
  done < <("\${words[0]}" complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -o default -F _tributary tributary`

const zsh = `#compdef tributary
_tributary() {
  local -a found
  local word about
  while IFS=$'\\t' read -r word about; do
    found+=("\${word//:/\\\\:}:$about")
  done < <("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( $#found )); then _describe tributary found; else _files; fi
}
compdef _tributary tributary`

const fish = `function __tributary_complete
  set -l found (tributary complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c tributary -f -a '(__tributary_complete)'`

const scripts: Readonly<Record<string, string>> = { bash, zsh, fish }

export function addCompletion(program: Command, cli: Cli): void {
  example(
    program
      .command('completion')
      .description('Print what a shell needs to complete commands, options, addresses and logins')
      .addArgument(new Argument('<shell>', 'whose').choices(Object.keys(scripts)))
      .action((shell: string) => {
        cli.terminal.print(scripts[shell] ?? '')
        const hint = pathHint(cli.env['PATH'] ?? '')
        // A shell that evaluates the script shows it only to whoever sits there.
        if (hint !== undefined && cli.terminal.stderr.isTTY) cli.terminal.note(hint)
      }),
    'eval "$(tributary completion bash)"    # in ~/.bashrc; likewise zsh in ~/.zshrc',
    'tributary completion fish > ~/.config/fish/completions/tributary.fish',
  )
  program
    .command('complete [words...]', { hidden: true })
    .description('What the shell asks')
    .action(async (words: string[]) => {
      for (const { word, about } of await candidates(program, cli, words)) cli.terminal.print(`${word}\t${about}`)
    })
}

/** A shell completes a command that it finds, and `npx tributary` is none. Undefined: it is found. */
export function pathHint(path: string): string | undefined {
  const isFound = path.split(':').some((folder) => folder !== '' && existsSync(join(folder, 'tributary')))
  if (isFound) return undefined
  return `No folder of PATH has tributary, and only that is completed. To put it there: ln -s ${join(clone, 'dist/cli/main.js')} ~/.local/bin/tributary`
}

/** @param words come after the command's own name; the last one is still being typed. If nothing is found, the shell offers files. */
export async function candidates(program: Command, cli: Cli, words: readonly string[]): Promise<Candidate[]> {
  const current = words.at(-1) ?? ''
  let command = program
  let place = 0
  let awaited: Option | undefined
  for (const word of words.slice(0, -1)) {
    if (awaited !== undefined) awaited = undefined
    else if (word.startsWith('-'))
      awaited = optionsOf(program, command).find((one) => takesValue(one) && [one.short, one.long].includes(word))
    else {
      const below = command.commands.find((one) => one.name() === word)
      if (below === undefined) place += 1
      else command = below
    }
  }
  const offered = await offer()
  return offered.filter(({ word }) => word.startsWith(current) && word !== '')

  async function offer(): Promise<Candidate[]> {
    if (awaited !== undefined) return await valuesOf(awaited.argChoices, awaited.attributeName(), '')
    if (current.startsWith('-'))
      return optionsOf(program, command).map((one) => ({ word: one.long ?? '', about: one.description }))
    if (command.commands.length > 0)
      return shownBelow(command).map((one) => ({ word: one.name(), about: one.description() }))
    const last = command.registeredArguments.at(-1)
    const argument = command.registeredArguments[place] ?? (last?.variadic ? last : undefined)
    return argument === undefined ? [] : await valuesOf(argument.argChoices, argument.name(), argument.description)
  }

  async function valuesOf(choices: readonly string[] | undefined, name: string, about: string): Promise<Candidate[]> {
    if (choices !== undefined) return choices.map((word) => ({ word, about }))
    // If the instance does not answer, the person who is typing is not disturbed.
    return await namesOf(cli, name, current).catch(() => [])
  }
}

async function namesOf({ api }: Cli, noun: string, current: string): Promise<Candidate[]> {
  const end = new AbortController()
  // The timer holds it: AbortSignal.timeout() would be collected, because only AbortSignal.any() knows it (nodejs/node#57736).
  setTimeout(() => end.abort(), namesWithinMs).unref()
  const { signal } = end
  const ask = async <T>(path: string, q: string | undefined) =>
    (await api.ask<{ items: T[] }>('GET', path, { query: { limit: namesMax, q }, signal })).items
  if (noun === 'account' || noun === 'accounts')
    return (await ask<Account>('/accounts', current)).map(({ address, hostUnicode }) => ({
      word: address,
      about: hostUnicode,
    }))
  if (noun === 'destination')
    return (await ask<Destination>('/destinations', undefined)).map((one) => ({
      word: destinationTitle(one),
      about: one.kind,
    }))
  if (noun === 'application')
    return (await ask<Application>('/oauth/applications', undefined)).map(({ id, provider, clientId }) => ({
      word: id,
      about: `${provider} ${clientId}`,
    }))
  return []
}

function optionsOf(program: Command, command: Command): Option[] {
  const all = command === program ? program.options : [...command.options, ...program.options]
  return [...all.filter(({ hidden }) => !hidden), new Option('--help', 'say more')]
}

const takesValue = ({ required, optional }: Option) => required || optional
