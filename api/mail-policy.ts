/**
 * Decides for the hosted Dovecot who may try a password, by its auth policy (doc.dovecot.org, "Authentication policy support"): it asks before
 * it looks at a password, and tells afterwards how the attempt ended. If nobody answers it, it lets logins go on.
 */
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { timingSafeEqual } from 'node:crypto'
import type { Logger } from '../src/log.ts'
import { type PolicyPlace, policyHeader, policyKeyOf } from '../src/mail-policy.ts'
import type { Guesses } from '../src/redis/guesses.ts'
import { digestOf } from '../src/redis/tokens.ts'
import { addressBlockOf } from './http/protection.ts'
import { apiLimits } from './limits.ts'

export interface MailPolicyWorld {
  readonly guesses: Guesses
  readonly masterPassword: string
  readonly log: Logger
}

/** What Dovecot sends: `?command=allow` has no result yet. */
interface Asked {
  readonly login: string
  readonly remote: string
  readonly success: boolean
}

export async function servePolicy(place: PolicyPlace, world: MailPolicyWorld): Promise<Server> {
  const key = policyKeyOf(world.masterPassword)
  const server = createServer({ requestTimeout: apiLimits.policyWaitMs }, (request, response) => {
    const answer = (status: number, body: object) => {
      const text = JSON.stringify(body)
      response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
      response.end(text)
    }
    if (!isKey(request.headers[policyHeader], key)) return answer(403, {})
    void decided(request, world).then(
      (status) => answer(200, { status, msg: '' }),
      (error: unknown) => {
        world.log.error({ event: 'policy broke', reason: String(error) })
        answer(500, {})
      },
    )
  })
  // One that was killed has left its socket.
  if ('path' in place) rmSync(place.path, { force: true })
  server.listen(place)
  await once(server, 'listening')
  return server
}

/** Gives Dovecot's code: -1 refuses, 0 lets it try the password. */
async function decided(request: IncomingMessage, { guesses }: MailPolicyWorld): Promise<-1 | 0> {
  const { login, remote, success } = await askedIn(request)
  const attempt = { login, from: addressBlockOf(remote) }
  const isReport = request.url?.endsWith('command=report') === true
  if (!isReport) return (await guesses.attempt(attempt)) === 0 ? 0 : -1
  if (success) await guesses.succeeded(attempt)
  return 0
}

async function askedIn(request: IncomingMessage): Promise<Asked> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk as string
    if (text.length > apiLimits.policyCharactersMax) throw new Error('Dovecot asked with too many words')
  }
  const { login, remote, success } = JSON.parse(text) as Readonly<Record<string, unknown>>
  if (typeof login !== 'string' || typeof remote !== 'string') throw new Error('Dovecot named no login or no address')
  return { login, remote, success: success === true }
}

function isKey(given: string | readonly string[] | undefined, key: string): boolean {
  return typeof given === 'string' && timingSafeEqual(Buffer.from(digestOf(given)), Buffer.from(digestOf(key)))
}
