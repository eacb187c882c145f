/** Asks a server whether it answers, for a start and for a health check. */
import { once } from 'node:events'
import { type IncomingMessage, request as askPlainly } from 'node:http'
import { request as askSecurely } from 'node:https'
import { connect } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import type { Config } from '../src/config.ts'

type Door = { readonly path: string } | { readonly host: string; readonly port: number }
export type RedisDoor = Door & { readonly password?: string }

export const answerWithinMs = 5000
const answerCharactersMax = 100_000

/** Tells whether Redis answers PING and no longer says LOADING. */
export async function redisPongs(door: RedisDoor): Promise<boolean> {
  return (await askRedis(door)) !== undefined
}

/** Gives true when Redis is ready, false when it does not answer, and a text while it reads its append-only file, which may take many minutes. */
export async function redisReadiness(door: RedisDoor): Promise<boolean | string> {
  const asked = written(door, [['INFO', 'persistence'], ['PING']])
  const answer = await converse(door, asked, /^(?:\+PONG|-LOADING .*)\r/m, /^-(?!LOADING )/m)
  if (answer === undefined) return false
  if (!/^-LOADING /m.test(answer)) return true
  const [, percent = '?'] = /^loading_loaded_perc:([\d.]+)/m.exec(answer) ?? []
  const [, seconds = '?'] = /^loading_eta_seconds:(\d+)/m.exec(answer) ?? []
  return `reads its append-only file: ${percent} % are read, about ${seconds} s are left`
}

/** Sends these commands, and gives the answers of Redis as they are on the wire; undefined if Redis is not there or not ready. */
export async function askRedis(door: RedisDoor, ...commands: (readonly string[])[]): Promise<string | undefined> {
  return await converse(door, written(door, [...commands, ['PING']]), /^\+PONG\r/m)
}

function written({ password = '' }: RedisDoor, commands: readonly (readonly string[])[]): string {
  const command = (words: readonly string[]) =>
    [`*${words.length}`, ...words.flatMap((word) => [`$${Buffer.byteLength(word)}`, word]), ''].join('\r\n')
  return [...(password === '' ? [] : [['AUTH', password]]), ...commands].map(command).join('')
}

export async function imapGreets(port: number): Promise<boolean> {
  return (await converse({ host: '127.0.0.1', port }, '', /^\* OK/)) !== undefined
}

export async function pop3Greets(port: number): Promise<boolean> {
  return (await converse({ host: '127.0.0.1', port }, '', /^\+OK/)) !== undefined
}

/** Where mail programs send: the port of STARTTLS, or of TLS, at which the connection alone tells. */
export async function submissionGreets(port: number, isSecure: boolean): Promise<boolean> {
  if (!isSecure) return (await converse({ host: '127.0.0.1', port }, '', /^220 /)) !== undefined
  return await new Promise((resolve) => {
    const socket = connectSecurely({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => end(true))
    const end = (greets: boolean) => {
      socket.destroy()
      resolve(greets)
    }
    socket.setTimeout(answerWithinMs, () => end(false))
    socket.on('error', () => end(false))
    socket.on('close', () => end(false))
  })
}

/** Gives everything that the server says until `last`; undefined if `last` never comes, or a refusal comes. */
async function converse(door: Door, asked: string, last: RegExp, refusal = /^-/m): Promise<string | undefined> {
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
      if (refusal.test(said) || said.length > answerCharactersMax) end(undefined)
      else if (last.test(said)) end(said)
    })
  })
}

export async function httpAnswers(url: URL): Promise<boolean> {
  return (await ask(url))?.ok ?? false
}

/** Gives the address of API and dashboard, for people who can reach this machine. */
export function apiOrigin({ http, tls, publicName }: Config): string {
  return tls === undefined ? `http://${bracketed(http.host)}:${http.port}` : `https://${publicName}:${http.port}`
}

export async function askApi({ http, tls }: Config, path: string, asked?: Asked): Promise<Answer | undefined> {
  const host = http.host === '0.0.0.0' || http.host === '::' ? '127.0.0.1' : http.host
  return await ask(new URL(`${tls === undefined ? 'http' : 'https'}://${bracketed(host)}:${http.port}${path}`), asked)
}

/** What is asked, if it is no plain GET. */
export interface Asked {
  readonly method: 'POST'
  readonly token: string
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

export interface Answer {
  readonly ok: boolean
  readonly text: string
}

async function ask(url: URL, asked?: Asked): Promise<Answer | undefined> {
  const how = asked && { method: asked.method, headers: { authorization: `Bearer ${asked.token}` } }
  // This asks on this machine, at a port that is our own: its certificate is for the name that people use.
  const options = {
    signal: AbortSignal.timeout(answerWithinMs),
    rejectUnauthorized: false,
    agent: false,
    ...how,
  } as const
  try {
    const request = url.protocol === 'https:' ? askSecurely(url, options) : askPlainly(url, options)
    const [response] = (await once(request.end(), 'response')) as [IncomingMessage]
    let text = ''
    for await (const chunk of response.setEncoding('utf8'))
      text = `${text}${chunk as string}`.slice(0, answerCharactersMax)
    const { statusCode = 0 } = response
    return { ok: statusCode >= 200 && statusCode < 300, text }
  } catch {
    return undefined
  }
}
