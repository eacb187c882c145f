/** Finds the instance and the token for it: from the options or the environment, or else in the folder of the local instance. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CommandFailed } from './failure.ts'

export interface Place {
  /** The path of this URL ends with a slash. */
  readonly url: URL
  readonly token: string
  /** The origin of the token, which is named when the token is refused. */
  readonly tokenFrom: string
  /** The certificate as PEM; undefined: the authorities that this machine trusts decide. */
  readonly certificate: string | undefined
}

export interface PlaceOptions {
  readonly url?: string
  readonly tokenFile?: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** The folder of the checkout whose sources, or whose build, are running. */
export const clone = folderAbove(dirname(fileURLToPath(import.meta.url)), 'package.json')

function folderAbove(folder: string, file: string): string {
  return existsSync(join(folder, file)) || dirname(folder) === folder ? folder : folderAbove(dirname(folder), file)
}

export function findPlace(options: PlaceOptions, env: Environment): Place {
  const home = homeOf(env)
  const local = readAddress(home, env)
  const wanted = options.url ?? env['TRIBUTARY_URL']
  const url = urlOf(wanted ?? local.url)
  const given = givenToken(options, env)
  if (given === undefined && wanted !== undefined && !isLocal(url))
    throw new CommandFailed(
      'usage',
      `Which token for ${url.host}? Name its file: --token-file FILE, or TRIBUTARY_TOKEN_FILE.`,
    )
  const { token, tokenFrom } = given ?? localToken(home, env)
  const { certificateFile } = local
  const pinned = certificateFile !== undefined && url.href === urlOf(local.url).href
  return { url, token, tokenFrom, certificate: pinned ? readOwn(certificateFile) : undefined }
}

function homeOf(env: Environment): string {
  const here = resolve('data')
  if (env['TRIBUTARY_HOME'] !== undefined) return resolve(env['TRIBUTARY_HOME'])
  return existsSync(join(here, 'admin-token')) ? here : join(clone, 'data')
}

/** Reads the address that the API has written, and the file of its certificate on the next line; without that file, the settings say where it listens. */
function readAddress(home: string, env: Environment): { url: string; certificateFile?: string } {
  const file = join(home, 'http-address')
  if (existsSync(file)) {
    const [url = '', certificateFile] = readOwn(file).split('\n')
    return certificateFile === undefined ? { url } : { url, certificateFile }
  }
  const host = env['TRIBUTARY_HTTP_HOST'] ?? '127.0.0.1'
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host.includes(':') ? '[::1]' : host
  const at = `${reachable}:${env['TRIBUTARY_HTTP_PORT'] ?? 8420}`
  const { TRIBUTARY_TLS_CERT: certificateFile = '' } = env
  return certificateFile === '' ? { url: `http://${at}` } : { url: `https://${at}`, certificateFile }
}

function urlOf(text: string): URL {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text))
    throw new CommandFailed(
      'usage',
      `${text} is no address of an instance; it looks like https://mail.example.net:8420`,
    )
  const url = new URL(text)
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}

interface FoundToken {
  readonly token: string
  readonly tokenFrom: string
}

function givenToken({ tokenFile }: PlaceOptions, env: Environment): FoundToken | undefined {
  if (tokenFile !== undefined) return { token: readOwn(tokenFile), tokenFrom: tokenFile }
  const token = env['TRIBUTARY_TOKEN']
  if (token !== undefined) return { token: token.trim(), tokenFrom: 'TRIBUTARY_TOKEN' }
  const file = env['TRIBUTARY_TOKEN_FILE']
  return file === undefined ? undefined : { token: readOwn(file), tokenFrom: file }
}

/** Finds the token of the instance on this machine; it is sent to no other instance. */
function localToken(home: string, env: Environment): FoundToken {
  const file = env['TRIBUTARY_ADMIN_TOKEN_FILE'] ?? join(home, 'admin-token')
  if (existsSync(file)) return { token: readOwn(file), tokenFrom: file }
  throw new CommandFailed(
    'unreachable',
    `There is no instance in ${home}. Start one with "npm start" in ${clone}, set TRIBUTARY_HOME to the folder of one, or name one that is elsewhere: --url URL --token-file FILE.`,
  )
}

function isLocal({ hostname }: URL): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)
}

function readOwn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    throw new CommandFailed(
      'refused',
      code === 'EACCES'
        ? `${file} is not yours to read: run this as the user who started the instance, or take a token of your own (--token-file FILE).`
        : `${file} cannot be read: ${message}`,
    )
  }
}
