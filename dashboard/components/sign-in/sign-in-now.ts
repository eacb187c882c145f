import { call } from '../../client.ts'
import type { SignInLink } from '../../shapes.ts'

/** Sends the browser to the provider. It comes back to a page of ours. @param path of the account or destination in the API. */
export async function signInNow(path: string): Promise<void> {
  const { url } = await call<SignInLink>('POST', `${path}/oauth`, { flow: 'code' })
  location.assign(url)
}
