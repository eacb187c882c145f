/** A real authorization server (oidc-provider), and a browser in which somebody signs in there. */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'
import { closerOf } from './closing.ts'

export const clientSecret = 'the secret of the registration'

export interface TestAuthorizationServer {
  readonly issuer: string
  readonly port: number
  /** Bodies of the requests to its token endpoint. */
  readonly tokenRequests: readonly URLSearchParams[]
  /** How long access tokens live from now on. */
  accessTokenSeconds: number
  /** Whether it has issued this access token, and that has not ended, nor was it taken back. */
  isGood(accessToken: string): boolean
  /** Takes an access token back; the refresh token stays. */
  takeBack(accessToken: string): void
  /** Takes a grant back, as a person does there: by one of its tokens. */
  revoke(token: string): Promise<void>
  /** Its token endpoint: as it is; 503 to everything; or it hangs. */
  mood: 'well' | 'broken' | 'silent'
  close(): Promise<void>
}

/** Somebody may say who they are in any words: their name is what they type at the login. */
export async function startAuthorizationServer(
  redirectUri: string,
  provider: object = {},
): Promise<TestAuthorizationServer> {
  const http = createServer()
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const { port } = http.address() as AddressInfo
  const issuer = `http://127.0.0.1:${port}`
  const tokenRequests: URLSearchParams[] = []
  /** Until when each is good, by performance.now(). */
  const issued = new Map<string, number>()
  const grants = [
    'authorization_code',
    'refresh_token',
    'client_credentials',
    'urn:ietf:params:oauth:grant-type:device_code',
  ]
  const client = {
    client_id: 'tributary',
    client_secret: clientSecret,
    redirect_uris: [redirectUri],
    grant_types: grants,
  }
  const server: TestAuthorizationServer = {
    issuer,
    port,
    tokenRequests,
    accessTokenSeconds: 3600,
    isGood: (accessToken) => performance.now() < (issued.get(accessToken) ?? 0),
    takeBack: (accessToken) => void issued.delete(accessToken),
    revoke: async (token) => {
      const basic = Buffer.from(`tributary:${encodeURIComponent(clientSecret).replaceAll('%20', '+')}`).toString(
        'base64',
      )
      const { status } = await fetch(`${issuer}/token/revocation`, {
        method: 'POST',
        headers: { authorization: `Basic ${basic}` },
        body: new URLSearchParams({ token }),
      })
      if (status !== 200) throw new Error(`the revocation was answered with ${status}`)
    },
    mood: 'well',
    close: closerOf(http),
  }
  const oidc = new Provider(issuer, {
    clients: [
      { ...client, response_types: ['code'] },
      // A mail server that is shown tokens.
      { client_id: 'dovecot', client_secret: 'introspection', redirect_uris: [], grant_types: [], response_types: [] },
    ],
    scopes: ['openid', 'offline_access', 'email'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'] },
    features: {
      devInteractions: { enabled: true },
      deviceFlow: { enabled: true },
      clientCredentials: { enabled: true },
      revocation: { enabled: true },
      introspection: { enabled: true },
    },
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, email: id, email_verified: true }),
    }),
    rotateRefreshToken: true,
    ttl: { AccessToken: () => server.accessTokenSeconds, ClientCredentials: () => server.accessTokenSeconds },
    cookies: { keys: ['of the tests'] },
    ...provider,
  })
  const note = ({ jti }: { readonly jti: string }) =>
    void issued.set(jti, performance.now() + server.accessTokenSeconds * 1000)
  oidc.on('access_token.saved', note).on('client_credentials.saved', note)
  const answer = oidc.callback()
  http.on('request', (request: IncomingMessage, response) => {
    if (request.url === '/token' && request.method === 'POST') {
      if (server.mood === 'broken') return void response.writeHead(503).end('away')
      if (server.mood === 'silent') return
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => tokenRequests.push(new URLSearchParams(Buffer.concat(chunks).toString())))
    }
    answer(request, response)
  })
  return server
}

/** A browser: it has cookies for each host, and follows where it is sent, until it is sent to `until`. */
export class Browser {
  readonly #cookies = new Map<string, string>()

  /** Signs in as somebody, and agrees. @returns the URL to which the server sends the browser back. */
  async signIn(url: string, login: string, until: string): Promise<string> {
    let { at, page } = await this.#follow(url, until)
    while (page !== undefined) {
      const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1]
      const action = /action="([^"]+)"/.exec(page)?.[1]
      const xsrf = /name="xsrf" value="([^"]+)"/.exec(page)?.[1]
      if (prompt === undefined && xsrf === undefined) return page
      const fields: Record<string, string> =
        xsrf === undefined
          ? { prompt: prompt ?? '', ...(prompt === 'login' ? { login, password: 'any' } : {}) }
          : {
              xsrf,
              confirm: 'yes',
              ...(/value="([A-Z0-9-]+)"[^>]*name="user_code"|name="user_code" value="([^"]*)"/.test(page)
                ? { user_code: userCodeIn(page) }
                : {}),
            }
      ;({ at, page } = await this.#follow(new URL(action ?? at, at).href, until, new URLSearchParams(fields)))
    }
    return at
  }

  async #follow(url: string, until: string, body?: URLSearchParams): Promise<{ at: string; page: string | undefined }> {
    let at = url
    let form = body
    for (let hops = 0; hops < 20; hops += 1) {
      if (at.startsWith(until)) return { at, page: undefined }
      const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const response = await fetch(at, {
        redirect: 'manual',
        headers: { cookie },
        ...(form === undefined ? {} : { method: 'POST', body: form }),
      })
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        if (value === '') this.#cookies.delete(name)
        else this.#cookies.set(name, value)
      }
      const location = response.headers.get('location')
      if (location === null) return { at, page: await response.text() }
      at = new URL(location, at).href
      form = undefined
    }
    throw new Error(`no end of redirects at ${at}`)
  }
}

function userCodeIn(page: string): string {
  return (
    /name="user_code"[^>]*value="([^"]+)"/.exec(page)?.[1] ??
    /value="([^"]+)"[^>]*name="user_code"/.exec(page)?.[1] ??
    ''
  )
}
