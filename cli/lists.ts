/** Does what every `list` command does: it shows one page or the whole list, as a table or as JSON. */
import type { Command } from 'commander'
import type { Page, Query } from './api.ts'
import type { Cli } from './cli.ts'
import { whole } from './options.ts'
import type { Column } from './table.ts'

export interface ListOptions {
  readonly limit?: number
  readonly cursor?: string
  readonly all?: true
}

export function withPages(command: Command): Command {
  return command
    .option('--limit <n>', 'so many at most (1 to 500)', whole)
    .option('--cursor <next>', 'go on where an earlier page ended: its `next`')
    .option('--all', 'every one; with --json one line each')
}

/** The list that is shown: its path and its query in the API. */
export interface Listing {
  readonly path: string
  readonly query?: Query
}

export async function list<T>(
  { api, terminal }: Cli,
  { path, query = {} }: Listing,
  { all, limit, cursor }: ListOptions,
  columns: readonly Column<T>[],
): Promise<void> {
  if (all) {
    const rows: T[] = []
    for await (const item of api.each<T>(path, query)) {
      if (terminal.json) terminal.print(JSON.stringify(item))
      else rows.push(item)
    }
    if (!terminal.json) show({ items: rows, next: null })
    return
  }
  const page = await api.get<Page<T>>(path, { ...query, limit, cursor })
  if (terminal.json) terminal.document(page)
  else show(page)

  function show({ items, next }: Page<T>): void {
    if (items.length > 0) terminal.table(columns, items)
    else terminal.note('There is none.')
    if (next) terminal.note(`There are more: --all shows every one, --cursor ${next} the next page.`)
  }
}
