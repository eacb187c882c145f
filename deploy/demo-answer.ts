/** The second half of the demo: a mail is answered as the address that it came to, the answer arrives, and what comes back is gathered. */
import { setTimeout as delay } from 'node:timers/promises'
import { sampleAddress, sampleCorrespondents } from '../src/account/sample.ts'
import type { Login } from '../src/imap/connection.ts'
import { readLogin, type ReadMessage } from '../src/imap/login.ts'

type Answer = Readonly<Record<string, unknown>>

export interface DemoWorld {
  readonly ask: (method: 'GET' | 'POST', path: string, body?: object) => Promise<Answer>
  readonly say: (text: string) => void
  readonly loginOf: (user: string) => Login
  readonly destinationId: string
  readonly accountId: string
}

const question = 'farewell@example.org'
const endMs = 30_000

/** @returns whether all of it was seen. */
export async function demoAnswer(world: DemoWorld): Promise<boolean> {
  const { ask, say, loginOf, destinationId, accountId } = world
  const asked = await lastOf(world, question)
  say(`\nYou answer "${String(asked['subject'])}", as ${sampleAddress}:`)
  const { id } = await ask('POST', `/destinations/${destinationId}/messages`, {
    identity: sampleAddress,
    to: [question],
    subject: `Re: ${String(asked['subject'])}`,
    text: 'Thank you. It has come.\n',
    inReplyTo: { folder: 'INBOX', uid: asked['uid'] },
  })
  const entry = await ended(world, String(id))
  const [recipient] = entry['recipients'] as readonly Answer[]
  say(`  The server of your provider said: ${String(recipient?.['reply'])}`)
  const arrived = await one(readLogin(loginOf(sampleCorrespondents)))
  if (arrived === undefined) return false
  const isYours = arrived.from === sampleAddress && arrived.bytes.includes(`In-Reply-To: <${questionId(asked)}>`)
  say(`  Read back over IMAP, as ${question}: from ${arrived.from}, "${arrived.subject}"`)
  const { items } = await ask('GET', `/destinations/${destinationId}/messages?folder=Sent`)
  const copies = (items as readonly Answer[]).length
  say(`  Your Sent holds ${copies} copy of it.`)
  const run = await ask('POST', `/accounts/${accountId}/pull?wait=60`)
  const echo = await lastOf(world, question)
  const isAnswered = run['stored'] === 1 && echo['subject'] === arrived.subject
  say(`  Pulled once more: ${String(run['stored'])} stored, "${String(echo['subject'])}", from ${question}.`)
  return entry['state'] === 'accepted' && isYours && copies === 1 && isAnswered
}

const questionId = (mail: Answer) => String(mail['messageId']).replace(/^<|>$/g, '')

/** The newest message in INBOX from that address. */
async function lastOf({ ask, destinationId }: DemoWorld, from: string): Promise<Answer> {
  const { items } = await ask('GET', `/destinations/${destinationId}/messages?folder=INBOX`)
  const found = (items as readonly Answer[]).find((mail) => JSON.stringify(mail['from']).includes(from))
  if (found === undefined) throw new Error(`INBOX holds nothing from ${from}`)
  return await ask('GET', `/destinations/${destinationId}/messages/${String(found['uid'])}?folder=INBOX`)
}

/** Waits until the message has ended, and its copy is in Sent. */
async function ended({ ask }: DemoWorld, id: string): Promise<Answer> {
  const until = performance.now() + endMs
  for (;;) {
    const entry = await ask('GET', `/outbox/${id}`)
    const { state: copy } = entry['copy'] as Answer
    if (entry['endedAt'] !== null && (copy !== 'wanted' || entry['state'] !== 'accepted')) return entry
    if (performance.now() > until) throw new Error(`the answer is ${String(entry['state'])} after ${endMs / 1000} s`)
    await delay(100)
  }
}

async function one(read: AsyncIterable<ReadMessage>): Promise<ReadMessage | undefined> {
  for await (const message of read) return message
  return undefined
}
