/** Servers that say again what they were told, in whatever form; and what a dashboard hears meanwhile. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { closerOf } from './closing.ts'
import { adminToken, type Stack } from './stack.ts'
import type { TokenAnswer, TokenRequest } from './token-service.ts'
import { until } from './until.ts'

/** The forms in which somebody says again what he was told. */
export function echoed(...all: readonly string[]): string {
  const forms = all.flatMap((one) => [
    one,
    Buffer.from(one).toString('base64'),
    Buffer.from(one).toString('base64url'),
    encodeURIComponent(one),
    new URLSearchParams([['x', one]]).toString(),
  ])
  return forms.join(' ')
}

/** What a mail server is told of a token. */
export const saslOf = (user: string, token: string, port: number) => [
  token,
  `user=${user}\x01auth=Bearer ${token}\x01\x01`,
  `n,a=${user},\x01host=127.0.0.1\x01port=${port}\x01auth=Bearer ${token}\x01\x01`,
]

/** Says again everything that it was told: the body, each of its values, and the header with the application's secret. */
export function echoing(error: string): (request: TokenRequest) => TokenAnswer {
  return ({ body, text, headers }) => {
    const { authorization = '' } = headers
    const said = [text, authorization, ...body.values()].map((one) => `${one} ${echoed(one)}`)
    // The values first: words are cut at some length.
    return { status: 400, body: { error, error_description: [...body.values(), ...said].join(' ') } }
  }
}

/** A proxy. @param answer is given what came, and how many times something had come before. */
export async function startEcho(
  answer: (told: Buffer, nth: number) => Buffer,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer((socket) => {
    let nth = 0
    socket.on('error', () => {}).on('data', (told) => socket.write(answer(told, nth++)))
  })
  const close = closerOf(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, close }
}

/** Listens to the events as a dashboard does. @returns what has come. */
export async function eventsOf({ app }: Stack): Promise<() => Promise<string>> {
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const stop = new AbortController()
  const headers = { authorization: `Bearer ${adminToken}` }
  const response = await fetch(`${url}/api/v1/events`, { headers, signal: stop.signal })
  let text = ''
  const reading = (async () => {
    for await (const piece of response.body ?? []) text += Buffer.from(piece).toString()
  })().catch(() => {})
  return async () => {
    await until('events', () => text.includes('event:'))
    stop.abort()
    await reading
    return text
  }
}
