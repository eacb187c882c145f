/** What an entry of the audit log stands for: a deed, and the account or mailbox that it concerns. Pure. */
import type { AuditEntry } from './shapes.ts'
import type { Words } from './words/en.ts'

export type Deed = keyof Words['deeds']

export interface Done {
  /** Undefined: there is no word for it, and its line is shown. */
  readonly deed: Deed | undefined
  /** Where the thing is in the dashboard; undefined: it is gone, or has no page. */
  readonly link: string | undefined
  readonly id: string | undefined
}

const id = '([0-9A-Z]{26})'
const table: readonly (readonly [string, string, Deed])[] = [
  ['POST', '/session', 'signed in'],
  ['POST', '/session/enter', 'signed in by a link'],
  ['POST', '/session/link', 'made a link'],
  ['DELETE', '/session', 'signed out'],
  ['PUT', '/session/password', 'set the admin password'],
  ['POST', '/accounts', 'added an account'],
  ['PATCH', `/accounts/${id}`, 'changed an account'],
  ['DELETE', `/accounts/${id}`, 'removed an account'],
  ['POST', `/accounts/${id}/pause`, 'paused an account'],
  ['POST', `/accounts/${id}/resume`, 'resumed an account'],
  ['POST', `/accounts/${id}/pull`, 'asked for a run'],
  ['POST', `/accounts/${id}/(?:(?:smtp/)?test|smtp/verify)`, 'tested an account'],
  ['POST', '/accounts/(?:smtp/)?test', 'tested an account'],
  ['POST', '/accounts/import', 'imported accounts'],
  ['POST', `/(?:accounts|destinations)/${id}/oauth(?:/link)?`, 'began a sign-in'],
  ['DELETE', `/(?:accounts|destinations)/${id}/oauth`, 'signed a mailbox out'],
  ['POST', `/accounts/${id}/quarantine/[^/]+/retry`, 'tried a message again'],
  ['POST', `/accounts/${id}/quarantine/[^/]+/dismiss`, 'let go of a message'],
  ['POST', '/quarantine/retry', 'tried messages again'],
  ['POST', '/quarantine/dismiss', 'let go of messages'],
  ['POST', `/accounts/${id}/ledger/rebuild`, 'rebuilt a ledger'],
  ['POST', `/accounts/${id}/ledger/import`, 'imported a state file'],
  ['POST', '/destinations', 'added a mailbox'],
  ['POST', '/destinations/test', 'tested a mailbox'],
  ['POST', `/destinations/${id}/test`, 'tested a mailbox'],
  ['PATCH', `/destinations/${id}`, 'changed a mailbox'],
  ['DELETE', `/destinations/${id}`, 'removed a mailbox'],
  ['PATCH', `/destinations/${id}/messages/.+`, 'marked a message'],
  ['POST', `/destinations/${id}/messages`, 'sent a message'],
  ['PUT', `/destinations/${id}/drafts`, 'saved a draft'],
  ['DELETE', `/destinations/${id}/drafts/.+`, 'threw a draft away'],
  ['POST', `/outbox/${id}/cancel`, 'cancelled a message'],
  ['POST', `/outbox/${id}/retry`, 'sent a message again'],
  ['POST', '/tokens', 'made a token'],
  ['DELETE', `/tokens/${id}`, 'revoked a token'],
  ['POST', '/webhooks', 'added a webhook'],
  ['PATCH', `/webhooks/${id}`, 'changed a webhook'],
  ['DELETE', `/webhooks/${id}`, 'removed a webhook'],
  ['POST', `/webhooks/${id}/test`, 'tested a webhook'],
  ['POST', `/webhooks/${id}/deliveries/[^/]+/replay`, 'sent news again'],
  ['POST', `/webhooks/${id}/rotate`, 'gave a webhook a new secret'],
  ['PUT', '/(?:bulletin|notice)', 'set who is told by e-mail'],
  ['DELETE', '/(?:bulletin|notice)', 'told nobody by e-mail'],
  ['POST', '/(?:bulletin|notice)/test', 'sent a test mail'],
  ['PATCH', '/settings', 'changed settings'],
  ['POST', '/oauth/applications', 'added an application'],
  ['PATCH', `/oauth/applications/${id}`, 'changed an application'],
  ['DELETE', `/oauth/applications/${id}`, 'removed an application'],
  ['POST', '/restore', 'restored a backup'],
  ['POST', '/keys.*', 'changed keys'],
]

export function doneIn({ method, path }: Pick<AuditEntry, 'method' | 'path'>): Done {
  const short = path.replace('/api/v1', '')
  const found = table.find(([verb, pattern]) => verb === method && new RegExp(`^${pattern}$`).test(short))
  const [, page, of] = new RegExp(`^/(accounts|destinations)/${id}`).exec(short) ?? []
  const isGone = method === 'DELETE' && short === `/${page}/${of}`
  return { deed: found?.[2], id: of, link: page === undefined || isGone ? undefined : `/${page}/${of}` }
}
