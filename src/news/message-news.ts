/** News of messages that are sent: that the provider took one, that one was not delivered, and that one came back. Pure. */
import { createHash } from 'node:crypto'
import { type News, newsIdAt } from './news.ts'

/** What is told of a message in the outbox (send/entry.ts). */
export interface ToldMessage {
  readonly id: string
  readonly accountId: string
  readonly destinationId: string
  /** As whom it was sent. */
  readonly identity: string
  readonly state: string
  readonly recipients: readonly { readonly address: string; readonly state: string; readonly reply: string | null }[]
  readonly bounces: readonly {
    readonly atMs: number
    readonly address: string | null
    readonly status: string | null
    readonly diagnostic: string | null
  }[]
}

/** What a change of it tells. News that is told again after a crash bears the same id. */
export function messageNews(before: ToldMessage, after: ToldMessage, nowMs: number): News[] {
  const { id: outboxId, accountId, destinationId, identity: address, state } = after
  const about = { accountId, address, destinationId, outboxId }
  const timestamp = new Date(nowMs).toISOString()
  const news: News[] = []
  const hasEnded = before.state !== state
  if (hasEnded && state === 'accepted')
    news.push({
      type: 'message.sent',
      id: newsIdAt(nowMs, `${outboxId} sent`),
      timestamp,
      data: { ...about, recipients: after.recipients.length },
    })
  if (hasEnded && (state === 'rejected' || state === 'unknown')) {
    const failed = after.recipients.filter((one) => one.state === 'rejected' || one.state === 'unknown')
    const recipients = failed
      .slice(0, 50)
      .map(({ address: to, state: of, reply }) => ({ address: to, state: of, reply }))
    const id = newsIdAt(nowMs, `${outboxId} failed`)
    news.push({ type: 'message.failed', id, timestamp, data: { ...about, state, recipients } })
  }
  for (const { address: to, status, diagnostic } of after.bounces.slice(before.bounces.length)) {
    const what = createHash('sha256')
      .update(JSON.stringify([to, status, diagnostic]))
      .digest('hex')
    const id = newsIdAt(nowMs, `${outboxId} bounced ${what}`)
    news.push({ type: 'message.bounced', id, timestamp, data: { ...about, recipient: to, status, diagnostic } })
  }
  return news
}
