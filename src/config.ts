/** The environment -> Config, every mistake at once (CONTRACT section 1). */
import { type Static, Type } from 'typebox'
import { envSchema } from 'env-schema'

const port = (fallback: number) => Type.Integer({ minimum: 1, maximum: 65535, default: fallback })

/** The variables, each once: name, default, bounds. */
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
  TRIBUTARY_PUBLIC_NAME: Type.String({ default: 'localhost', minLength: 1 }),
  TRIBUTARY_TLS_CERT: Type.Optional(Type.String({ minLength: 1 })),
  TRIBUTARY_TLS_KEY: Type.Optional(Type.String({ minLength: 1 })),
  TRIBUTARY_ADMIN_TOKEN_FILE: Type.Optional(Type.String({ minLength: 1 })),
  TRIBUTARY_SECRET_KEYS: Type.Optional(Type.String({ minLength: 1 })),
  TRIBUTARY_SECRET_KEY_FILE: Type.Optional(Type.String({ minLength: 1 })),
  TRIBUTARY_REDIS_URL: Type.Optional(Type.String({ minLength: 1 })),
  TRIBUTARY_REDIS_PASSWORD: Type.Optional(Type.String({ minLength: 1 })),
  TRIBUTARY_STORE_URL: Type.Optional(Type.String({ minLength: 1 })),
  TRIBUTARY_STORE_PASSWORD: Type.Optional(Type.String({ minLength: 1 })),
  TRIBUTARY_STORE_USERS_FILE: Type.Optional(Type.String({ minLength: 1 })),
  TRIBUTARY_SAMPLE: Type.Enum(['on', 'off'], { default: 'off' }),
  TRIBUTARY_LOG_LEVEL: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], { default: 'info' }),
})
export type Variables = Static<typeof variables>

/** Each of them may stand in a file that NAME_FILE names: an environment is seen by more eyes than a file. */
const secrets = [
  'TRIBUTARY_REDIS_URL',
  'TRIBUTARY_REDIS_PASSWORD',
  'TRIBUTARY_STORE_URL',
  'TRIBUTARY_STORE_PASSWORD',
] as const satisfies readonly (keyof Variables)[]

export interface Config {
  readonly home: string
  /** Undefined: under HOME. */
  readonly adminTokenFile: string | undefined
  readonly secretKeyFile: string | undefined
  readonly http: {
    readonly host: string
    readonly port: number
    /** Addresses and networks whose X-Forwarded-For and -Proto are believed. */
    readonly trustedProxies: readonly string[]
  }
  /** In place of that file: the keys themselves, the newest first, a space or comma between two. */
  readonly secretKeys: string | undefined
  /** Where the hosted store listens for people's mail programs. */
  readonly mail: {
    readonly host: string
    readonly imapPort: number
    readonly imapsPort: number
    readonly pop3Port: number
    readonly pop3sPort: number
  }
  readonly publicName: string
  /** PEM files; undefined: a self-signed certificate is made under HOME. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined
  /** `redis://`, `rediss://` or the path of a unix socket. Undefined: local mode starts one. */
  readonly redisUrl: string | undefined
  /** Undefined: local mode starts Dovecot. */
  readonly store: StoreEndpoint | undefined
  /** The passwd-file that the hosted store reads. */
  readonly storeUsersFile: string | undefined
  /** Whether there is a sample provider; local mode has one beside the logins of its own Dovecot. */
  readonly hasSample: boolean
  readonly logLevel: Variables['TRIBUTARY_LOG_LEVEL']
  /** Names that begin with TRIBUTARY_ and are no setting: a slip of the pen, said in the log. */
  readonly unknown: readonly string[]
}

/** The hosted store and the master user that may act for every login there. */
export interface StoreEndpoint {
  readonly host: string
  readonly port: number
  readonly tls: 'implicit' | 'none'
  readonly masterUser: string
  readonly masterPassword: string
}

export class ConfigInvalid extends Error {
  override readonly name = 'ConfigInvalid'
}

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Throws ConfigInvalid with one line a mistake, all of them at once.
 * @param readFile what a secret's file says; throws where it cannot be read.
 */
export function readConfig(env: Environment, readFile: (path: string) => string): Config {
  const mistakes: string[] = []
  const unknown: string[] = []
  const given = Object.fromEntries(
    Object.entries(env).filter(([name, value]) => name.startsWith('TRIBUTARY_') && value !== undefined && value !== ''),
  )
  for (const name of secrets) {
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
  for (const name of Object.keys(given)) {
    if (!(name in variables.properties)) unknown.push(name)
  }
  let read: Variables | undefined
  try {
    read = envSchema<Variables>({ schema: structuredClone(variables), data: given, env: false })
  } catch (error) {
    for (const { instancePath, message, params } of (error as { errors?: SchemaMistake[] }).errors ?? []) {
      const allowed = params?.allowedValues === undefined ? '' : ` (${params.allowedValues.join(', ')})`
      mistakes.push(`${instancePath.slice(1)} ${message ?? 'is wrong'}${allowed}`)
    }
    if (mistakes.length === 0) throw error
  }
  if ((given.TRIBUTARY_TLS_CERT === undefined) !== (given.TRIBUTARY_TLS_KEY === undefined)) {
    mistakes.push('TRIBUTARY_TLS_CERT and TRIBUTARY_TLS_KEY go together: give both or neither')
  }
  if (given.TRIBUTARY_SECRET_KEYS !== undefined && given.TRIBUTARY_SECRET_KEY_FILE !== undefined)
    mistakes.push('TRIBUTARY_SECRET_KEYS and TRIBUTARY_SECRET_KEY_FILE say the same thing: give one of them')
  if ((given.TRIBUTARY_STORE_URL === undefined) !== (given.TRIBUTARY_STORE_USERS_FILE === undefined)) {
    mistakes.push('TRIBUTARY_STORE_URL and TRIBUTARY_STORE_USERS_FILE go together: give both or neither')
  }
  for (const server of ['REDIS', 'STORE'] as const) {
    if (given[`TRIBUTARY_${server}_PASSWORD`] !== undefined && given[`TRIBUTARY_${server}_URL`] === undefined)
      mistakes.push(`TRIBUTARY_${server}_PASSWORD goes with TRIBUTARY_${server}_URL: give both or neither`)
  }
  const trustedProxies = (given.TRIBUTARY_TRUSTED_PROXIES ?? '').split(',').flatMap((one) => one.trim() || [])
  for (const network of trustedProxies)
    if (!/^[0-9A-Fa-f.:]+(?:\/\d{1,3})?$/.test(network))
      mistakes.push(`TRIBUTARY_TRUSTED_PROXIES has ${network}, which is no address and no network like 10.0.0.0/8`)
  const redisUrl = withPassword(given.TRIBUTARY_REDIS_URL, given.TRIBUTARY_REDIS_PASSWORD)
  if (redisUrl === null) mistakes.push('TRIBUTARY_REDIS_PASSWORD needs a TRIBUTARY_REDIS_URL like redis://HOST:PORT')
  const storeUrl = withPassword(given.TRIBUTARY_STORE_URL, given.TRIBUTARY_STORE_PASSWORD)
  const store = storeUrl === undefined ? undefined : parseStoreUrl(storeUrl ?? '')
  if (typeof store === 'string') mistakes.push(store)
  if (mistakes.length > 0 || read === undefined || redisUrl === null || typeof store === 'string') {
    throw new ConfigInvalid(mistakes.join('\n'))
  }
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
    publicName: read.TRIBUTARY_PUBLIC_NAME,
    tls:
      read.TRIBUTARY_TLS_CERT === undefined || read.TRIBUTARY_TLS_KEY === undefined
        ? undefined
        : { certFile: read.TRIBUTARY_TLS_CERT, keyFile: read.TRIBUTARY_TLS_KEY },
    redisUrl,
    store,
    storeUsersFile: read.TRIBUTARY_STORE_USERS_FILE,
    hasSample: read.TRIBUTARY_SAMPLE === 'on',
    logLevel: read.TRIBUTARY_LOG_LEVEL,
    unknown,
  }
}

interface SchemaMistake {
  readonly instancePath: string
  readonly message?: string
  readonly params?: { readonly allowedValues?: readonly string[] }
}

/** The URL with a password that was given apart from it; null where it has no place for one, or has one already. */
function withPassword(text: string | undefined, password: string | undefined): string | undefined | null {
  if (text === undefined || password === undefined) return text
  if (!URL.canParse(text)) return null
  const url = new URL(text)
  if (url.hostname === '' || url.password !== '') return null
  url.password = encodeURIComponent(password)
  return url.href
}

/** `imaps://MASTER:PASSWORD@HOST:PORT` or `imap://`; user and password percent-encoded. A string is a mistake, without the password. */
export function parseStoreUrl(text: string): StoreEndpoint | string {
  const wanted =
    'TRIBUTARY_STORE_URL must look like imaps://MASTER:PASSWORD@HOST:PORT, the password there or in TRIBUTARY_STORE_PASSWORD'
  if (!URL.canParse(text)) return wanted
  const url = new URL(text)
  if ((url.protocol !== 'imaps:' && url.protocol !== 'imap:') || url.username === '' || url.password === '')
    return wanted
  if (url.hostname === '') return wanted
  const tls = url.protocol === 'imaps:' ? 'implicit' : 'none'
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (tls === 'implicit' ? 993 : 143) : Number(url.port),
    tls,
    masterUser: decodeURIComponent(url.username),
    masterPassword: decodeURIComponent(url.password),
  }
}
