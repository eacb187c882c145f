/** Takes mail for the sample provider (RFC 5321): what its account sends lies in the mailbox of the correspondents, and what they answer in its maildrop. */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SMTPServer, type SMTPServerDataStream, type SMTPServerEnvelope } from 'smtp-server'
import { sampleAddress, sampleLogin } from '../src/account/sample.ts'
import type { Login } from '../src/imap/connection.ts'
import { MiB } from '../src/units.ts'
import { dateOf, echoOf } from './sample-echo.ts'
import { fillWith } from './sample.ts'

/** As most providers take it. It is held in memory. */
const octetsMax = 25 * MiB
/** Like those of submission. */
const usualPort = 1425

export interface SampleLogins {
  readonly maildrop: Login
  readonly correspondents: Login
}

export interface SampleSmtpOptions extends SampleLogins {
  readonly password: string
  /** At which port to listen; if it is taken, at another one. */
  readonly port?: number | undefined
}

export interface SampleSmtp {
  readonly port: number
  stop(): void
}

export async function startSampleSmtp({ port = usualPort, ...options }: SampleSmtpOptions): Promise<SampleSmtp> {
  try {
    return await listenAt(port, options)
  } catch (error) {
    if (!['EADDRINUSE', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    return await listenAt(0, options)
  }
}

async function listenAt(port: number, options: Omit<SampleSmtpOptions, 'port'>): Promise<SampleSmtp> {
  const server = new SMTPServer({
    name: 'smtp.example.net',
    size: octetsMax,
    maxRecipients: 100,
    hideSTARTTLS: true,
    disabledCommands: ['STARTTLS', 'XCLIENT', 'XFORWARD'],
    allowInsecureAuth: true,
    authMethods: ['PLAIN', 'LOGIN'],
    disableReverseLookup: true,
    closeTimeout: 1000,
    logger: false,
    onAuth({ username, password }, _session, done) {
      const isRight = username === sampleLogin && password === options.password
      if (isRight) done(null, { user: username })
      else done(refusal(535, '5.7.8 Only the sample account may log in'))
    },
    onRcptTo({ address }, _session, done) {
      done(address.startsWith('nobody@') ? refusal(550, `5.1.1 <${address}>: nobody has this address`) : null)
    },
    onData(stream, { envelope }, done) {
      void answerTo(done, take(stream, envelope, options))
    },
  })
  server.on('error', () => {})
  server.listen(port, '127.0.0.1')
  await once(server.server, 'listening')
  return {
    port: (server.server.address() as AddressInfo).port,
    stop: () => server.close(() => {}),
  }
}

const refusal = (responseCode: number, sentence: string) => Object.assign(new Error(sentence), { responseCode })

async function answerTo(done: (error: Error | null, words?: string) => void, taking: Promise<void>): Promise<void> {
  let wrong: Error | null = null
  try {
    await taking
  } catch (error) {
    wrong = error instanceof Error ? error : new Error(String(error))
  }
  done(wrong, '2.0.0 It has arrived')
}

async function take(
  stream: SMTPServerDataStream,
  { mailFrom, rcptTo }: SMTPServerEnvelope,
  { maildrop, correspondents }: SampleLogins,
): Promise<void> {
  const pieces: Buffer[] = []
  for await (const piece of stream) if (!stream.sizeExceeded) pieces.push(piece as Buffer)
  if (stream.sizeExceeded) throw refusal(552, `5.3.4 A message has ${octetsMax} octets at most`)
  const arrived = new Date()
  const bytes = Buffer.concat(pieces)
  const sender = mailFrom === false ? '' : mailFrom.address
  const delivered = (message: Buffer, from: string) => ({
    bytes: Buffer.concat([
      Buffer.from(`Return-Path: <${from}>\r\nReceived: by smtp.example.net; ${dateOf(arrived)}\r\n`, 'latin1'),
      message,
    ]),
    arrived,
  })
  const others = rcptTo.map(({ address }) => address).filter((address) => address !== sampleAddress)
  const echoes = others
    .map((from) => echoOf({ bytes, from, to: sender }, randomUUID(), arrived))
    .filter((echo) => echo !== undefined)
  const own = others.length < rcptTo.length ? [delivered(bytes, sender)] : []
  try {
    if (others.length > 0) await fillWith(correspondents, [delivered(bytes, sender)])
    if (own.length + echoes.length > 0) await fillWith(maildrop, [...own, ...echoes.map((echo) => delivered(echo, ''))])
  } catch (error) {
    throw Object.assign(refusal(451, '4.3.0 The mailbox cannot be written to now'), { cause: error })
  }
}
