/** Writes the whole command tree as Markdown, from which docs/cli.md is made. */
import type { Command, Option } from 'commander'
import type { Cli } from './cli.ts'

const examples = new WeakMap<Command, readonly string[]>()
const remarks = new WeakMap<Command, string>()

/** Adds what does not fit into a description; its help and docs/cli.md show it. */
export function remark(command: Command, text: string): Command {
  remarks.set(command, text)
  return command.addHelpText('after', `\n${text}`)
}

/** Adds examples to a command; its help and docs/cli.md show them. */
export function example(command: Command, ...lines: readonly string[]): Command {
  examples.set(command, lines)
  return command.addHelpText('after', `\nFor example:\n${lines.map((line) => `  ${line}`).join('\n')}`)
}

export function addReference(program: Command, cli: Cli): void {
  program
    .command('reference', { hidden: true })
    .description('What stands in docs/cli.md')
    .action(() => cli.terminal.print(reference(program)))
}

export function reference(program: Command): string {
  return ['### Everywhere', optionsOf(program.options), ...shownBelow(program).map(section)].join('\n\n')
}

/** Writes the section of a command that stands alone, or of a noun with its verbs. */
function section(noun: Command): string {
  const verbs = leavesOf(noun)
  const alone = verbs.length === 1 && verbs[0] === noun
  const introduction = alone ? [] : [noun.description()]
  return [`### ${noun.name()}`, ...introduction, ...verbs.map((verb) => entry(verb, alone))].join('\n\n')
}

function entry(command: Command, alone: boolean): string {
  const remarked = remarks.get(command)
  const parts = [`${command.description()}.${remarked === undefined ? '' : ` ${remarked}`}`]
  if (command.options.length > 0) parts.push(optionsOf(command.options))
  const lines = examples.get(command) ?? []
  if (lines.length > 0) parts.push(['```sh', ...lines, '```'].join('\n'))
  const title = `\`${pathOf(command)} ${command.usage()}\``
  return [alone ? title : `#### ${title}`, ...parts].join('\n\n')
}

function optionsOf(options: readonly Option[]): string {
  const rows = options
    .filter(({ hidden }) => !hidden)
    .map(({ flags, description, argChoices }) => {
      const choices = argChoices === undefined ? '' : ` (${argChoices.join(', ')})`
      return `| \`${flags.replaceAll('|', '\\|')}\` | ${description}${choices} |`
    })
  return ['| option | |', '| --- | --- |', ...rows].join('\n')
}

export function leavesOf(command: Command): Command[] {
  const below = shownBelow(command)
  return below.length === 0 ? [command] : below.flatMap(leavesOf)
}

export function examplesOf(command: Command): readonly string[] {
  return examples.get(command) ?? []
}

export function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`
}

/** Gives the subcommands of a command, except those that nobody types. */
export function shownBelow(command: Command): Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((one) => one.name() !== 'help')
}
