/** Fills the sample provider, a login of our own Dovecot, with sample mail. */
import type { Login } from '../src/imap/connection.ts'
import { fillLogin } from '../src/imap/login.ts'
import { usageOf } from '../src/imap/usage.ts'
import type { Token } from '../src/mail/message.ts'
import { sampleMail, type SampleMessage } from './sample-mail.ts'

/** Fills the login only if it is empty: so a login whose mail somebody has changed since the first start stays as it is. */
export async function fillOnce(login: Login): Promise<void> {
  if ((await usageOf(login)).messages === 0) await fillWith(login, sampleMail(Date.now()))
}

export async function fillWith(login: Login, mail: readonly SampleMessage[]): Promise<void> {
  const copies = mail.map(({ bytes, arrived }, nth) => ({
    token: String(nth) as Token,
    literal: [bytes],
    internalDate: arrived,
  }))
  await fillLogin(login, copies)
}
