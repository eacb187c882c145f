/** Reads the settings from the environment, and reports all mistakes in them at once (CONTRACT section 1). */
import { availableParallelism } from 'node:os'
import { type Static, Type } from 'typebox'
import { envSchema } from 'env-schema'
import { isLoopbackHost } from './loopback.ts'
import { type PolicyPlace, policyPlaceIn } from './mail-policy.ts'
import { type Proxy, proxyForms, proxyIn } from './proxy-url.ts'
import { redisUrlOf } from './redis-url.ts'
import { type Given, type StoreEndpoint, storeOf } from './server-urls.ts'

const port = (fallback: number) => Type.Integer({ minimum: 1, maximum: 65535, default: fallback })
/** 0: none. */
const portOrNone = (fallback: number) => Type.Integer({ minimum: 0, maximum: 65535, default: fallback })

/** The settings: name, default and bounds of each. */
export const variables = Type.Object({
  TRIBUTARY_HOME: Type.String({ default: './data', minLength: 1 }),
  TRIBUTARY_HTTP_HOST: Type.String({ default: '127.0.0.1', minLength: 1 }),
  TRIBUTARY_HTTP_PORT: port(8420),
  TRIBUTARY_TRUSTED_PROXIES: Type.Optional(Type.String({ minLength: 1 })),
  TRIBUTARY_MAIL_HOST: Type.String({ default: '127.0.0.1', minLength: 1 }),
  TRIBUTARY_IMAP_PORT: port(1143),
  TRIBUTARY_IMAPS_PORT: port(1993),
  TRIBUTARY_POP3_PORT: port(1110),
  TRIBUTARY_POP3S_PORT: port(1995),
  TRIBUTARY_SUBMISSION_HOST: Type.Optional(Type.String({ minLength: 1 })),
  TRIBUTARY_SUBMISSIONS_PORT: portOrNone(1465),
  TRIBUTARY_SUBMISSION_PORT: portOrNone(1587),
  TRIBUTARY_PUBLIC_NAME: Type.String({ default: 'localhost', minLength: 1 }),
  TRIBUTARY_PUBLIC_URL: Type.Optional(Type.String({ minLength: 1 })),
  TRIBUTARY_TLS_CERT: Type.Optional(Type.String({ minLength: 1 })),
  TRIBUTARY_TLS_KEY: Type.Optional(Type.String({ minLength: 1 })),
  TRIBUTARY_ADMIN_TOKEN_FILE: Type.Optional(Type.String({ minLength: 1 })),
  TRIBUTARY_SECRET_KEYS: Type.Optional(Type.String({ minLength: 1 })),
  TRIBUTARY_SECRET_KEY_FILE: Type.Optional(Type.String({ minLength: 1 })),
  TRIBUTARY_REDIS_URL: Type.Optional(Type.String({ minLength: 1 })),
  TRIBUTARY_REDIS_PASSWORD: Type.Optional(Type.String({ minLength: 1 })),
  TRIBUTARY_REDIS_SENTINEL_PASSWORD: Type.Optional(Type.String({ minLength: 1 })),
  TRIBUTARY_STORE_URL: Type.Optional(Type.String({ minLength: 1 })),
  TRIBUTARY_STORE_PASSWORD: Type.Optional(Type.String({ minLength: 1 })),
  TRIBUTARY_STORE_USERS_FILE: Type.Optional(Type.String({ minLength: 1 })),
  TRIBUTARY_POLICY: Type.Optional(Type.String({ pattern: '^(?:/.+|[A-Za-z0-9_.-]+:[0-9]{1,5})$' })),
  TRIBUTARY_WORKERS: Type.Optional(Type.Integer({ minimum: 1, maximum: 256 })),
  TRIBUTARY_SESSIONS: Type.Integer({ minimum: 1, maximum: 16_384, default: 256 }),
  TRIBUTARY_PROXY: Type.Optional(Type.String({ minLength: 1 })),
  TRIBUTARY_SAMPLE: Type.Enum(['on', 'off'], { default: 'off' }),
  TRIBUTARY_LOG_LEVEL: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], { default: 'info' }),
})
export type Variables = Static<typeof variables>

/** Settings that may stand in a file, which NAME_FILE names: more people can see an environment than a file. */
export const fromFiles = [
  'TRIBUTARY_REDIS_URL',
  'TRIBUTARY_REDIS_PASSWORD',
  'TRIBUTARY_REDIS_SENTINEL_PASSWORD',
  'TRIBUTARY_STORE_URL',
  'TRIBUTARY_STORE_PASSWORD',
  'TRIBUTARY_PROXY',
] as const satisfies readonly (keyof Variables)[]

export interface Config {
  readonly home: string
  /** Undefined: the file is under HOME. */
  readonly adminTokenFile: string | undefined
  readonly secretKeyFile: string | undefined
  readonly http: {
    readonly host: string
    readonly port: number
    /** Addresses and networks whose X-Forwarded-For and -Proto are believed. */
    readonly trustedProxies: readonly string[]
  }
  /** The keys themselves in place of that file, the newest first, with a space or comma between two. */
  readonly secretKeys: string | undefined
  /** The addresses of the hosted store for people's mail programs. */
  readonly mail: {
    readonly host: string
    readonly imapPort: number
    readonly imapsPort: number
    readonly pop3Port: number
    readonly pop3sPort: number
  }
  /** Where the API takes mail that is to be sent; a port 0 is not served. */
  readonly submission: {
    readonly host: string
    readonly submissionsPort: number
    readonly submissionPort: number
  }
  readonly publicName: string
  /** Where browsers reach the API, without a slash at its end. */
  readonly publicUrl: string
  /** PEM files; undefined: a self-signed certificate is made under HOME. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined
  /** One of the forms of redis-url.ts. Undefined: local mode starts one. */
  readonly redisUrl: string | undefined
  /** The Sentinels' own password, if they have one. */
  readonly redisSentinelPassword: string | undefined
  /** Undefined: local mode starts Dovecot. */
  readonly store: StoreEndpoint | undefined
  /** The passwd-file that the hosted store reads. */
  readonly storeUsersFile: string | undefined
  /** Where the API decides about logins at the mail ports; undefined: nowhere. */
  readonly policy: PolicyPlace | undefined
  /** The worker processes that local mode runs. */
  readonly workers: number
  /** The POP3 sessions that one worker holds at once. */
  readonly sessions: number
  /** Leads to providers, to IMAP servers of others and to SMTP servers; undefined: none. */
  readonly proxy: Proxy | undefined
  /** Whether there is a sample provider; local mode has one beside the logins of its own Dovecot. */
  readonly hasSample: boolean
  readonly logLevel: Variables['TRIBUTARY_LOG_LEVEL']
  /** Names that begin with TRIBUTARY_ and are no setting: they are probably misspelt, and the log reports them. */
  readonly unknown: readonly string[]
}

export class ConfigInvalid extends Error {
  override readonly name = 'ConfigInvalid'
}

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * @param readFile gives the content of a secret's file; throws if it cannot be read.
 * @throws ConfigInvalid with one line for each mistake.
 */
export function readConfig(env: Environment, readFile: (path: string) => string): Config {
  const mistakes: string[] = []
  const given: Given = Object.fromEntries(
    Object.entries(env).filter(([name, value]) => name.startsWith('TRIBUTARY_') && value !== undefined && value !== ''),
  )
  takeFromFiles(given, readFile, mistakes)
  const unknown = Object.keys(given).filter((name) => !(name in variables.properties))
  const read = checkedByItself(given, mistakes)
  if (read !== undefined) checkNames(read, mistakes)
  if (read !== undefined && given['TRIBUTARY_STORE_URL'] === undefined) checkPorts(read, mistakes)
  checkTogether(given, mistakes)
  const trustedProxies = (given['TRIBUTARY_TRUSTED_PROXIES'] ?? '')
    .split(',')
    .flatMap((network) => network.trim() || [])
  for (const network of trustedProxies)
    if (!/^[0-9A-Fa-f.:]+(?:\/\d{1,3})?$/.test(network))
      mistakes.push(`TRIBUTARY_TRUSTED_PROXIES has ${network}, which is no address and no network like 10.0.0.0/8`)
  const publicUrl = publicUrlOf(given, mistakes)
  const redisUrl = redisUrlOf(given, mistakes)
  const store = storeOf(given, mistakes)
  const proxy = instanceProxy(given, mistakes)
  if (mistakes.length > 0 || read === undefined) throw new ConfigInvalid(mistakes.join('\n'))
  return {
    home: read.TRIBUTARY_HOME,
    adminTokenFile: read.TRIBUTARY_ADMIN_TOKEN_FILE,
    secretKeyFile: read.TRIBUTARY_SECRET_KEY_FILE,
    http: { host: read.TRIBUTARY_HTTP_HOST, port: read.TRIBUTARY_HTTP_PORT, trustedProxies },
    secretKeys: read.TRIBUTARY_SECRET_KEYS,
    mail: {
      host: read.TRIBUTARY_MAIL_HOST,
      imapPort: read.TRIBUTARY_IMAP_PORT,
      imapsPort: read.TRIBUTARY_IMAPS_PORT,
      pop3Port: read.TRIBUTARY_POP3_PORT,
      pop3sPort: read.TRIBUTARY_POP3S_PORT,
    },
    submission: {
      host: read.TRIBUTARY_SUBMISSION_HOST ?? read.TRIBUTARY_MAIL_HOST,
      submissionsPort: read.TRIBUTARY_SUBMISSIONS_PORT,
      submissionPort: read.TRIBUTARY_SUBMISSION_PORT,
    },
    publicName: read.TRIBUTARY_PUBLIC_NAME,
    publicUrl: publicUrl ?? ownUrlOf(read),
    tls:
      read.TRIBUTARY_TLS_CERT === undefined || read.TRIBUTARY_TLS_KEY === undefined
        ? undefined
        : { certFile: read.TRIBUTARY_TLS_CERT, keyFile: read.TRIBUTARY_TLS_KEY },
    redisUrl,
    redisSentinelPassword: given['TRIBUTARY_REDIS_SENTINEL_PASSWORD'],
    store,
    storeUsersFile: read.TRIBUTARY_STORE_USERS_FILE,
    policy: read.TRIBUTARY_POLICY === undefined ? undefined : policyPlaceIn(read.TRIBUTARY_POLICY),
    // One core is left to Redis, the store and the API.
    workers: read.TRIBUTARY_WORKERS ?? Math.max(1, availableParallelism() - 1),
    sessions: read.TRIBUTARY_SESSIONS,
    proxy,
    hasSample: read.TRIBUTARY_SAMPLE === 'on',
    logLevel: read.TRIBUTARY_LOG_LEVEL,
    unknown,
  }
}

/** Where the API itself has something. A proxy that takes the prefix away would pass on what looks as if it still had it. */
const ownPaths = /^\/(?:api|assets|docs|problems|healthz|readyz|metrics|favicon\.svg|theme\.js)(?:\/|$)/

/** Providers send browsers back there with what opens a mailbox: over TLS, or on this machine. */
function publicUrlOf(given: Given, mistakes: string[]): string | undefined {
  const text = given['TRIBUTARY_PUBLIC_URL']
  if (text === undefined) return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isPlain = url !== undefined && url.username + url.password + url.search + url.hash === ''
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname))
  if (!isPlain || !isSafe)
    mistakes.push(
      'TRIBUTARY_PUBLIC_URL must be an https URL without user, query or fragment, such as https://mail.example.net/gather; http only for this machine itself',
    )
  if (url !== undefined && ownPaths.test(url.pathname))
    mistakes.push(
      `TRIBUTARY_PUBLIC_URL has the path ${url.pathname}, which is one of Tributary's own: choose another, such as /gather`,
    )
  return url?.href.replace(/\/+$/, '')
}

/** The API's own address. */
function ownUrlOf({ TRIBUTARY_HTTP_HOST: host, TRIBUTARY_HTTP_PORT: port, ...read }: Variables): string {
  if (read.TRIBUTARY_TLS_CERT !== undefined) return `https://${read.TRIBUTARY_PUBLIC_NAME}:${port}`
  const reached = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`
}

/** The mistake names no value: a password may be in it. */
function instanceProxy({ TRIBUTARY_PROXY: text }: Given, mistakes: string[]): Proxy | undefined {
  const proxy = text === undefined ? undefined : proxyIn(text)
  if (text !== undefined && proxy === undefined) mistakes.push(`TRIBUTARY_PROXY must be ${proxyForms}`)
  return proxy
}

/** Replaces the names of files by their content. */
function takeFromFiles(given: Given, readFile: (path: string) => string, mistakes: string[]): void {
  for (const name of fromFiles) {
    const file = given[`${name}_FILE`]
    if (file === undefined) continue
    if (given[name] !== undefined) mistakes.push(`${name} and ${name}_FILE say the same thing: give one of them`)
    try {
      given[name] = readFile(file)
      if (given[name] === '') mistakes.push(`${name}_FILE names ${file}, which is empty`)
    } catch (error) {
      mistakes.push(`${name}_FILE cannot be read: ${error instanceof Error ? error.message : String(error)}`)
    }
    delete given[`${name}_FILE`]
  }
}

interface SchemaMistake {
  readonly instancePath: string
  readonly message?: string
}

/** Checks each setting by its own type and bounds. */
function checkedByItself(given: Given, mistakes: string[]): Variables | undefined {
  try {
    return envSchema<Variables>({ schema: structuredClone(variables), data: given, env: false })
  } catch (error) {
    const { errors } = error as { readonly errors?: readonly SchemaMistake[] }
    if (errors === undefined || errors.length === 0) throw error
    for (const { instancePath, message = 'is wrong' } of errors)
      mistakes.push(mistakeIn(instancePath.slice(1), given, message))
    return undefined
  }
}

/** Settings whose values are not shown. */
const secret = /URL|PASSWORD|KEYS$|_PROXY$/

function mistakeIn(name: string, given: Given, message: string): string {
  const { minimum, maximum, enum: values } = (variables.properties as Readonly<Record<string, Bounds>>)[name] ?? {}
  const value = secret.test(name) ? '' : ` is ${JSON.stringify(given[name])}, and`
  if (values !== undefined) return `${name}${value} must be one of ${values.join(', ')}`
  if (minimum !== undefined && maximum !== undefined)
    return `${name}${value} must be a whole number from ${minimum} to ${maximum}`
  return `${name} ${message}`
}

interface Bounds {
  readonly minimum?: number
  readonly maximum?: number
  readonly enum?: readonly string[]
}

/** Checks settings that belong together, and those that contradict one another. */
function checkTogether(given: Given, mistakes: string[]): void {
  const isGiven = (name: string) => given[name] !== undefined
  const pairs = [
    ['TRIBUTARY_TLS_CERT', 'TRIBUTARY_TLS_KEY'],
    ['TRIBUTARY_STORE_URL', 'TRIBUTARY_STORE_USERS_FILE'],
  ] as const
  for (const [first, second] of pairs)
    if (isGiven(first) !== isGiven(second)) mistakes.push(`${first} and ${second} go together: give both or neither`)
  if (isGiven('TRIBUTARY_SECRET_KEYS') && isGiven('TRIBUTARY_SECRET_KEY_FILE'))
    mistakes.push('TRIBUTARY_SECRET_KEYS and TRIBUTARY_SECRET_KEY_FILE say the same thing: give one of them')
  for (const server of ['REDIS', 'STORE'] as const)
    if (isGiven(`TRIBUTARY_${server}_PASSWORD`) && !isGiven(`TRIBUTARY_${server}_URL`))
      mistakes.push(`TRIBUTARY_${server}_PASSWORD goes with TRIBUTARY_${server}_URL: give both or neither`)
}

/** A host name or an address has letters, digits, dots, hyphens, underscores, and the colons of IPv6. */
function checkNames(read: Variables, mistakes: string[]): void {
  for (const name of [
    'TRIBUTARY_PUBLIC_NAME',
    'TRIBUTARY_MAIL_HOST',
    'TRIBUTARY_HTTP_HOST',
    'TRIBUTARY_SUBMISSION_HOST',
  ] as const)
    if (!/^[\w.:-]+$/.test(read[name] ?? 'none'))
      mistakes.push(`${name} is ${JSON.stringify(read[name])}, and must be a host name or an IP address`)
}

/** Local mode listens at all of these. The hosted store has one host; the API may have another one. */
function checkPorts(read: Variables, mistakes: string[]): void {
  const mailPorts = [
    'TRIBUTARY_IMAP_PORT',
    'TRIBUTARY_IMAPS_PORT',
    'TRIBUTARY_POP3_PORT',
    'TRIBUTARY_POP3S_PORT',
    'TRIBUTARY_SUBMISSIONS_PORT',
    'TRIBUTARY_SUBMISSION_PORT',
  ] as const
  const hosts = new Set([read.TRIBUTARY_HTTP_HOST, read.TRIBUTARY_MAIL_HOST])
  const isShared = hosts.size === 1 || hosts.has('0.0.0.0') || hosts.has('::')
  const names = isShared ? (['TRIBUTARY_HTTP_PORT', ...mailPorts] as const) : mailPorts
  for (const [nth, name] of names.entries()) {
    const other = names.slice(0, nth).find((earlier) => read[earlier] === read[name] && read[name] !== 0)
    if (other !== undefined) mistakes.push(`${name} is ${read[name]}, and so is ${other}: each needs a port of its own`)
  }
}
