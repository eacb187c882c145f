/** `npm run demo`: shows the whole way of mail to somebody who has no account at hand. Its ports and its folder are gone when it ends. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sampleLogin } from '../src/account/sample.ts'
import type { Login } from '../src/imap/connection.ts'
import { readLogin, type ReadMessage } from '../src/imap/login.ts'
import { demoAnswer } from './demo-answer.ts'
import { interruptsOf } from './interrupts.ts'
import { startLocal } from './local.ts'
import { again, serviceWithoutHome } from './service.ts'

const say = (text: string) => process.stdout.write(`${text}\n`)

async function demo(): Promise<boolean> {
  const home = mkdtempSync(join(tmpdir(), 'tributary-demo-'))
  const [http, imap, imaps, pop3, pop3s, submissions, submission] = await freePorts(7)
  say('Starting Redis, Dovecot, the API and a worker ...')
  const local = await startLocal(
    {
      // The demo has its own settings, whatever this shell has set.
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TRIBUTARY_'))),
      TRIBUTARY_HOME: home,
      TRIBUTARY_LOG_LEVEL: 'error',
      TRIBUTARY_SAMPLE: 'on',
      TRIBUTARY_HTTP_PORT: String(http),
      TRIBUTARY_IMAP_PORT: String(imap),
      TRIBUTARY_IMAPS_PORT: String(imaps),
      TRIBUTARY_POP3_PORT: String(pop3),
      TRIBUTARY_POP3S_PORT: String(pop3s),
      TRIBUTARY_SUBMISSIONS_PORT: String(submissions),
      TRIBUTARY_SUBMISSION_PORT: String(submission),
    },
    interruptsOf(process),
  )
  try {
    const { host, port } = local.config.http
    const token = readFileSync(local.home.adminToken, 'utf8').trim()
    const ask = async (method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> =>
      await answerOf(
        await fetch(`http://${host}:${port}/api/v1${path}`, {
          method,
          headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
          ...(body && { body: JSON.stringify(body) }),
        }),
      )

    const sample = (await ask('GET', '/sample'))['account'] as SampleAccount
    const password = 'a password of the demo'
    const at = { host: '127.0.0.1', port: Number(imap), tls: 'none' } as const
    const loginOf = (user: string): Login => ({ ...at, user, password: sample.password })
    const sent = await all(readLogin(loginOf(sampleLogin)))
    say(`A sample provider holds ${sent.length} messages, ${sizeOf(sent)}, and serves them over POP3 on port ${pop3}.`)

    const destination = await ask('POST', '/destinations', { kind: 'hosted', login: 'you', password })
    const destinationId = String(destination['id'])
    const { id } = await ask('POST', '/accounts', { ...sample, destinationId })
    const accountId = String(id)
    const beganMs = performance.now()
    const run = await ask('POST', `/accounts/${accountId}/pull?wait=60`)
    const ms = Math.round(performance.now() - beganMs)
    say(`Pulled in ${ms} ms: ${JSON.stringify({ ...run, id: undefined, accountId: undefined })}`)
    say(`\nRead back over IMAP, as you, on port ${imap}:\n`)
    const same = await compare(sent, readLogin({ ...at, user: 'you', password }))
    const again = await ask('POST', `/accounts/${accountId}/pull?wait=60`)
    say(`\n${same} of ${sent.length} are byte for byte what the provider held, behind our trace block.`)
    say(`Pulled again: ${String(again['listed'])} listed, ${String(again['stored'])} stored. Nothing arrives twice.`)
    const answered = await demoAnswer({ ask, say, loginOf, destinationId, accountId })
    say(`  The answer has arrived, and what came back is here: ${answered ? 'yes' : 'no'}.`)
    return sent.length > 0 && same === sent.length && again['stored'] === 0 && answered
  } finally {
    await local.stop()
    rmSync(home, { recursive: true, force: true })
  }
}

type Answer = Readonly<Record<string, unknown>>

type SampleAccount = Answer & { readonly password: string }

async function answerOf(response: Response): Promise<Answer> {
  const answer = (await response.json()) as Answer
  if (!response.ok) throw new Error(`${response.url}: ${JSON.stringify(answer)}`)
  return answer
}

async function all(read: AsyncIterable<ReadMessage>): Promise<ReadMessage[]> {
  const messages: ReadMessage[] = []
  for await (const message of read) messages.push(message)
  return messages
}

const sizeOf = (sent: readonly ReadMessage[]) =>
  `${Math.round(sent.reduce((sum, { bytes }) => sum + bytes.length, 0) / 1024)} kB`

/** Prints the messages that arrived. @returns how many of them equal the messages that were sent. */
async function compare(sent: readonly ReadMessage[], read: AsyncIterable<ReadMessage>): Promise<number> {
  const left = new Map<string, number>()
  const key = (bytes: Buffer) => bytes.toString('latin1')
  for (const { bytes } of sent) left.set(key(bytes), (left.get(key(bytes)) ?? 0) + 1)
  let same = 0
  for await (const { bytes, internalDate, from, subject } of read) {
    const source = bytes.subarray(bytes.indexOf('\r\n', bytes.indexOf('X-Tributary-Id: ')) + 2)
    const count = left.get(key(source)) ?? 0
    if (count > 0) same += 1
    left.set(key(source), count - 1)
    const time = internalDate.toISOString().slice(0, 16).replace('T', ' ')
    const octets = String(source.length).padStart(7)
    say(`  ${count > 0 ? '=' : '!'} ${time} ${octets}  ${from.padEnd(26).slice(0, 26)} ${subject.slice(0, 50)}`)
  }
  return same
}

async function freePorts(count: number): Promise<string[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports: string[] = []
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    ports.push(String((server.address() as AddressInfo).port))
  }
  for (const server of servers) await new Promise((resolve) => server.close(resolve))
  return ports
}

try {
  const service = serviceWithoutHome(process.env)
  process.exitCode = service.setpriv.length > 0 ? await again(service) : (await demo()) ? 0 : 1
} catch (error) {
  process.stderr.write(`The demo failed: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
