/**
 * Stands in front of a scripted store, and spoils what it answers: the store behind it is honest, and shows what is really kept. What it does
 * follows from chance alone.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Chance } from './chance.ts'
import { closerOf } from './closing.ts'
import { hostileLine, hostileStatus } from './hostile-answers.ts'

/** What it answers to, and what the honest answer is. */
interface Moment {
  readonly chance: Chance
  readonly verb: string
  readonly tag: string
  readonly answer: Buffer
  /** All that the client has sent so far, the latest of it: a hostile store says what it likes of it. */
  readonly heard: string
  /** How many lines a flood says in each turn of the loop. */
  readonly lines: number
}

/** Octets to send in this order; after them the connection goes on, or is left in this way. */
interface Deed {
  readonly says: readonly (string | Buffer)[]
  /** Each of these goes on for ever, until the client hangs up. */
  readonly thenRepeats?: Buffer
  readonly ending?: 'ends' | 'resets' | 'says nothing more'
}

type Act = (moment: Moment) => Deed

const tagged = ({ tag, chance }: Moment) => `${tag} ${hostileStatus(chance)}\r\n`

const acts: Readonly<Record<string, Act>> = {
  'lines before the answer': ({ chance, answer }) => ({
    says: [...Array.from({ length: 1 + chance.below(5) }, () => hostileLine(chance)), answer],
  }),
  'lines behind the answer': ({ chance, answer }) => ({
    says: [answer, ...Array.from({ length: 1 + chance.below(3) }, () => hostileLine(chance))],
  }),
  'lines and a status in place of the answer': (moment) => ({ says: [hostileLine(moment.chance), tagged(moment)] }),
  'an OK in place of the answer': ({ tag }) => ({ says: [`${tag} OK done\r\n`] }),
  'the answer twice': ({ answer }) => ({ says: [answer, answer] }),
  'tags that were not given': (moment) => ({
    says: [
      ...[1, 2, 7, 40].map((ahead) => tagged({ ...moment, tag: ahead.toString(36).toUpperCase() })),
      moment.answer,
    ],
  }),
  'continuation requests': ({ chance, answer }) => ({
    says: ['+ go on\r\n'.repeat(1 + chance.below(20)), answer, '+\r\n+ \r\n'],
  }),
  'the answer, cut short': ({ chance, answer }) => ({
    says: [answer.subarray(0, chance.below(answer.length))],
    ending: chance.of(['ends', 'resets', 'says nothing more']),
  }),
  'BYE in mid-answer': ({ chance, answer }) => ({
    says: [answer.subarray(0, chance.below(answer.length)), `* BYE \x1b[31m${hostileStatus(chance)}\r\n`],
    ending: chance.of(['ends', 'resets', 'says nothing more']),
  }),
  silence: () => ({ says: [], ending: 'says nothing more' }),
  'octets changed': ({ chance, answer }) => {
    const all = Buffer.from(answer)
    for (let nth = 1 + chance.below(5); nth > 0; nth -= 1) all[chance.below(all.length)] = chance.below(256)
    return { says: [all] }
  },
  'any octets': ({ chance, answer }) => ({ says: [chance.octets(chance.below(400)), answer] }),
  'what the client said': (moment) => ({
    says: [
      `* OK [ALERT] \x1b[1m${moment.heard.replace(/[\r\n]+/g, ' ').slice(-600)}\r\n`,
      `${moment.tag} ${moment.chance.of(['NO', 'BAD', 'OK', 'BYE'])} ${moment.chance.of(['', '[ALERT] ', '[APPENDUID '])}${moment.heard.replace(/[\r\n]+/g, ' ').slice(-300)}\r\n`,
    ],
  }),
  'a line that never ends': ({ chance }) => ({
    says: ['* OK '],
    thenRepeats: Buffer.alloc(chance.of([1, 1, 65_536]), 'x'),
  }),
  'a string that never ends': ({ chance }) => ({
    says: [`* 1 FETCH (UID 1 ENVELOPE ("`],
    thenRepeats: Buffer.alloc(chance.of([1, 65_536]), 'x'),
  }),
  'lists that never end': () => ({ says: ['* LIST '], thenRepeats: Buffer.alloc(65_536, '(') }),
  'lines that never end': ({ chance, lines }) => {
    const some = Array.from({ length: lines }, () => hostileLine(chance)).filter(({ length }) => length < 4000)
    return { says: [], thenRepeats: Buffer.from(`${some.join('')}* NOOP\r\n`, 'latin1') }
  },
  'one line for ever': ({ chance, lines }) => ({
    says: [],
    thenRepeats: Buffer.from(
      chance
        .of([
          '* 1 EXISTS\r\n',
          '* LIST () "/" "a"\r\n',
          '* SEARCH 1 2 3\r\n',
          '+\r\n',
          '\r\n',
          'ZZ OK\r\n',
          '* 1 FETCH (UID 1 FLAGS ())\r\n',
        ])
        .repeat(lines * 10),
    ),
  }),
  'a literal that never comes': ({ chance }) => ({
    says: [
      `* 1 FETCH (UID 1 BODY[] {${chance.of(['4294967295', '200000000', '99999999999999999999', '1000000'])}}\r\n`,
    ],
    thenRepeats: Buffer.alloc(chance.of([1, 65_536]), 'x'),
  }),
}

const names = Object.keys(acts)

export interface HostileStore {
  readonly port: number
  /** What it did, and to which commands. */
  readonly deeds: readonly string[]
  /** From now on it is honest. */
  repent(): void
  close(): Promise<void>
}

/**
 * @param only the acts that it knows; undefined: all.
 * @param always answers this verb so each time; undefined: by chance.
 */
export async function startHostileStore(
  honestPort: number,
  chance: Chance,
  only: readonly string[] = names,
  always?: string,
): Promise<HostileStore> {
  const deeds: string[] = []
  const sockets = new Set<Socket>()
  const probability = always === undefined ? chance.of([0.03, 0.1, 0.3]) : 0
  /** Some answer to one command as they answer nothing else. */
  const spite =
    always !== undefined
      ? { verb: always, name: chance.of(only) }
      : chance.happens(0.5)
        ? {
            verb: chance.of([
              'GREETING',
              'CAPABILITY',
              'AUTHENTICATE',
              'LIST',
              'STATUS',
              'APPEND',
              'EXAMINE',
              'FETCH',
              'SEARCH',
            ]),
            name: chance.of(only),
          }
        : undefined
  // Under the hooks of the test runner a line costs ten times what it costs a worker: by chance a full flood stood for a minute and more.
  const lines = always === undefined ? 5 : 50
  let isHonest = false
  const faults: unknown[] = []
  /** What chance cannot make is this file's fault: thrown in an event it would name no seed, and leave the case without an end. */
  const made = (deed: () => Deed): Deed | undefined => {
    try {
      return deed()
    } catch (error) {
      faults.push(error)
      return undefined
    }
  }
  const server = createServer((socket) => {
    const honest = connect({ host: '127.0.0.1', port: honestPort })
    for (const one of [socket, honest]) {
      sockets.add(one)
      one.setNoDelay(true).on('error', () => {})
      one.on('close', () => {
        sockets.delete(one)
        socket.destroy()
        honest.destroy()
      })
    }
    let [tag, verb, heard, isMute] = ['*', 'GREETING', '', false]
    socket.on('data', (said: Buffer) => {
      heard = (heard + said.toString('latin1', Math.max(0, said.length - 2000))).slice(-2000)
      const command = /(?:^|\r\n)([0-9A-Z]+) (?:UID )?([A-Z]+)[^\r\n]*[\r\n]*(?!.*\r\n[0-9A-Z]+ [A-Z])/.exec(
        said.toString('latin1', 0, 2000),
      )
      if (command !== null) [, tag = tag, verb = verb] = command
      honest.write(said)
    })
    honest.on('data', (answer: Buffer) => {
      if (isMute) return
      const isSpiteful = spite?.verb === verb
      if (isHonest || !(isSpiteful || chance.happens(probability))) return void socket.write(answer)
      const name = isSpiteful ? spite.name : chance.of(only)
      deeds.push(`${name} at ${verb}`)
      const deed = made(() => acts[name]!({ chance, verb, tag, answer, heard, lines }))
      if (deed === undefined) return void socket.destroy()
      const { says, ending, thenRepeats } = deed
      const octets = Buffer.concat(says.map((one) => (typeof one === 'string' ? Buffer.from(one, 'latin1') : one)))
      for (const piece of chance.happens(0.2) ? chance.cut(octets) : [octets]) socket.write(piece)
      isMute = ending !== undefined || thenRepeats !== undefined
      if (ending === 'ends') socket.end()
      else if (ending === 'resets') setImmediate(() => socket.resetAndDestroy())
      if (thenRepeats !== undefined) repeat(socket, thenRepeats)
    })
  })
  const close = closerOf(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  server.unref()
  return {
    port: (server.address() as AddressInfo).port,
    deeds,
    repent() {
      isHonest = true
      for (const socket of sockets) socket.destroy()
    },
    async close() {
      await close()
      if (faults.length > 0) throw faults[0]
    },
  }
}

/** Says it again in each turn of the event loop, unless the client does not read. */
function repeat(socket: Socket, octets: Buffer): void {
  if (socket.destroyed) return
  if (socket.writableLength < 100_000) socket.write(octets)
  setImmediate(() => repeat(socket, octets))
}
