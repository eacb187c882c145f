/** Logs in through a proxy, and looks at what people are told when that fails. */
import assert from 'node:assert/strict'
import { proxyIn } from '../../src/account/proxy.ts'
import type { Reach } from '../../src/account/reach.ts'
import type { Failure } from '../../src/failure/failure.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { describe as sentenceOf } from '../../src/failure/sentences.ts'
import { Pop3Session } from '../../src/pop3/session.ts'
import { plainLogin, proxyLogin } from './proxies.ts'

export const login = { user: 'me', password: 'secret', tlsVerify: true, tlsFingerprint: null } as const

interface Tried {
  readonly port: number
  readonly host?: string
  readonly tls?: 'implicit' | 'starttls' | 'none'
  readonly ca?: string
  readonly reach?: Reach
  readonly connectMs?: number
}

/** Logs in by POP3 through a proxy, and gives the failure. */
export async function failing(
  url: string,
  { port, host = '127.0.0.1', tls = 'none', connectMs = 30_000, ...rest }: Tried,
) {
  const session = new Pop3Session({ ...login, host, port, tls, via: proxyIn(url), waits: { connectMs }, ...rest })
  try {
    await session.logIn()
    await session.list()
    await session.quit()
    return undefined
  } catch (error) {
    assert.ok(error instanceof SessionFailed, String(error))
    const { failure } = error
    for (const secret of [proxyLogin.password, plainLogin.password, encodeURIComponent(proxyLogin.password), 'Basic '])
      assert.ok(!`${JSON.stringify(failure)}${sentenceOf(failure)}${String((error as Error).cause)}`.includes(secret))
    return failure
  } finally {
    session.abandon()
  }
}

export function ofProxy(failure: Failure | undefined, reason: RegExp): void {
  assert.equal(failure?.kind, 'unreachable')
  assert.equal(failure.cause, 'proxy')
  assert.match(failure.reason, reason)
  assert.match(
    sentenceOf(failure),
    /the proxy 127\.0\.0\.1:\d+ .*tried again by itself.*see that the proxy 127\.0\.0\.1:\d+ runs/s,
  )
}
