/** Nothing of a session stays in memory when it has ended: a worker makes millions of them. */
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { openMaildrop } from '../../src/pop3/open-maildrop.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { until } from '../support/until.ts'
import { letter } from '../support/world.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

test('a session that ended by QUIT, or was broken off, leaves nothing in memory', async (t) => {
  const server = await startPop3Server({ messages: [{ bytes: letter('one') }] })
  t.after(async () => await server.close())
  const open = async () =>
    await openMaildrop({
      host: '127.0.0.1',
      port: server.port,
      tls: 'none',
      tlsVerify: true,
      tlsFingerprint: null,
      user: 'me',
      password: 'secret',
      waits: {},
    })
  const ended = [
    async () => {
      const maildrop = await open()
      await maildrop.list()
      await maildrop.quit()
      return new WeakRef(maildrop)
    },
    async () => {
      const maildrop = await open()
      await maildrop.list()
      maildrop.abandon()
      return new WeakRef(maildrop)
    },
  ]
  for (const end of ended) {
    const left = await end()
    await until(
      'the session to be forgotten',
      () => {
        collect()
        return left.deref() === undefined
      },
      10_000,
    )
  }
})
