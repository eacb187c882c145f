/** Gives the ports, settings and requests of an instance that runs in processes of its own. */
import assert from 'node:assert/strict'
import { freePorts } from './ports.ts'

export interface Ports {
  readonly http: number
  readonly imap: number
  readonly imaps: number
  readonly pop3: number
  readonly pop3s: number
  readonly submissions: number
  readonly submission: number
}

export async function instancePorts(): Promise<Ports> {
  const [http = 0, imap = 0, imaps = 0, pop3 = 0, pop3s = 0, submissions = 0, submission = 0] = await freePorts(7)
  return { http, imap, imaps, pop3, pop3s, submissions, submission }
}

/** The settings that give an instance these ports. */
export function settingsOf({ http, imap, imaps, pop3, pop3s, submissions, submission }: Ports): Record<string, string> {
  return {
    TRIBUTARY_HTTP_PORT: String(http),
    TRIBUTARY_IMAP_PORT: String(imap),
    TRIBUTARY_IMAPS_PORT: String(imaps),
    TRIBUTARY_POP3_PORT: String(pop3),
    TRIBUTARY_POP3S_PORT: String(pop3s),
    TRIBUTARY_SUBMISSIONS_PORT: String(submissions),
    TRIBUTARY_SUBMISSION_PORT: String(submission),
  }
}

/** Asks the API of an instance, and fails if it answers with a problem. */
export async function callInstance({ http }: Ports, token: string, method: string, path: string, body?: object) {
  const response = await fetch(`http://127.0.0.1:${http}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const answer = JSON.parse(text || '{}') as Record<string, unknown> & { readonly id: string }
  assert.ok(response.ok, JSON.stringify(answer))
  return answer
}
