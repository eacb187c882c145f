/**
 * A webhook: somebody's endpoint that gets news in the form of Standard Webhooks 1.0 (standardwebhooks.com). This file defines
 * its events, its signatures, and the consequence of each attempt. Pure.
 */
import { createHmac } from 'node:crypto'
import { newsLimits } from './limits.ts'
import type { DestinationId } from '../mail/message.ts'
import type { News, NewsType } from './news.ts'

export interface Webhook {
  readonly id: string
  readonly url: string
  readonly events: readonly NewsType[]
  readonly description: string
  /** The webhook gets news about this destination's accounts alone; null: about all accounts. */
  readonly destinationId: DestinationId | null
  /** An owner has chosen the URL (guard.ts). */
  readonly guarded: boolean
  /** The webhook is switched on. The endpoint's failures may overrule that (WebhookState). */
  readonly enabled: boolean
  readonly createdAtMs: number
}

/** The deliverer writes it. */
export interface WebhookState {
  /** Attempts in a row that failed. */
  readonly failures: number
  readonly failingSinceMs: number | null
  /** The endpoint itself is in trouble: nothing is sent there before this time. */
  readonly restsUntilMs: number | null
  /** Nothing is sent any more until somebody enables it again. */
  readonly disabled: { readonly atMs: number; readonly reason: string } | null
  readonly deliveredAtMs: number | null
}

export const defaultWebhookState: WebhookState = {
  failures: 0,
  failingSinceMs: null,
  restsUntilMs: null,
  disabled: null,
  deliveredAtMs: null,
}

/** The endpoint's answer. `status` null: no answer, and `text` gives the reason; otherwise `text` is the beginning of the answer. */
export interface Answer {
  readonly status: number | null
  readonly text: string
  /** The wait that the endpoint asks for (Retry-After). */
  readonly waitMs?: number | undefined
}

export const outcomes = ['waiting', 'delivered', 'failed'] as const

/** One message to one webhook. Its id is the `webhook-id`: the same for every attempt, and for every webhook that gets the message. */
export interface Delivery {
  readonly id: string
  readonly type: string
  readonly timestamp: string
  readonly data: object
  readonly outcome: (typeof outcomes)[number]
  readonly attempts: number
  readonly triedAtMs: number | null
  readonly answer: Answer | null
}

export function deliveryOf({
  id,
  type,
  timestamp,
  data,
}: Pick<Delivery, 'id' | 'type' | 'timestamp' | 'data'>): Delivery {
  return { id, type, timestamp, data, outcome: 'waiting', attempts: 0, triedAtMs: null, answer: null }
}

export function hears({ events, destinationId }: Webhook, news: News): boolean {
  return events.includes(news.type) && (destinationId === null || destinationId === news.data.destinationId)
}

/** @param secrets `whsec_` and base64; each gives one signature, so that a receiver may change from one secret to the next. */
export function signed({ id, type, timestamp, data }: Delivery, secrets: readonly string[], nowMs: number) {
  const body = JSON.stringify({ type, timestamp, data })
  const at = Math.floor(nowMs / 1000)
  const signature = secrets.map((secret) => signatureOf(secret, id, at, body)).join(' ')
  const headers = { 'webhook-id': id, 'webhook-timestamp': String(at), 'webhook-signature': signature }
  return { body, headers }
}

export function signatureOf(secret: string, id: string, atSeconds: number, body: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  return `v1,${createHmac('sha256', key).update(`${id}.${atSeconds}.${body}`).digest('base64')}`
}

/** The patience of a deliverer; tests use less. */
export interface Patience {
  /** The wait after each failed attempt; there is one more attempt than there are waits. */
  readonly waitsMs: readonly number[]
  readonly restMaxMs: number
  /** A webhook is disabled after failing for this long without a success, and at least as many times as one delivery has attempts. */
  readonly disableAfterMs: number
}

export const patience: Patience = {
  waitsMs: newsLimits.deliveryWaitsMs,
  restMaxMs: newsLimits.endpointRestMaxMs,
  disableAfterMs: newsLimits.endpointDisabledAfterMs,
}

export interface AfterAttempt {
  readonly delivery: Delivery
  /** The time of the next attempt; null: there is none. */
  readonly dueMs: number | null
  readonly state: WebhookState
  /** The endpoint answers again: the waiting deliveries need wait no longer. */
  readonly release: boolean
}

/** The time of an attempt, and the waits for the next one. */
export interface AttemptTerms {
  readonly nowMs: number
  /** A number from 0 up to 1; it spreads attempts by up to a quarter. */
  readonly random: number
  readonly patience?: Patience | undefined
}

/** Decides about a delivery and its webhook after the endpoint has answered, or has not. */
export function afterAttempt(
  answer: Answer,
  before: Delivery,
  state: WebhookState,
  { nowMs, random, patience: { waitsMs, restMaxMs, disableAfterMs } = patience }: AttemptTerms,
): AfterAttempt {
  const tried = { ...before, attempts: before.attempts + 1, triedAtMs: nowMs, answer }
  const { status } = answer
  if (status !== null && status >= 200 && status < 300) {
    const well = { ...defaultWebhookState, deliveredAtMs: nowMs }
    return {
      delivery: { ...tried, outcome: 'delivered' },
      dueMs: null,
      state: well,
      release: state.restsUntilMs !== null,
    }
  }
  const failures = state.failures + 1
  const failingSinceMs = state.failingSinceMs ?? nowMs
  const wait = (nth: number) => (waitsMs[nth] ?? waitsMs.at(-1) ?? 0) * (1 + random / 4)
  const rest = Math.max(
    Math.min(wait(failures - 1), restMaxMs),
    Math.min(answer.waitMs ?? 0, newsLimits.retryAfterMaxMs),
  )
  const restsUntilMs = isEndpointTrouble(status) ? nowMs + rest : null
  const failing: WebhookState = { ...state, failures, failingSinceMs, restsUntilMs }
  if (status === 410) {
    const disabled = { atMs: nowMs, reason: 'The endpoint answered 410 Gone: it wants to hear no more.' }
    return { delivery: { ...tried, outcome: 'failed' }, dueMs: null, state: { ...failing, disabled }, release: false }
  }
  const last = tried.attempts > waitsMs.length
  const hopeless = failures > waitsMs.length && nowMs - failingSinceMs >= disableAfterMs
  const reason = `Nothing was delivered since ${new Date(failingSinceMs).toISOString()}; the last of ${failures} attempts in a row: ${describeAnswer(answer)}`
  return {
    delivery: { ...tried, outcome: last ? 'failed' : 'waiting' },
    dueMs: last ? null : Math.ceil(nowMs + wait(before.attempts)),
    state: hopeless ? { ...failing, disabled: { atMs: nowMs, reason } } : failing,
    release: false,
  }
}

/** No answer at all, or one that asks for fewer requests: the next message would meet the same. */
function isEndpointTrouble(status: number | null): boolean {
  return status === null || status === 429 || (status >= 502 && status <= 504)
}

export function describeAnswer({ status, text }: Answer): string {
  if (status === null) return `${text}.`
  if (status >= 300 && status < 400)
    return `it answered ${status}; redirects are not followed, give the URL that it leads to.`
  return `it answered ${status}.`
}
