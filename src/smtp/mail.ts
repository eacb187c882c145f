/** Sends one mail through somebody's SMTP server: nodemailer's protocol over a socket of ours, which ends when its time is over. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createTransport } from 'nodemailer'
import type { Proxy } from '../account/proxy.ts'
import type { Reach } from '../account/reach.ts'
import { withDeadline } from '../deadline.ts'
import { codeReason } from '../failure/socket-reasons.ts'
import { tlsReasonOf } from '../failure/tls-reasons.ts'
import { loginMask, type Mask } from '../mask.ts'
import type { BulletinLetter, BulletinSettings } from '../news/bulletin.ts'
import { singleLine } from '../printable.ts'
import { guardOf } from '../net/guard.ts'
import { connectThrough } from '../net/proxied.ts'

export interface Mail extends BulletinSettings {
  readonly password: string | undefined
  readonly letter: BulletinLetter
  readonly reach: Reach
  /** The proxy that leads to the server; undefined: none. */
  readonly via?: Proxy | undefined
  readonly waitMs: number
  /** Ends the sending: then it is not known whether the mail was sent. */
  readonly signal?: AbortSignal
  /** Certificate authorities beside the system's; given by tests. */
  readonly ca?: string | undefined
}

class OutOfTime extends Error {}

/** Gives the sentence that says why the mail was not sent; undefined: it was sent. */
export async function sendMail(mail: Mail): Promise<string | undefined> {
  const { host, port, user, password, reach, via, waitMs, signal } = mail
  const server = `${host}:${port}`
  const guard = guardOf(reach)
  let socket: Socket | undefined
  try {
    guard.check(host, port)
    const endMs = performance.now() + waitMs
    if (via === undefined) {
      socket = connect({ host, port, lookup: guard.lookup, autoSelectFamily: true })
      await withDeadline(once(socket, 'connect'), { waitMs, signal, late: () => new OutOfTime() })
    } else socket = await connectThrough({ host, port }, { proxy: via, guard, waitMs, signal })
    await withDeadline(sendOver(socket, mail), {
      waitMs: endMs - performance.now(),
      signal,
      late: () => new OutOfTime(),
    })
    return undefined
  } catch (error) {
    if (signal?.aborted) throw error
    if (error instanceof OutOfTime) return `${server} took longer than ${waitMs / 1000} s.`
    return `${server}: ${mailReason(error as Error, loginMask(user ?? '', password ?? ''))}.`
  } finally {
    socket?.on('error', () => {}).destroy()
  }
}

async function sendOver(socket: Socket, mail: Mail): Promise<void> {
  const { host, port, tls, user, password, from, to, letter, waitMs, ca } = mail
  const transport = createTransport({
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    ...(user === null ? {} : { auth: { user, pass: password ?? '' } }),
    ...(ca === undefined ? {} : { tls: { ca } }),
    connectionTimeout: waitMs,
    greetingTimeout: waitMs,
    socketTimeout: waitMs,
    getSocket: (_options, done) => done(null, { connection: socket }),
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  await transport.sendMail({
    from,
    to: [...to],
    ...letter,
    // RFC 3834: no answering machine answers such a mail.
    headers: { 'Auto-Submitted': 'auto-generated' },
  })
}

/** @param mask a server may repeat the secrets that it was sent. */
function mailReason(error: Error & { code?: string; response?: string }, mask: Mask): string {
  const { code, message, response } = error
  const reason = codeReason(code === 'EDNS' ? 'ENOTFOUND' : code)
  if (response === undefined && reason !== undefined) return reason
  const tls = response === undefined ? tlsReasonOf(error) : undefined
  if (tls !== undefined) return `no safe TLS connection: ${tls}`
  const words = response === undefined ? message : `it answered "${response}"`
  // Node 24 adds advice about one of its own options, which only helps the person who starts the process.
  return singleLine(mask(words).replace(/; if the root CA .*/s, ''))
}
