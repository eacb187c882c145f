/** `npm run bench -- large`: measures how much memory a worker takes for large things, and how long they hold up its event loop. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { childIdentity, handOver } from '../deploy/identity.ts'
import { root } from '../deploy/template.ts'
import { startDovecot, type TestDovecot } from '../test/support/dovecot.ts'
import { type Ours, type OursPulled, startOurs } from './ours.ts'

const password = 'secret'
const startWaitMs = 30_000
/** Options of Node for a person who looks closer, as in ours.ts. */
const given = process.env['BENCH_NODE_OPTIONS'] ?? ''
const say = (line: string) => process.stdout.write(`${line}\n`)

const line = `${'x'.repeat(74)}\r\n`
const letter = (nth: number, octets: number) =>
  Buffer.from(
    `Message-ID: <${nth}@example.org>\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\nSubject: ${nth}\r\n\r\n${line.repeat(Math.ceil(octets / line.length))}`,
  )

const [only, many = '100000'] = process.argv.slice(2)
const manyMessages = Number(many)

/** By login: a description of the maildrop, and its messages. */
const cases = {
  many: {
    what: `${many} messages`,
    messages: () => Array.from({ length: manyMessages }, (_, nth) => letter(nth, 300)),
  },
  large: { what: 'a message of 150 MB among ten small ones', messages: () => [letter(0, 150e6), ...small()] },
  several: {
    what: 'eight messages of 40 MB',
    messages: () => Array.from({ length: 8 }, (_, nth) => letter(nth, 40e6)),
  },
}
const small = () => Array.from({ length: 10 }, (_, nth) => letter(nth + 1, 3000))

async function untilThere(file: string): Promise<void> {
  for (const endMs = performance.now() + startWaitMs; !existsSync(file); ) {
    if (performance.now() > endMs) throw new Error(`The worker did not start in ${startWaitMs / 1000} s.`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Measures one case with a worker of its own: the figures count from the worker's start. */
async function measure(login: string, what: string, messages: readonly Buffer[], isDeleted = false): Promise<void> {
  const folder = mkdtempSync('/tmp/tributary-large-')
  handOver(folder, childIdentity([]))
  process.env['BENCH_HELD_UP_FILE'] = join(folder, 'held-up')
  process.env['BENCH_NODE_OPTIONS'] = `${given} --import ${join(root, 'bench/held-up.mjs')}`
  const provider = await startDovecot({ [login]: password }, { [login]: messages })
  const ours = await startOurs(folder, [login])
  try {
    await untilThere(process.env['BENCH_HELD_UP_FILE'])
    const from = { port: provider.pop3Port, user: login, password, messages: messages.length }
    const pulled = await ours.pull(from, login)
    const { seconds, worker } = isDeleted ? await ours.deleteAll() : pulled
    const largest = messages.reduce((most, { length }) => Math.max(most, length), 0) / (1024 * 1024)
    const heldUpMs = Number(readFileSync(process.env['BENCH_HELD_UP_FILE'], 'utf8'))
    say(what)
    say(`  ${seconds.toFixed(1)} s, ${worker.cpuSeconds.toFixed(1)} s of CPU`)
    const bound = 200 + largest
    say(
      `  ${worker.peakMiB.toFixed(0)} MiB at the most; wanted: under ${bound.toFixed(0)} (200 and the largest message)`,
    )
    say(`  event loop held up for ${heldUpMs.toFixed(0)} ms at the longest; wanted: at most 50`)
    if (messages.length >= manyMessages) await measureAfter(ours, isDeleted, arrive(provider, login))
  } finally {
    await ours.stop()
    await provider.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Another message comes to the maildrop. @returns what does that. */
function arrive({ places }: TestDovecot, login: string): () => void {
  let nth = 0
  return () => {
    nth++
    const file = join(places.mailFolder, login, 'Maildir', 'cur', `${1_800_000_000 + nth}.M${nth}.test:2,`)
    writeFileSync(file, letter(1_000_000 + nth, 3000))
  }
}

/** What a visit takes afterwards: the messages are known, and are there still or were deleted. */
async function measureAfter(ours: Ours, isDeleted: boolean, comes: () => void): Promise<void> {
  const tell = (what: string, { seconds, worker, redis }: OursPulled) =>
    say(
      `  ${what}: ${seconds.toFixed(2)} s, ${worker.cpuSeconds.toFixed(2)} s of CPU, Redis ${redis.cpuSeconds.toFixed(2)} s, ${worker.peakMiB.toFixed(0)} MiB`,
    )
  say(`  ${((await ours.ledgerOctets()) / 1e6).toFixed(1)} MB in Redis for what is known of them`)
  for (const nth of [1, 2]) tell(`visit ${nth} that finds nothing`, await ours.visitAgain(0, 0))
  for (const nth of [1, 2, 3]) {
    comes()
    tell(`visit ${nth} that finds one message more`, await ours.visitAgain(1, isDeleted ? 1 : 0))
  }
}

for (const [login, { what, messages }] of Object.entries(cases))
  if (only === undefined || only === login) await measure(login, what, messages())
const { what, messages } = cases.many
if (only === undefined || only === 'deleted')
  await measure('deleted', `${what}, stored before, that are looked at by TOP and deleted`, messages(), true)
