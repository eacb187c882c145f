/** Signs in as a browser without a window does: by the link of an account or a destination, to the pages of the authorization server and back. */
import { Browser } from './authorization-server.ts'
import { publicUrlOfTests, type Stack } from './stack.ts'

const callback = `${publicUrlOfTests}/api/v1/oauth/callback`

/** @throws Error unless it succeeds. @returns the last page. */
export async function signInByLink(stack: Stack, path: string, user: string): Promise<string> {
  const { body } = await stack.call('POST', `${path}/oauth/link`)
  const ask = async (url: string, cookie = '') =>
    await stack.app.inject({ method: 'GET', url: url.slice(publicUrlOfTests.length), headers: { cookie } })
  const page = await ask(String(body['url']))
  const url = /<a href="([^"]+)"/.exec(page.payload)?.[1]?.replaceAll('&amp;', '&') ?? ''
  const back = await new Browser().signIn(url, user, callback)
  const done = await ask(back, String(page.headers['set-cookie']).split(';')[0])
  if (done.statusCode !== 200) throw new Error(done.payload)
  return done.payload
}
