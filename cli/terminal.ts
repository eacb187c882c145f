/** The terminal that a command talks to: results go to stdout, everything else to stderr. */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import type { ReadStream, WriteStream } from 'node:tty'
import { styleText } from 'node:util'
import { CommandFailed, sentencesOf } from './failure.ts'
import { type Column, fieldsOf, plain, tableOf } from './table.ts'

export interface Streams {
  readonly stdin: ReadStream
  readonly stdout: WriteStream
  readonly stderr: WriteStream
}
export type Style = Parameters<typeof styleText>[0]

export class Terminal {
  readonly stdin: ReadStream
  readonly stdout: WriteStream
  readonly stderr: WriteStream
  json = false
  quiet = false
  readonly #colour: boolean

  constructor({ stdin, stdout, stderr }: Streams, env: Readonly<Record<string, string | undefined>>) {
    this.stdin = stdin
    this.stdout = stdout
    this.stderr = stderr
    this.#colour = stdout.isTTY && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
  }

  /** Tells whether a person sits at the terminal and can be asked. */
  get attended(): boolean {
    return this.stdin.isTTY && this.stderr.isTTY
  }

  /** Tells whether a bar can be drawn, and nobody has asked for none. */
  get lively(): boolean {
    return this.stderr.isTTY && !this.quiet && !this.json
  }

  get columns(): number {
    return this.stderr.columns || 80
  }

  paint(style: Style, text: string): string {
    return this.#colour ? styleText(style, text) : text
  }

  print(...lines: readonly string[]): void {
    for (const line of lines) this.stdout.write(`${line}\n`)
  }

  /** Prints a result in words; text in it that comes from others cannot move the cursor. */
  say(line: string): void {
    this.print(plain(line))
  }

  /** Prints the answer of the API as it is. */
  document(value: unknown): void {
    if (value !== undefined) this.print(JSON.stringify(value, null, 2))
  }

  table<T>(columns: readonly Column<T>[], rows: readonly T[]): void {
    const width = this.stdout.isTTY ? this.stdout.columns || 80 : undefined
    const [head = '', ...lines] = tableOf(columns, rows, width)
    this.print(this.paint('bold', head), ...lines)
  }

  fields(...fields: Parameters<typeof fieldsOf>[0]): void {
    this.print(...fieldsOf(fields))
  }

  /** Tells people that something succeeded; --quiet leaves this out. */
  note(line: string): void {
    if (!this.quiet && !this.json) this.stderr.write(`${plain(line)}\n`)
  }

  /** Tells people something that they should know, even with --quiet. */
  warn(line: string): void {
    this.stderr.write(`${plain(line)}\n`)
  }

  complain(error: CommandFailed): void {
    if (this.json) this.stderr.write(`${JSON.stringify(error.problem)}\n`)
    else for (const line of sentencesOf(error.problem).flatMap((text) => text.split('\n'))) this.warn(line)
  }

  async ask(question: string, usual = ''): Promise<string> {
    const answer = await this.#ask(`${question}${usual === '' ? '' : ` [${usual}]`}: `, 'shown')
    return answer.trim() === '' ? usual : answer.trim()
  }

  async agrees(question: string, usual: 'y' | 'n' = 'n'): Promise<boolean> {
    const answer = await this.ask(`${question} ${usual === 'y' ? '[Y/n]' : '[y/N]'}`)
    return /^y(?:es)?$/i.test(answer === '' ? usual : answer)
  }

  /** Lists what there is, and takes one of it by its number or by its name. */
  async choose(question: string, choices: readonly string[]): Promise<string> {
    for (const [nth, choice] of choices.entries()) this.stderr.write(`  ${nth + 1}  ${plain(choice)}\n`)
    const answer = await this.ask(question, choices.length === 1 ? choices[0] : '')
    return /^\d{1,6}$/.test(answer) && !choices.includes(answer) ? (choices[Number(answer) - 1] ?? answer) : answer
  }

  async secret(question: string): Promise<string> {
    const answer = await this.#ask(`${question}: `, 'dark')
    this.stderr.write('\n')
    return answer
  }

  async #ask(question: string, typing: 'shown' | 'dark'): Promise<string> {
    const dark = new Writable({ write: (_piece, _encoding, done) => done() })
    const output = typing === 'shown' ? this.stderr : dark
    const lines = createInterface({ input: this.stdin, output, terminal: true, historySize: 0 })
    const left = new AbortController()
    // Ctrl-C ends the question, and so does Ctrl-D in an empty line.
    lines.once('SIGINT', () => left.abort()).once('close', () => left.abort())
    try {
      // From here on the terminal does not show what is typed. If the question came before this point, the password of a fast typist would be shown.
      if (typing === 'dark') this.stderr.write(plain(question))
      return await lines.question(typing === 'dark' ? '' : plain(question), { signal: left.signal })
    } catch {
      this.stderr.write('\n')
      throw new CommandFailed('interrupted', 'Left without doing anything.')
    } finally {
      lines.close()
    }
  }
}
