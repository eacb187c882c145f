/** Reads TRIBUTARY_REDIS_URL: one Redis, the master that Sentinels know, or a Cluster (CONTRACT section 1). */
import { percentDecoded, type Given, isUrlOf, withPassword } from './server-urls.ts'

export interface RedisHost {
  readonly host: string
  readonly port: number
}

interface Credentials {
  readonly tls: boolean
  readonly username: string | undefined
  readonly password: string | undefined
}

export type RedisPlace =
  /** A URL that ioredis reads by itself, or the path of a unix socket. */
  | { readonly kind: 'one'; readonly url: string }
  | (Credentials & {
      readonly kind: 'sentinel'
      readonly hosts: readonly RedisHost[]
      /** By which the Sentinels know the master. */
      readonly name: string
      readonly db: number
    })
  | (Credentials & { readonly kind: 'cluster'; readonly hosts: readonly RedisHost[] })

const wanted = [
  'like redis://HOST:PORT, rediss://HOST:PORT (TLS), or the path of a unix socket',
  'redis-sentinel://HOST:PORT,HOST:PORT/NAME, or redis-cluster://HOST:PORT,HOST:PORT (rediss-sentinel: and rediss-cluster: with TLS)',
].join('; ')

/** The usual ports, where the URL has none. */
const usualPort = { sentinel: 26379, cluster: 6379 } as const

/** scheme, user and password, hosts, and what follows them. */
const several = /^(rediss?)-(sentinel|cluster):\/\/(?:([^@/]*)@)?([^/@?#]+)(?:\/([^?#]*))?$/
const hostAndPort = /^(?:\[([0-9A-Fa-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/

/** The settings of Redis, checked together. The URL has its password in it. */
export function redisUrlOf(given: Given, mistakes: string[]): string | undefined {
  const text = given['TRIBUTARY_REDIS_URL']
  const password = given['TRIBUTARY_REDIS_PASSWORD']
  const url = text === undefined ? undefined : urlWith(text, password)
  const isSentinel = text !== undefined && /^rediss?-sentinel:/.test(text)
  if (given['TRIBUTARY_REDIS_SENTINEL_PASSWORD'] !== undefined && !isSentinel)
    mistakes.push(
      'TRIBUTARY_REDIS_SENTINEL_PASSWORD needs a TRIBUTARY_REDIS_URL like redis-sentinel://HOST:PORT,HOST:PORT/NAME',
    )
  if (url === null) mistakes.push('TRIBUTARY_REDIS_PASSWORD needs a TRIBUTARY_REDIS_URL like redis://HOST:PORT')
  else if (url !== undefined && redisPlaceOf(url) === undefined)
    mistakes.push(
      `TRIBUTARY_REDIS_URL must be ${wanted}; in a password, write other characters than letters and digits as %XX`,
    )
  return url ?? undefined
}

/** Undefined: the text is none of the forms. */
export function redisPlaceOf(text: string): RedisPlace | undefined {
  const [, scheme, kind, login = '', hostList = '', path = ''] = several.exec(text) ?? []
  if (scheme === undefined)
    return text.startsWith('/') || isUrlOf(text, ['redis:', 'rediss:']) ? { kind: 'one', url: text } : undefined
  const credentials = credentialsOf(scheme, login)
  const hosts = hostList.split(',').map((one) => hostOf(one, usualPort[kind as keyof typeof usualPort]))
  if (credentials === undefined || !hosts.every((host) => host !== undefined)) return undefined
  // A Cluster has the database 0 alone.
  if (kind === 'cluster') return /^0?$/.test(path) ? { kind, ...credentials, hosts } : undefined
  const [, name, db = '0'] = /^([\w.%-]+)(?:\/(\d{1,4}))?$/.exec(path) ?? []
  const masterName = name === undefined ? undefined : percentDecoded(name)
  return masterName === undefined
    ? undefined
    : { kind: 'sentinel', ...credentials, hosts, name: masterName, db: Number(db) }
}

function credentialsOf(scheme: string, login: string): Credentials | undefined {
  const at = login.indexOf(':')
  const username = percentDecoded(at === -1 ? login : login.slice(0, at))
  const password = percentDecoded(at === -1 ? '' : login.slice(at + 1))
  if (username === undefined || password === undefined) return undefined
  return { tls: scheme === 'rediss', username: username || undefined, password: password || undefined }
}

function hostOf(text: string, port: number): RedisHost | undefined {
  const [whole, address, name, given] = hostAndPort.exec(text) ?? []
  const wantedPort = given === undefined ? port : Number(given)
  if (whole === undefined || wantedPort < 1 || wantedPort > 65_535) return undefined
  return { host: address ?? name ?? '', port: wantedPort }
}

/** The URL with a password that was given apart from it; null if it has no place for one, or has one already. */
function urlWith(text: string, password: string | undefined): string | undefined | null {
  const [, scheme, kind, login = '', hosts = '', path] = several.exec(text) ?? []
  if (password === undefined || scheme === undefined) return withPassword(text, password)
  if (login.includes(':')) return null
  const rest = path === undefined ? '' : `/${path}`
  return `${scheme}-${kind}://${login}:${encodeURIComponent(password)}@${hosts}${rest}`
}
