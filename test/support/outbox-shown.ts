/** An outbox for pictures of the dashboard: a message in each state. All of it is made up, and none of it is ever sent. */
import type { OutboxEntry, SendState } from '../../src/send/entry.ts'
import type { Outgoing } from './outgoing.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs

interface Letter {
  readonly minutesAgo: number
  readonly subject: string
  readonly state: SendState
  readonly to: readonly (readonly [address: string, state: SendState, reply?: string])[]
  readonly more?: (nowMs: number) => Partial<OutboxEntry>
}

const greylisted = '451 4.7.1 Greylisted, please try again in five minutes'

/** The oldest first. */
const letters: readonly Letter[] = [
  {
    minutesAgo: 1600,
    subject: 'Rehearsals in December',
    state: 'accepted',
    to: [['choir@town.example', 'accepted']],
    more: (nowMs) => ({
      bounces: [
        {
          atMs: nowMs - 1500 * minuteMs,
          address: 'choir@town.example',
          status: '5.2.2',
          diagnostic: '552 5.2.2 The mailbox is full',
          folder: 'INBOX',
          uid: 1,
        },
      ],
    }),
  },
  { minutesAgo: 900, subject: 'A first draft', state: 'cancelled', to: [['info@studio.example', 'cancelled']] },
  {
    minutesAgo: 400,
    subject: 'Re: Your appointment on Tuesday',
    state: 'unknown',
    to: [['practice@weber.example', 'unknown']],
    more: () => ({ failure: { kind: 'undecidable', reply: null } }),
  },
  {
    minutesAgo: 130,
    subject: 'Fwd: Minutes of the last meeting',
    state: 'rejected',
    to: [
      ['jonas@sailing.example', 'accepted', '250 2.0.0 OK'],
      [
        'somebody.who.has.moved@a-rather-long-name.example',
        'rejected',
        '550 5.1.1 User unknown in virtual mailbox table',
      ],
    ],
    more: () => ({ failure: { kind: 'recipients refused', reply: null } }),
  },
  {
    minutesAgo: 40,
    subject: 'Re: A question about the drawings',
    state: 'accepted',
    to: [
      ['info@studio.example', 'accepted', '250 2.0.0 OK'],
      ['mai@studio.example', 'accepted', '250 2.0.0 OK'],
    ],
  },
  {
    minutesAgo: 12,
    subject: 'Re: dinner on Friday?',
    state: 'deferred',
    to: [['rosa@family.example', 'deferred', greylisted]],
    more: (nowMs) => ({
      attempts: 2,
      nextAttemptAtMs: nowMs + 4 * hourMs,
      failure: { kind: 'deferred by server', reply: greylisted },
    }),
  },
  {
    minutesAgo: 2,
    subject: 'The ones that I want printed',
    state: 'queued',
    to: [['jonas@sailing.example', 'queued']],
    more: (nowMs) => ({ sendAtMs: nowMs + 14 * hourMs, nextAttemptAtMs: nowMs + 14 * hourMs }),
  },
]

/** Puts them into the outbox of a destination, as an account of it has them. */
export async function showOutbox(
  outgoing: Outgoing,
  of: { readonly accountId: string; readonly destinationId: string; readonly identity: string },
): Promise<void> {
  const { accountId, destinationId, identity } = of
  const nowMs = Date.now()
  for (const { minutesAgo, subject, state, to, more } of letters) {
    const atMs = nowMs - minutesAgo * minuteMs
    const isOver = !['queued', 'deferred'].includes(state)
    const changes: Partial<OutboxEntry> = {
      identity,
      sender: identity,
      subject,
      state,
      origin: 'api',
      recipients: to.map(([address, is, reply = null]) => ({ address, state: is, reply })),
      createdAtMs: atMs,
      sendAtMs: atMs,
      nextAttemptAtMs: null,
      endedAtMs: isOver && state !== 'unknown' ? atMs + minuteMs : null,
      ...more?.(nowMs),
    }
    // It comes to its state as it would have: from the beginning.
    const id = await outgoing.put({ accountId, destinationId, changes: { nextAttemptAtMs: nowMs + hourMs } })
    await outgoing.sendings.change(id, (entry) => ({ ...entry, ...changes }))
  }
}
