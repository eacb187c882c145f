/** `npm run bench`: compares the peers with us over the same messages, in one run. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startChild } from '../deploy/child.ts'
import { childIdentity, handOver } from '../deploy/identity.ts'
import { toCrlf } from '../src/mail/octets.ts'
import { endAll, type Ends } from '../test/support/ends.ts'
import { startDovecot } from '../test/support/dovecot.ts'
import { freePorts } from '../test/support/ports.ts'
import { bareAppend, bareRead } from './floor.ts'
import { storePassword } from '../test/support/gateway.ts'
import { startLmtp } from './lmtp.ts'
import { madeMail, mailBelow, someOf } from './mail.ts'
import { type Ours, startOurs } from './ours.ts'
import { fetchmailTo, getmail, type Maildrop, mpop, type Peer, type Pulled } from './peers.ts'
import { allPlaces, type Figures, type Place, report, type Rounds, targetsOf } from './table.ts'

const roundTripMs = 50
const slowMost = { getmail: 200, fetchmail: 200 } as const
const password = 'secret'

const { values: options } = parseArgs({
  options: {
    messages: { type: 'string', default: '5000' },
    rounds: { type: 'string', default: '3' },
    only: { type: 'string' },
    mail: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})

async function bench(ends: Ends): Promise<Figures> {
  const rounds = countOf('--rounds', options.rounds)
  const wanted = countOf('--messages', options.messages)
  const places = placesOf(options.only)
  const mail = options.mail === undefined ? madeMail(wanted) : mailBelow(options.mail, wanted)
  const slow = {
    getmail: Math.min(slowMost.getmail, mail.length),
    fetchmail: Math.min(slowMost.fetchmail, mail.length),
  }

  const folder = mkdtempSync('/tmp/tributary-bench-')
  ends.push(() => rmSync(folder, { recursive: true, force: true }))
  const identity = childIdentity([])
  handOver(folder, identity)
  const maildrops = { all: mail, getmail: someOf(mail, slow.getmail), fetchmail: someOf(mail, slow.fetchmail) }
  const provider = await startDovecot({ all: password, getmail: password, fetchmail: password }, maildrops)
  ends.push(() => provider.stop())
  const maildrop = (user: keyof typeof maildrops, line: Line = { port: provider.pop3Port }): Maildrop => {
    return { ...line, user, password, messages: maildrops[user].length }
  }
  const lines: Readonly<Record<Place, Line>> = {
    local: { port: provider.pop3Port },
    delay: { port: await startDelay(provider.pop3Port, ends) },
    tls: { port: provider.pop3sPort, tls: true },
    'tls delay': { port: await startDelay(provider.pop3sPort, ends), tls: true },
  }
  const logins = (name: string) =>
    places.flatMap((place) => turns(rounds).map((round) => `${name}-${place.replace(' ', '-')}-${round}`))
  const ours = await startOurs(folder, [...logins('ours'), ...logins('bare'), 'warm'])
  ends.push(() => ours.stop())

  const fresh = (name: string) => {
    const own = join(folder, name)
    mkdirSync(own)
    return own
  }
  const ask = async (peer: Peer, from: Maildrop, name: string): Promise<Pulled> => {
    const own = fresh(name)
    const pulled = await peer(from, { folder: own, identity, ends })
    rmSync(own, { recursive: true })
    return pulled
  }

  // After this the provider has seen every message once and keeps what it learnt, like a provider in use; the same is true of the worker.
  say('Warming up')
  for (const user of ['all', 'getmail', 'fetchmail'] as const) await bareRead(maildrop(user))
  await ours.pull(maildrop('fetchmail'), 'warm')

  // Dovecot refuses a message of no octets, and without our trace block an empty message would be one.
  const literals = (await Promise.all(mail.map(async (message) => await toCrlf(message)))).filter(
    ({ length }) => length > 0,
  )
  const figures: Partial<Record<Place, Rounds>> = {}
  for (const place of places) {
    const from = maildrop('all', lines[place])
    const called = place.replace(' ', '-')
    const taken = { ours: [], mpop: [], getmail: [], fetchmail: [], bareRead: [], bareAppend: [] } as Taken
    for (const round of turns(rounds)) {
      say(`Round ${round + 1} of ${rounds}, ${place}`)
      if (!from.tls) {
        taken.bareRead.push(await bareRead(from))
        taken.bareAppend.push(await bareAppendInto(ours, `bare-${called}-${round}`, literals))
      }
      taken.mpop.push(await ask(mpop, from, `mpop-${called}-${round}`))
      taken.ours.push(await ours.pull(from, `ours-${called}-${round}`))
    }
    if (place === 'local') {
      say('The slow ones')
      // A peer may fail on real mail; then it is left out.
      const tried = async (peer: Peer, name: 'getmail' | 'fetchmail') => {
        try {
          taken[name].push(await ask(peer, maildrop(name), name))
        } catch (error) {
          say(error instanceof Error ? error.message : String(error))
        }
      }
      await tried(getmail, 'getmail')
      const lmtp = await startLmtp(fresh('lmtp'), identity)
      ends.push(() => lmtp.stop())
      await tried(fetchmailTo(lmtp), 'fetchmail')
    }
    figures[place] = taken
  }
  const octets = mail.reduce((sum, { length }) => sum + length, 0)
  return { messages: mail.length, octets, slow, rounds: figures }
}

/** How the provider is reached. */
type Line = Pick<Maildrop, 'port' | 'tls'>

type Taken = { -readonly [Name in keyof Rounds]: Rounds[Name][number][] }

/** The size with which the append is fastest: a larger one gains nothing. */
const bareBatchOctets = 4_000_000

async function bareAppendInto({ store }: Ours, login: string, literals: readonly Buffer[]): Promise<number> {
  return await bareAppend(store.imapPort, login, storePassword, literals, bareBatchOctets)
}

async function startDelay(upstream: number, ends: Ends): Promise<number> {
  const [port = 0] = await freePorts(1)
  const script = join(import.meta.dirname, 'delay-proxy.js')
  const args = [script, String(port), String(upstream), String(roundTripMs)]
  const child = await startChild({ name: 'delay-proxy', command: process.execPath, args, onLine: say })
  ends.push(() => child.stop(1000))
  return port
}

function turns(count: number): number[] {
  return Array.from({ length: count }, (_, nth) => nth)
}

function countOf(name: string, text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new Error(`${name} takes a number from 1 on, not ${text}.`)
  return Number(text)
}

function placesOf(only: string | undefined): Place[] {
  if (only === undefined) return [...allPlaces]
  const wanted = only.split(',')
  const places = allPlaces.filter((place) => wanted.includes(place.replace(' ', '-')))
  if (places.length === wanted.length) return places
  throw new Error(`--only takes local, delay, tls, tls-delay, or several with commas, not ${only}.`)
}

/** Writes to standard error, because standard output is for the result alone. */
function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

async function main(): Promise<void> {
  const ends: Ends = []
  const stopped = new Promise<never>((_resolve, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => reject(new Error(`Stopped by ${signal}.`)))
  })
  try {
    const figures = await Promise.race([bench(ends), stopped])
    const result = options.json
      ? `${JSON.stringify({ ...figures, targets: targetsOf(figures) }, undefined, 2)}\n`
      : report(figures)
    process.stdout.write(result)
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
    process.exitCode = 1
  } finally {
    // The loop goes on until nothing is left, so that a part that was being started when a signal came is ended too.
    await endAll(ends)
    process.exit()
  }
}

await main()
