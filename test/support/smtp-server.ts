/** An SMTP server that does what a test says, and keeps the mail that it was sent. */
import { EventEmitter, once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer, TLSSocket } from 'node:tls'
import { closerOf } from './closing.ts'

export interface SmtpBehaviour {
  readonly tls?: { readonly cert: string; readonly key: string }
  /** TLS from the first octet; without this, STARTTLS is offered if there is a certificate. */
  readonly implicit?: boolean
  readonly login?: { readonly user: string; readonly password: string }
  /** The server never says anything. */
  readonly silent?: boolean
  /** The answers with which it refuses the first mails. */
  readonly refusals?: readonly string[]
}

export interface SentMail {
  readonly from: string
  readonly to: readonly string[]
  readonly text: string
  readonly secured: boolean
  readonly user: string | undefined
}

export interface SmtpServer {
  readonly port: number
  readonly mails: readonly SentMail[]
  /** Resolves when this many mails have come. */
  count(wanted: number): Promise<readonly SentMail[]>
  close(): Promise<void>
}

export async function startSmtpServer(behaviour: SmtpBehaviour = {}): Promise<SmtpServer> {
  const mails: SentMail[] = []
  const arrivals = new EventEmitter()
  const refusals = [...(behaviour.refusals ?? [])]
  const accept = (socket: Socket) => {
    socket.on('error', () => {})
    if (behaviour.silent) return
    socket.write('220 smtp.example.net ready\r\n')
    serve(socket, behaviour, refusals, (mail) => {
      mails.push(mail)
      arrivals.emit('one')
    })
  }
  const server = behaviour.implicit ? createTlsServer({ ...behaviour.tls }, accept) : createServer(accept)
  const close = closerOf(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    mails,
    async count(wanted) {
      const signal = AbortSignal.timeout(120_000)
      while (mails.length < wanted) await once(arrivals, 'one', { signal })
      return mails
    },
    close,
  }
}

function serve(
  socket: Socket,
  { tls, login }: SmtpBehaviour,
  refusals: string[],
  take: (mail: SentMail) => void,
): void {
  const secured = socket instanceof TLSSocket
  let user: string | undefined
  let from = ''
  let to: string[] = []
  let body: string | undefined
  let rest = ''
  const say = (line: string) => void socket.write(`${line}\r\n`)
  const command = (line: string) => {
    const [verb = '', argument = ''] = line.split(' ')
    switch (verb.toUpperCase()) {
      case 'EHLO':
        say('250-smtp.example.net')
        if (tls !== undefined && !secured) say('250-STARTTLS')
        return say(login === undefined ? '250 8BITMIME' : '250 AUTH PLAIN')
      case 'STARTTLS': {
        say('220 go on')
        socket.removeAllListeners('data')
        const secure = new TLSSocket(socket, { isServer: true, ...tls })
        secure.on('error', () => {})
        return serve(
          secure,
          { ...(tls === undefined ? {} : { tls }), ...(login === undefined ? {} : { login }) },
          refusals,
          take,
        )
      }
      case 'AUTH': {
        const response = line.split(' ')[2] ?? ''
        const [, given, password] = Buffer.from(response, 'base64').toString().split('\0')
        const right = given === login?.user && password === login?.password
        if (right) user = given
        return say(right ? '235 welcome' : `535 5.7.8 cannot log in with ${response} (${password})`)
      }
      case 'MAIL':
        from = argument.slice('FROM:'.length)
        to = []
        return say(login !== undefined && user === undefined ? '530 log in first' : '250 ok')
      case 'RCPT':
        to.push(argument.slice('TO:'.length))
        return say('250 ok')
      case 'DATA':
        body = ''
        return say('354 go on')
      case 'QUIT':
        say('221 bye')
        return void socket.end()
      default:
        return say('500 unknown')
    }
  }
  socket.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('latin1')).split('\r\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (body === undefined) command(line)
      else if (line !== '.') body += `${line.replace(/^\./, '')}\r\n`
      else {
        const refusal = refusals.shift()
        if (refusal === undefined) take({ from, to, text: body, secured, user })
        say(refusal ?? '250 taken')
        body = undefined
      }
    }
  })
}
