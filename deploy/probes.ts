/** Whether a server answers: how a start and a health check know. */
import { once } from 'node:events'
import { type IncomingMessage, request as askPlainly } from 'node:http'
import { request as askSecurely } from 'node:https'
import { connect } from 'node:net'
import type { Config } from '../src/config.ts'

type Door = { readonly path: string } | { readonly host: string; readonly port: number }
export type RedisDoor = Door & { readonly password?: string }

const answerWithinMs = 5000
const answerCharactersMax = 100_000

/** PONG, and not LOADING: a large append-only file takes a while to be read. */
export async function redisPongs(door: RedisDoor): Promise<boolean> {
  return (await askRedis(door)) !== undefined
}

/** What it says to these commands, as it is on the wire; undefined: it is not there, or not ready. */
export async function askRedis(door: RedisDoor, ...commands: (readonly string[])[]): Promise<string | undefined> {
  const { password = '' } = door
  const all = [...(password === '' ? [] : [['AUTH', password]]), ...commands, ['PING']]
  const written = (words: readonly string[]) =>
    [`*${words.length}`, ...words.flatMap((word) => [`$${Buffer.byteLength(word)}`, word]), ''].join('\r\n')
  return await converse(door, /^\+PONG\r/m, all.map(written).join(''))
}

export async function imapGreets(port: number): Promise<boolean> {
  return (await converse({ host: '127.0.0.1', port }, /^\* OK/)) !== undefined
}

export async function pop3Greets(port: number): Promise<boolean> {
  return (await converse({ host: '127.0.0.1', port }, /^\+OK/)) !== undefined
}

/** What is said until `last`; undefined: that never came, or an error did. */
async function converse(door: Door, last: RegExp, asked = ''): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const socket = connect(door)
    let said = ''
    const end = (answer: string | undefined) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(answerWithinMs, () => end(undefined))
    socket.on('error', () => end(undefined))
    socket.on('close', () => end(undefined))
    socket.on('connect', () => socket.write(asked))
    socket.on('data', (chunk) => {
      said += chunk.toString('latin1')
      if (/^-/m.test(said) || said.length > answerCharactersMax) end(undefined)
      else if (last.test(said)) end(said)
    })
  })
}

export async function httpAnswers(url: URL): Promise<boolean> {
  return (await ask(url))?.ok ?? false
}

/** As people who reach this machine are told it. */
export function apiOrigin({ http, tls, publicName }: Config): string {
  return tls === undefined ? `http://${bracketed(http.host)}:${http.port}` : `https://${publicName}:${http.port}`
}

export async function askApi({ http, tls }: Config, path: string): Promise<Answer | undefined> {
  const host = http.host === '0.0.0.0' || http.host === '::' ? '127.0.0.1' : http.host
  return await ask(new URL(`${tls === undefined ? 'http' : 'https'}://${bracketed(host)}:${http.port}${path}`))
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

export interface Answer {
  readonly ok: boolean
  readonly text: string
}

async function ask(url: URL): Promise<Answer | undefined> {
  // Only whether it is there, and on this machine: its certificate is for the name that people use.
  const options = { signal: AbortSignal.timeout(answerWithinMs), rejectUnauthorized: false, agent: false } as const
  try {
    const asked = url.protocol === 'https:' ? askSecurely(url, options) : askPlainly(url, options)
    const [response] = (await once(asked.end(), 'response')) as [IncomingMessage]
    let text = ''
    for await (const chunk of response.setEncoding('utf8'))
      text = `${text}${chunk as string}`.slice(0, answerCharactersMax)
    return { ok: response.statusCode === 200, text }
  } catch {
    return undefined
  }
}
