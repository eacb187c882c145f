/** Dovecot's imaptest at work in mailboxes, where it is in PATH; and what Dovecot tells (mail_log) of what was expunged and copied there. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { reload } from '../../deploy/dovecot.ts'
import { childIdentity } from '../../deploy/identity.ts'
import { dovecotLine } from '../../deploy/server-programs.ts'
import type { TestDovecot } from './dovecot.ts'

export const isImaptestAtHand = spawnSync('imaptest', ['--help']).error === undefined

const mailLog: Readonly<Record<string, string>> = {
  '2.3': `
mail_plugins = $mail_plugins notify mail_log
plugin {
  mail_log_events = expunge copy
  mail_log_fields = box uid msgid
}
`,
  '2.4': `
mail_plugins {
  notify = yes
  mail_log = yes
}
mail_log_events = expunge copy
mail_log_fields = box uid msgid
`,
}

/** Lets Dovecot tell. To be called before anybody comes: a process that has served somebody goes on as it was. */
export async function keepMailLog({ places }: TestDovecot): Promise<void> {
  appendFileSync(join(places.runFolder, 'dovecot.conf'), mailLog[dovecotLine()] ?? '')
  await reload(places, childIdentity([]))
}

/** Where it works. It makes none of them. */
export const boxes: readonly string[] = ['INBOX', 'Archive']

export class Imaptest {
  readonly #dovecot: TestDovecot
  readonly #child: ChildProcess
  #said = ''

  private constructor(dovecot: TestDovecot, child: ChildProcess) {
    this.#dovecot = dovecot
    this.#child = child
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.#said += chunk.toString('latin1')))
  }

  /** @param user has `%d` for its number, from 0 to below `users`. */
  static start(dovecot: TestDovecot, user: string, users: number, seed: number): Imaptest {
    const { runFolder } = dovecot.places
    // It appends nothing, and wants something to append.
    writeFileSync(join(runFolder, 'mbox'), 'From a@example.org Mon Nov  2 10:00:00 2026\nSubject: none\n\n\n')
    const who = [`user=${user}`, `users=0-${users - 1}`, 'pass=wonder', `clients=${users}`]
    const what = ['append=0', 'copybox=Archive', 'copy=3,0', 'delete=3', 'expunge=10', 'logout=10', 'msgs=5']
    const at = ['host=127.0.0.1', `port=${dovecot.imapPort}`, `mbox=${join(runFolder, 'mbox')}`, `seed=${seed}`]
    return new Imaptest(dovecot, spawn('imaptest', [...at, ...who, ...what], { stdio: ['ignore', 'pipe', 'pipe'] }))
  }

  /** @returns how often it has said each command: LOGIN, SELECT, FETCH, STORE, EXPUNGE and so on, by their first four letters. */
  async stop(): Promise<Readonly<Record<string, number>>> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGINT')
    await ended
    const [names = '', , ...rest] = this.#said.split('Totals:\n')[1]?.split('\n') ?? []
    const counts = rest.find((line) => /^ *\d+ +\d+/.test(line) && !line.includes('%')) ?? ''
    const columns = counts.match(/.{1,5}/g) ?? []
    return Object.fromEntries(
      names
        .trim()
        .split(/ +/)
        .map((name, nth) => [name, Number(columns[nth])]),
    )
  }

  /** What was expunged from the boxes of somebody, or was copied from one of them, by the number in its Message-ID. */
  told(user: string): { readonly expunged: readonly number[]; readonly copied: readonly number[] } {
    // Of two sessions that expunge the same message at the same time, both tell of it.
    const expunged = new Map<string, number>()
    const copied: number[] = []
    for (const line of this.#dovecot.lines) {
      const told = /imap\(([^)]+)\)<.*?: (?:expunge|copy from (.+?)): box=([^,]+), uid=(\d+), msgid=<(\d+)@/.exec(line)
      if (told?.[1] !== user) continue
      const [, , from, box = '', uid = '', nth] = told
      if (from === undefined && boxes.includes(box)) expunged.set(`${box} ${uid}`, Number(nth))
      if (from !== undefined && boxes.includes(from)) copied.push(Number(nth))
    }
    return { expunged: [...expunged.values()], copied }
  }
}
