/** `npm run bench -- reading`: how long mail that attacks its reader holds the API's event loop, and keeps others from reading. */
import { ImapFlow } from 'imapflow'
import { Chance } from '../test/support/chance.ts'
import { attacks, grammarMail } from '../test/support/hostile-mail.ts'
import { type Stack, startStack } from '../test/support/stack.ts'
import { watchLoop } from '../test/support/stretches.ts'
import { verdict } from './verdict.ts'

/** What one stretch of the loop may take of the processor. */
const wantedMs = 50
/** Somebody else's reading of an ordinary mail with HTML, beside the attack. */
const neighbourWantedMs = 2000
const password = 'wonder'
const [seed = '20260401', mails = '100'] = process.argv.slice(2)

const letter = Buffer.from(
  'From: Ada <ada@example.org>\r\nSubject: a letter\r\nContent-Type: text/html\r\n\r\n<p>Hello.</p>\r\n',
)

async function put(stack: Stack, user: string, folder: string, messages: readonly Buffer[]): Promise<void> {
  const client = new ImapFlow({
    host: '127.0.0.1',
    port: stack.dovecot.imapPort,
    secure: false,
    doSTARTTLS: false,
    auth: { user, pass: password },
    logger: false,
  })
  await client.connect()
  if (folder !== 'INBOX') await client.mailboxCreate(folder)
  for (const message of messages) await client.append(folder, message)
  await client.logout()
}

/** Lists a folder and reads all its mail, three requests at a time, as an attacker would. */
async function readAll(stack: Stack, destination: string, folder: string): Promise<string[]> {
  const place = `?folder=${encodeURIComponent(folder)}`
  const path = `/destinations/${destination}/messages`
  const faults: string[] = []
  const listed = await Promise.all([1, 2, 3].map(async () => await stack.call('GET', `${path}${place}&limit=500`)))
  for (const { status } of listed) if (status !== 200) faults.push(`list: ${status}`)
  const uids = (listed[0]?.body.items ?? []).map(({ uid }) => String(uid))
  await Promise.all(
    [0, 1, 2].map(async (turn) => {
      for (const uid of uids.filter((_, nth) => nth % 3 === turn)) {
        const { status } = await stack.call('GET', `${path}/${uid}${place}`)
        if (status !== 200) faults.push(`message ${uid}: ${status}`)
      }
    }),
  )
  return faults
}

async function main(): Promise<void> {
  const stack = await startStack()
  try {
    const [eve, ada] = [await stack.destination('eve', password), await stack.destination('ada', password)]
    await put(stack, 'ada', 'INBOX', [letter])
    const chance = new Chance(Number(seed))
    const folders: [string, Buffer[]][] = Object.entries(attacks).map(([what, attack]) => {
      const mail = attack()
      // Fifty of those that take little to send, so that they are a page.
      return [what, Array.from({ length: mail.length < 1_000_000 ? 50 : 3 }, () => mail)]
    })
    folders.push(['mail by a grammar', Array.from({ length: Number(mails) }, () => grammarMail(chance))])
    for (const [nth, [what, messages]] of folders.entries()) {
      const folder = `attack ${nth}`
      await put(stack, 'eve', folder, messages)
      const watch = watchLoop()
      const attack = readAll(stack, eve, folder)
      const beganMs = performance.now()
      const neighbour = await stack.call('GET', `/destinations/${ada}/messages/1?folder=INBOX`)
      const neighbourMs = performance.now() - beganMs
      const faults = await attack
      const heldMs = watch.stop()
      if (neighbour.body['html'] !== true) faults.push(`somebody else: ${neighbour.status}`)
      const met = heldMs <= wantedMs && neighbourMs <= neighbourWantedMs && faults.length === 0
      const words = `${messages.length} × ${what}: the loop held for ${heldMs.toFixed(0)} ms at most, somebody else's mail in ${neighbourMs.toFixed(0)} ms`
      process.stdout.write(`${verdict(met, [words, ...faults.slice(0, 3)].join(', '))}\n`)
    }
  } finally {
    await stack.stop()
  }
}

await main()
