/**
 * What a POP3 session costs the worker that finds nothing new: login, listing, QUIT, against a scripted server in another process. Run it
 * alone: `node dist/bench/idle-session.js [messages] [none|implicit] [sessions] [usual|quick]`.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ServerTrait } from '../src/account/server-traits.ts'
import { openMaildrop, openQuickly } from '../src/pop3/open-maildrop.ts'
import { TlsSessions } from '../src/pop3/tls-sessions.ts'
import { listingHash } from '../src/pull/known-plan.ts'
import { certificate } from '../test/support/certificates.ts'
import { startPop3Server } from '../test/support/pop3-server.ts'

const [messages = '20', tls = 'none', sessions = '2000', way = 'quick'] = process.argv.slice(2)

async function serve(): Promise<void> {
  const maildrop = Array.from({ length: Number(messages) }, (_, nth) => ({
    bytes: Buffer.alloc(1000 + nth, 'x'),
    uidl: `0000${nth}56a0b1c2d3e4f5`,
  }))
  const { port } = await startPop3Server({
    messages: maildrop,
    ...(tls === 'none' ? {} : { tls: certificate('127.0.0.1') }),
  })
  process.send?.(port)
  await once(process, 'disconnect')
  process.exit()
}

async function measure(): Promise<void> {
  const server = fork(fileURLToPath(import.meta.url), process.argv.slice(2), { env: { ...process.env, SERVES: '1' } })
  const [port] = (await once(server, 'message')) as [number]
  const traits = new Set<ServerTrait>()
  const tlsSessions = new TlsSessions()
  const options = {
    host: '127.0.0.1',
    port,
    tls: tls === 'none' ? ('none' as const) : ('implicit' as const),
    tlsVerify: false,
    tlsFingerprint: null,
    user: 'me',
    password: 'secret',
    traits,
    tlsSessions,
  }
  const lines = ['USER', 'UIDL', 'TOP', 'PIPELINING']
  const known = { before: lines, after: lines }
  let left = 0
  const work = async () => {
    while (left > 0) {
      left -= 1
      const maildrop = way === 'quick' ? await openQuickly({ ...options, known }) : await openMaildrop(options)
      if (way === 'quick') await maildrop.answers()
      else await listingHash(await maildrop.list())
      await maildrop.quit()
    }
  }
  const round = async (count: number) => {
    left = count
    await Promise.all(Array.from({ length: 20 }, work))
  }
  await round(500)
  const [beforeMs, before] = [performance.now(), process.cpuUsage()]
  await round(Number(sessions))
  const { user, system } = process.cpuUsage(before)
  const ms = (microseconds: number) => (microseconds / 1000 / Number(sessions)).toFixed(3)
  const rate = (Number(sessions) / (performance.now() - beforeMs)) * 1000
  process.stdout.write(
    `${messages} messages, ${tls}, ${way}: ${ms(user + system)} ms a session (user ${ms(user)}, system ${ms(system)}), ${rate.toFixed(0)} a second\n`,
  )
  server.disconnect()
}

await (process.env['SERVES'] === undefined ? measure() : serve())
