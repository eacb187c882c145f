/** Takes a message in a process of its own that ends itself by SIGKILL at the place that argv[2] names (test/live/outbox-api.test.ts). */
import { join } from 'node:path'
import { OutboxDesk } from '../../api/outbox-desk.ts'
import { OutboxFiles } from '../../src/disk/outbox.ts'
import { Accounts } from '../../src/redis/accounts.ts'
import { connectRedis } from '../../src/redis/connection.ts'
import { Sendings } from '../../src/redis/outbox.ts'
import { identitiesOf } from '../../src/send/identity.ts'
import { writeOutgoing } from '../../src/send/outgoing-message.ts'
import { sendersOf } from '../../api/routes/identities.ts'

export interface DoomedDeskOptions {
  readonly url: string
  readonly folder: string
  readonly destinationId: string
  readonly at: 'before the commit' | 'before the entry' | 'after the entry'
}

const { url, folder, destinationId, at } = JSON.parse(process.argv[2] ?? '{}') as DoomedDeskOptions
const redis = connectRedis(url, 'api', () => {})
const die = () => process.kill(process.pid, 'SIGKILL')

class DoomedSendings extends Sendings {
  override async create(...args: Parameters<Sendings['create']>) {
    if (at === 'before the entry') die()
    const answer = await super.create(...args)
    die()
    return answer
  }
}

const accounts = new Accounts(redis)
const outboxFiles = new OutboxFiles(join(folder, 'outbox'))
const desk = new OutboxDesk({ redis, accounts, sendings: new DoomedSendings(redis), outboxFiles })
const draft = await desk.begin()
const senders = identitiesOf(await sendersOf(accounts, destinationId))
const source = (async function* () {
  yield Buffer.from('From: me@example.net\r\nTo: a@example.org\r\n\r\nThe doomed one.\r\n')
})()
const rules = { envelopeFrom: undefined, senders, nowMs: Date.now(), id: 'doomed' }
const message = await writeOutgoing(source, rules, async (piece) => await draft.write(piece))
if (at === 'before the commit') die()
const recipients = [{ address: 'a@example.org' }]
const terms = { utf8: false, eightBit: false, dsn: null }
await desk.accept({ destinationId, login: 'alice', sender: message.identity, recipients, ...terms, message, draft })
