/** Signs people in and out. */
import { call, problemOf, Refused, session } from './client.ts'
import type { Session, SignInWays } from './shapes.ts'

/** Asks the API who is signed in with this browser. Throws if the API does not answer. */
export async function resume(): Promise<void> {
  try {
    session.value = await call<Session>('GET', '/session')
  } catch (error) {
    if (!(error instanceof Refused) || problemOf(error).status !== 401) throw error
    session.value = 'none'
  }
}

/** @param login the login of a hosted destination; empty for an admin's password or a token. */
export async function signIn(login: string, password: string): Promise<void> {
  session.value = await call<Session>('POST', '/session', login === '' ? { password } : { login, password })
}

/** @param code stands behind the # of a link; it signs in once. */
export async function enter(code: string): Promise<void> {
  session.value = await call<Session>('POST', '/session/enter', { code })
}

/** What is asked for. An API that does not say is asked in every way. */
export async function waysIn(): Promise<SignInWays> {
  return await call<SignInWays>('GET', '/session/ways').catch(() => ({ first: false, tokenFile: null }))
}

export async function signOut(): Promise<void> {
  await call('DELETE', '/session')
  session.value = 'none'
}

/** The destination whose owner is signed in; null if the person is not an owner. */
export function ownerOf(): string | null {
  const { value: who } = session
  return typeof who === 'string' ? null : who.destinationId
}

const rank = ['read', 'operate', 'admin'] as const

/** Whether the person may do what needs this scope. What they may not do is not offered. */
export function may(scope: Session['scope']): boolean {
  const { value: who } = session
  return typeof who !== 'string' && rank.indexOf(who.scope) >= rank.indexOf(scope)
}
