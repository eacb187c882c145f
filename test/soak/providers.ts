/** The providers of the soak: Dovecot's maildrops, and scripted ones, of which each has its own bad habit all the time (docs/quirks.md). */
import { chownSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { childIdentity } from '../../deploy/identity.ts'
import type { Chance } from '../support/chance.ts'
import type { TestDovecot } from '../support/dovecot.ts'
import { type Behaviour, startPop3Server } from '../support/pop3-server.ts'
import type { Letter } from './letters.ts'
import { type Line, startLine } from './line.ts'

export interface Provider {
  readonly what: string
  /** The line on which the gateway reaches it. */
  readonly line: Line
  readonly user: string
  /** False: whatever it is told, it deletes nothing. */
  readonly deletes: boolean
  /** Undefined: any retention suits it. */
  readonly retention?: 'delete'
  deliver(letter: Letter): void
  /** Every message that is left in the maildrop. */
  left(): Buffer[]
  /** Ends what makes it say no for a time: the gateway waits a quarter of an hour after each such no, as it should, and never has everything. */
  calm(): void
  close(): Promise<void>
}

/** A maildrop of a real Dovecot, whose Maildir has been made. */
export async function dovecotProvider(dovecot: TestDovecot, user: string): Promise<Provider> {
  const line = await startLine(dovecot.pop3Port)
  const maildir = join(dovecot.places.mailFolder, user, 'Maildir')
  const { uid, gid, setpriv } = childIdentity([])
  let delivered = 0
  return {
    what: 'Dovecot',
    line,
    user,
    deletes: true,
    deliver({ bytes }) {
      const name = `${1_700_000_000 + delivered}.M${delivered++}.soak`
      const path = join(maildir, 'tmp', name)
      writeFileSync(path, bytes)
      if (setpriv.length > 0) chownSync(path, uid, gid)
      renameSync(path, join(maildir, 'new', name))
    },
    left: () =>
      ['new', 'cur'].flatMap((part) =>
        readdirSync(join(maildir, part)).map((name) => readFileSync(join(maildir, part, name))),
      ),
    calm() {},
    close: async () => await line.close(),
  }
}

/** Changes what a server says of ids, in the whole listing and in `UIDL n`. */
const renamed = (change: (uidl: string) => string) => (reply: Buffer, command: string) =>
  command.startsWith('UIDL')
    ? Buffer.from(
        reply
          .toString('latin1')
          .replace(/^(\+OK )?(\d+) (\S+)\r$/gm, (_, ok: string | undefined, number, uidl: string) => {
            return `${ok ?? ''}${number} ${change(uidl)}\r`
          }),
        'latin1',
      )
    : reply

/** Answers at most so many RETRs in each span of time; the quota clears by itself, as the time goes by. */
function quota(most: number, everyMs: number): NonNullable<Behaviour['mangles']> {
  let since = performance.now()
  let given = 0
  return (reply, command) => {
    if (!command.startsWith('RETR')) return reply
    if (performance.now() - since > everyMs) {
      since = performance.now()
      given = 0
    }
    given += 1
    return given <= most ? reply : Buffer.from(`-ERR Download exceed. msg=${most}\r\n`)
  }
}

/** Refuses the login for a while now and then, as a provider does that is asked too often. */
function throttle(forMs: number, everyMs: number): NonNullable<Behaviour['mangles']> {
  const since = performance.now()
  return (reply, command) =>
    command.startsWith('PASS') && (performance.now() - since) % everyMs < forMs
      ? Buffer.from('-ERR [SYS/TEMP] Exceeded the login limit, try again later\r\n')
      : reply
}

/** Does so at one in so many commands of this kind. */
const now = (chance: Chance, verb: RegExp, oneIn: number, reply: (usual: Buffer) => Buffer) => ({
  mangles: (usual: Buffer, command: string) => (verb.test(command) && chance.below(oneIn) === 0 ? reply(usual) : usual),
})

const said = (line: string) => () => Buffer.from(`${line}\r\n`)

/** @param peace says whether the faults are over. */
type Habit = (chance: Chance, peace: () => boolean) => Partial<Behaviour>

const untilPeace =
  (peace: () => boolean, mangles: NonNullable<Behaviour['mangles']>): NonNullable<Behaviour['mangles']> =>
  (reply, command) =>
    peace() ? reply : mangles(reply, command)

const habits: Readonly<Record<string, Habit>> = {
  'as it should be': () => ({}),
  'refuses a RETR now and then': (chance) => now(chance, /^RETR/, 15, said('-ERR [SYS/TEMP] try again later')),
  'cuts the line at every tenth RETR': () => ({ dropAtRetr: 10 }),
  'a quota that clears': (_, peace) => ({ mangles: untilPeace(peace, quota(40, 5000)) }),
  'a login limit that passes': (_, peace) => ({ mangles: untilPeace(peace, throttle(4000, 20_000)) }),
  'an empty line behind every message': () => ({
    mangles: (reply, command) =>
      command.startsWith('RETR') && reply.toString('latin1', 0, 3) === '+OK'
        ? Buffer.concat([reply, Buffer.from('\r\n')])
        : reply,
  }),
  'listings that end in LF': () => ({
    mangles: (reply, command) =>
      /^(?:UIDL|LIST)$/.test(command)
        ? Buffer.from(reply.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')
        : reply,
  }),
  'every line ends in LF': () => ({ endsLinesInLf: true }),
  'UIDL n without the number': () => ({
    mangles: (reply, command) =>
      /^UIDL \d/.test(command) ? Buffer.from(reply.toString('latin1').replace(/^\+OK \d+ /, '+OK ')) : reply,
  }),
  'wrong sizes': () => ({
    mangles: (reply, command) =>
      /^LIST$/.test(command)
        ? Buffer.from(
            reply
              .toString('latin1')
              .replace(/^(\d+) (\d+)\r$/gm, (_, number, size) => `${number} ${Number(size) + 7}\r`),
          )
        : reply,
  }),
  'other UIDLs at each session': () => ({
    atConnection: (nth) => ({ mangles: renamed((uidl) => `${uidl}.${Math.floor(nth / 5)}`) }),
  }),
  'one UIDL for many': () => ({ mangles: renamed((uidl) => `${Number(/\d+$/.exec(uidl)?.[0]) % 3}`) }),
  'no UIDL': () => ({ capabilities: ['USER', 'TOP', 'PIPELINING'], answers: { UIDL: '-ERR unknown command\r\n' } }),
  'no TOP and no pipeline': () => ({
    capabilities: ['USER', 'UIDL'],
    dropsPipelined: true,
    answers: { TOP: '-ERR unknown command\r\n' },
  }),
  'QUIT answered -ERR, or by the end of the line': (chance) => ({
    atConnection: () => (chance.happens(0.5) ? { quitSays: '-ERR not now' } : { dropAtQuit: true }),
  }),
  'empty lines before answers': (chance) => ({
    mangles: (reply, command) =>
      /^(?:PASS|UIDL|LIST|TOP|DELE|QUIT)/.test(command) && chance.happens(0.2)
        ? Buffer.concat([Buffer.from('\r\n'), reply])
        : reply,
  }),
  'sizes that are none': (chance) => ({
    mangles: (reply, command) =>
      /^LIST$/.test(command)
        ? Buffer.from(
            reply
              .toString('latin1')
              .replace(/^(\d+) (\d+)\r$/gm, (line, number) =>
                chance.happens(0.2) ? `${number}${chance.of([' -1', '', ' 12.5', ' +120', ' x'])}\r` : line,
              ),
          )
        : reply,
  }),
  'DELE only for what was retrieved': () => ({ refusesUnread: '-ERR message not retrieved' }),
  'deletes nothing': () => ({
    keepsDeleted: true,
    atConnection: (nth) => ({ mangles: renamed((uidl) => `${uidl}.${nth}`) }),
  }),
  'the oldest fifty alone': () => ({ showsAtMost: 50 }),
}

export const habitNames = Object.keys(habits)

export async function scriptedProvider(what: string, user: string, chance: Chance): Promise<Provider> {
  let peace = false
  const server = await startPop3Server({ messages: [], ...habits[what]?.(chance, () => peace) })
  const line = await startLine(server.port)
  let delivered = 0
  return {
    what,
    line,
    user,
    deletes: what !== 'deletes nothing',
    // The habit shows where deletion is wished.
    ...(['the oldest fifty alone', 'deletes nothing', 'DELE only for what was retrieved'].includes(what)
      ? { retention: 'delete' }
      : {}),
    deliver: ({ bytes }) => server.deliver({ bytes, uidl: `u${delivered++}` }),
    left: () => server.maildrop().map(({ bytes }) => bytes),
    calm() {
      peace = true
    },
    async close() {
      await line.close()
      await server.close()
    },
  }
}
