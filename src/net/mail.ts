/** One mail through somebody's SMTP server: nodemailer's protocol over a socket of ours, which ends when its time is over. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { createTransport } from 'nodemailer'
import type { Reach } from '../account/reach.ts'
import { loginMask, type Mask } from '../mask.ts'
import type { Letter, BulletinSettings } from '../news/bulletin.ts'
import { guardOf } from './guard.ts'

export interface Mail extends BulletinSettings {
  readonly password: string | undefined
  readonly letter: Letter
  readonly reach: Reach
  readonly waitMs: number
  /** Ends it: then it is not known whether it was sent. */
  readonly signal?: AbortSignal
  /** Certificate authorities beside the system's; given by tests. */
  readonly ca?: string | undefined
}

/** What kept it from being sent, in a sentence; undefined: it was. */
export async function sendMail(mail: Mail): Promise<string | undefined> {
  const { host, port, tls, user, password, from, to, letter, reach, waitMs, signal, ca } = mail
  const deadline = AbortSignal.timeout(waitMs)
  const over = signal === undefined ? deadline : AbortSignal.any([deadline, signal])
  const server = `${host}:${port}`
  const guard = guardOf(reach)
  let end: (() => void) | undefined
  try {
    guard.check(host, port)
    const socket = connect({ host, port, lookup: guard.lookup, autoSelectFamily: true })
    end = () => void socket.on('error', () => {}).destroy()
    over.addEventListener('abort', end)
    await once(socket, 'connect', { signal: over })
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
      // RFC 3834: no answering machine answers to it.
      headers: { 'Auto-Submitted': 'auto-generated' },
    })
    return undefined
  } catch (error) {
    if (signal?.aborted) throw error
    if (deadline.aborted) return `${server} took longer than ${waitMs / 1000} s.`
    return `${server}: ${reasonOf(error as Error, loginMask(user ?? '', password ?? ''))}.`
  } finally {
    if (end !== undefined) over.removeEventListener('abort', end)
    end?.()
  }
}

/** @param mask a server may say back what it was sent. */
function reasonOf(error: Error & { code?: string; response?: string }, mask: Mask): string {
  if (error.code === 'ECONNREFUSED') return 'the connection was refused'
  if (error.code === 'ENOTFOUND' || error.code === 'EDNS') return 'there is no host of that name'
  const said = error.response === undefined ? undefined : `it answered "${error.response}"`
  return (
    mask(said ?? error.message)
      // Node 24 advises an option of its own, which is for whoever starts the process.
      .replace(/; if the root CA .*/s, '')
      .replace(/[\x00-\x1f\x7f]+/g, ' ')
      .slice(0, 500)
  )
}
