/** Signing in and out. */
import { call, problemOf, Refused, session } from './client.ts'
import type { Session } from './shapes.ts'

/** Asks who this browser is signed in as; throws where there is no answer to that. */
export async function resume(): Promise<void> {
  try {
    session.value = await call<Session>('GET', '/session')
  } catch (error) {
    if (!(error instanceof Refused) || problemOf(error).status !== 401) throw error
    session.value = 'none'
  }
}

/** @param login of a hosted destination; empty: an admin's password, or a token. */
export async function signIn(login: string, password: string): Promise<void> {
  session.value = await call<Session>('POST', '/session', login === '' ? { password } : { login, password })
}

export async function signOut(): Promise<void> {
  await call('DELETE', '/session')
  session.value = 'none'
}

/** Of which destination whoever is signed in is the owner; null: they are none. */
export function ownerOf(): string | null {
  const { value: who } = session
  return typeof who === 'string' ? null : who.destinationId
}

const rank = ['read', 'operate', 'admin'] as const

/** Whether whoever is signed in may do what needs this scope: what they may not is not offered. */
export function may(scope: Session['scope']): boolean {
  const { value: who } = session
  return typeof who !== 'string' && rank.indexOf(who.scope) >= rank.indexOf(scope)
}
