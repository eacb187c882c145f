/** Makes the mail of the soak. Each message has a token of its own in its first field, so that it can be told from all others. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Chance } from '../support/chance.ts'

export interface Letter {
  readonly token: string
  /** The message as RETR gives it, with its last CRLF. */
  readonly bytes: Buffer
}

const dates = [
  'Mon, 2 Nov 2026 10:00:00 +0000',
  'Sat, Apr 09 2005 06:39:52 -0700',
  'Thu Oct 28 17:00:38 2004',
  'fre, 28 maj 1999 13:06:21 +0200',
  'Sat, 8 May 2010 16.03.09 +0200',
  '2015-03-09T13:21:06+01:00',
  'Mon, 6 Jul 2009 10:00:00 CEST',
  'Tue, 33 Nov 2026 10:00:00 +0000',
  'yesterday',
]

const endings = ['\r\n', '.\r\n', '..\r\n.\r\n', '\r\n\r\n', '--end--\r\n', '+OK\r\n', '\xe4\xf6\xfc\r\n']

/** Reads real mail, as RETR gives it, from the folder that MAIL_CORPUS names; there is none without it. */
export function realMail(folder = process.env['MAIL_CORPUS']): Buffer[] {
  if (folder === undefined) return []
  const entries = readFileSync(join(folder, 'INDEX.jsonl'), 'utf8').trim().split('\n')
  return entries.flatMap((line) => {
    const { file, eol } = JSON.parse(line) as { readonly file: string; readonly eol: string }
    if (eol !== 'LF' && eol !== 'CRLF') return []
    const text = readFileSync(join(folder, file), 'latin1').replace(/\r?\n/g, '\r\n')
    // A message with NUL is set aside, and Dovecot takes one CR out of CR CR LF.
    if (/\0|\r(?!\n)/.test(text) || text.length > 200_000) return []
    return [Buffer.from(text.endsWith('\r\n') ? text : `${text}\r\n`, 'latin1')]
  })
}

export class Letters {
  readonly #chance: Chance
  readonly #real: readonly Buffer[]
  #made = 0

  constructor(chance: Chance, real: readonly Buffer[]) {
    this.#chance = chance
    this.#real = chance.shuffled(real)
  }

  get made(): number {
    return this.#made
  }

  /** A message that one of the stores refuses for good. */
  poison(account: string): Letter {
    const token = `${account}.poison-${this.#made++}`
    return { token, bytes: Buffer.from(`X-Soak: ${token}\r\nSubject: poison\r\n\r\nThis one is refused.\r\n`) }
  }

  next(account: string): Letter {
    const chance = this.#chance
    const nth = this.#made++
    const token = `${account}.${nth}`
    // Real mail is given once: two of the same header and other tokens would be two messages that look like one.
    const real = nth % 3 === 0 ? this.#real[nth / 3] : undefined
    if (real !== undefined) return { token, bytes: Buffer.concat([Buffer.from(`X-Soak: ${token}\r\n`), real]) }
    const lines = [
      `X-Soak: ${token}`,
      ...(chance.happens(0.95) ? [`Message-ID: <${token}@soak.example.org>`] : []),
      `Date: ${chance.of(dates)}`,
      'From: Friend <friend@example.org>',
      `Subject: ${chance.of(['Hello', 'Letter', 'Re: your letter'])} ${nth}`,
      '',
      ...Array.from({ length: chance.below(chance.happens(0.03) ? 4000 : 30) }, () => this.#line()),
    ]
    return { token, bytes: Buffer.from(`${lines.join('\r\n')}\r\n${chance.of(endings)}`, 'latin1') }
  }

  #line(): string {
    return this.#chance.of(['.', '..', '.hidden', 'text', '', 'x'.repeat(70), 'From here', '+OK', '-ERR', '\xff\xfe'])
  }
}

/** Gives the token of a message that was stored or is left at a provider. */
export function tokenOf(bytes: Buffer): string | undefined {
  return /^X-Soak: (\S+)\r$/m.exec(bytes.toString('latin1', 0, 4096))?.[1]
}

export const isPoison = (token: string) => token.includes('.poison-')
