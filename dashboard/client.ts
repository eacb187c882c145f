/** Sends the pages' requests to the API with the session's cookie, and throws `Refused` when the API says no. */
import { signal } from '@preact/signals'
import { at } from './below.ts'
import type { List, Problem, Session } from './shapes.ts'

/** Who is signed in; `unknown` until the API has been asked. */
export const session = signal<Session | 'unknown' | 'none'>('unknown')

/** Status 0 means that there was no answer at all. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.detail)
    this.problem = problem
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** @param path under `/api/v1`. */
export async function call<Answer>(
  method: Method,
  path: string,
  body?: object,
  given: { readonly signal?: AbortSignal; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Answer> {
  const response = await answerTo(method, path, body, given)
  const text = await response.text()
  const answer: unknown = text === '' ? undefined : parsed(text)
  if (response.ok) return answer as Answer
  throw refusalOf(path, response.status, response.statusText, text)
}

/** What came in place of an answer. */
export function refusalOf(path: string, status: number, statusText: string, text: string): Refused {
  // Somebody who signs in with a wrong password stays on the page.
  if (status === 401 && path !== '/session' && path !== '/session/enter') session.value = 'none'
  const answer = text === '' ? undefined : parsed(text)
  return new Refused(isProblem(answer) ? answer : unexplained(status, statusText))
}

/** Sends a file of lines of JSON; there is one line of answer for each, in order. */
export async function sendLines<Answer>(path: string, file: Blob): Promise<readonly Answer[]> {
  const headers = { 'content-type': 'application/x-ndjson', accept: 'application/x-ndjson' }
  const response = await answerTo('POST', path, file, { headers })
  const text = await response.text()
  if (response.ok)
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Answer)
  if (response.status === 401) session.value = 'none'
  const answer = parsed(text)
  throw new Refused(isProblem(answer) ? answer : unexplained(response.status, response.statusText))
}

export async function get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  return await call<Answer>('GET', path, undefined, signal === undefined ? {} : { signal })
}

/** Reads every item of a list, one page at a time, so that items are shown as they come. */
export async function* pages<Item>(path: string, signal?: AbortSignal): AsyncGenerator<readonly Item[]> {
  const joint = path.includes('?') ? '&' : '?'
  for (let cursor: string | null = ''; cursor !== null; ) {
    const from: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const { items, next }: List<Item> = await get(`${path}${joint}limit=500${from}`, signal)
    yield items
    cursor = next
  }
}

export async function everyOne<Item>(path: string, signal?: AbortSignal): Promise<readonly Item[]> {
  const all: Item[] = []
  for await (const page of pages<Item>(path, signal)) all.push(...page)
  return all
}

export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof Refused) return thrown.problem
  return { ...unexplained(0, 'Error'), detail: thrown instanceof Error ? thrown.message : String(thrown) }
}

export function isAborted(thrown: unknown): boolean {
  return thrown instanceof DOMException && thrown.name === 'AbortError'
}

/** How far the server's clock is ahead of this one. */
let aheadMs = 0
/** What the server's clock shows, to a second: a time that the server goes by is counted from it. */
export const serverMs = () => Date.now() + aheadMs

export function headersFor(method: Method, body: object | undefined): Readonly<Record<string, string>> {
  const { value: who } = session
  return {
    accept: 'application/json',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(method === 'GET' || typeof who === 'string' || who.csrf === null ? {} : { 'x-csrf-token': who.csrf }),
  }
}

async function answerTo(
  method: Method,
  path: string,
  body: object | undefined,
  given: { readonly signal?: AbortSignal; readonly headers?: Readonly<Record<string, string>> },
): Promise<Response> {
  try {
    const response = await fetch(at(`/api/v1${path}`), {
      method,
      headers: { ...headersFor(method, body), ...given.headers },
      credentials: 'same-origin',
      ...(body === undefined ? {} : { body: body instanceof Blob ? body : JSON.stringify(body) }),
      ...(given.signal === undefined ? {} : { signal: given.signal }),
    })
    const saidMs = Date.parse(response.headers.get('date') ?? '')
    if (!Number.isNaN(saidMs)) aheadMs = saidMs - Date.now()
    return response
  } catch (error) {
    if (isAborted(error)) throw error
    throw new Refused(unexplained(0, 'No answer'))
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isProblem(answer: unknown): answer is Problem {
  return typeof answer === 'object' && answer !== null && 'detail' in answer && 'status' in answer
}

/** The answer did not come from our API, but from a proxy in front of it, or from nobody. */
const unexplained = (status: number, title: string): Problem => ({ type: 'about:blank', title, status, detail: '' })
