/**
 * Tells how long a retrieval will take, by what has come of it so far. Pure. What comes takes its time by the message and by the octet: a first
 * import brings small messages first, so by octets alone the large ones at its end would seem to take many times as long as they do.
 */
import type { Listed } from '../mail/message.ts'
import { hour } from '../units.ts'
import { pullLimits } from './limits.ts'

interface Amount {
  readonly messages: number
  readonly octets: number
}

/** Milliseconds for each message, and for each octet. */
interface Cost {
  readonly message: number
  readonly octet: number
}

export class TimeLeft {
  readonly #messageMs: number
  #expected: Amount = { messages: 0, octets: 0 }
  #came: Amount = { messages: 0, octets: 0 }
  /** Since when something is expected, and when some of it came last. */
  #beganMs: number | undefined
  #lastMs = 0
  readonly #seen = new Pieces()

  /** @param messageMs what a message is taken to cost beside its octets, as long as nothing tells: the round trips where nothing is pipelined. */
  constructor(messageMs: number = pullLimits.messageMs) {
    this.#messageMs = messageMs
  }

  get octetsCame(): number {
    return this.#came.octets
  }

  expect(messages: readonly Listed[], nowMs: number): void {
    if (this.#beganMs === undefined) this.#lastMs = nowMs
    this.#beganMs ??= nowMs
    this.#expected = sum(this.#expected, amountOf(messages))
  }

  came(messages: readonly Listed[], nowMs: number): void {
    const amount = amountOf(messages)
    if (amount.messages === 0) return
    this.#came = sum(this.#came, amount)
    this.#seen.add(amount, nowMs - this.#lastMs)
    this.#lastMs = nowMs
  }

  /** So many messages of that size are not asked for any more. */
  gaveUp(messages: number): void {
    const { messages: expected, octets } = this.#left
    const part = expected === 0 ? 0 : Math.min(1, messages / expected)
    this.#expected = sum(this.#expected, { messages: -part * expected, octets: -part * octets })
  }

  /**
   * Null while nothing is known: too little has come, or for too short a time, and nothing limits it.
   *
   * @param octetsPerHour the budget of a first import.
   */
  seconds(nowMs: number, octetsPerHour = Infinity): number | null {
    const left = this.#left
    const byBudget = Number.isFinite(octetsPerHour) ? (left.octets / octetsPerHour) * hour : null
    const isKnown = this.#came.messages > 0 && nowMs - (this.#beganMs ?? nowMs) >= pullLimits.rateKnownMs
    const byRate = isKnown ? timeOf(left, this.#seen.cost(this.#messageMs)) : null
    if (byBudget === null && byRate === null) return null
    return Math.round(Math.max(byBudget ?? 0, byRate ?? 0) / 1000)
  }

  get #left(): Amount {
    return {
      messages: Math.max(0, this.#expected.messages - this.#came.messages),
      octets: Math.max(0, this.#expected.octets - this.#came.octets),
    }
  }
}

/**
 * What came, and how long each piece of it took. The costs are those that fit best (least squares), in so far as pieces of different mixtures tell
 * them apart; as far as they do not, a message is taken to cost what it usually does. A line becomes faster and slower, so what is old counts less.
 */
class Pieces {
  #ms = 0
  #messages = 0
  #octets = 0
  /** Sums of products, each divided by the time of its piece: how far off a piece is counts as a part of its time. */
  #messagesTwice = 0
  #octetsTwice = 0
  #both = 0

  add({ messages, octets }: Amount, tookMs: number): void {
    const ms = Math.max(1, tookMs)
    this.#fade(Math.exp(-ms / pullLimits.rateFadesMs))
    this.#ms += ms
    this.#messages += messages
    this.#octets += octets
    this.#messagesTwice += (messages * messages) / ms
    this.#octetsTwice += (octets * octets) / ms
    this.#both += (messages * octets) / ms
  }

  cost(usualMs: number): Cost {
    if (this.#octets === 0) return { message: this.#ms / this.#messages, octet: 0 }
    const message = Math.min(usualMs, (this.#ms * pullLimits.messageShareMax) / this.#messages)
    const octet = (this.#ms - message * this.#messages) / this.#octets
    // In multiples of these two; each is drawn towards 1.
    const drawn = pullLimits.rateDrawn * this.#ms
    const [own, common] = [message ** 2 * this.#messagesTwice + drawn, message * octet * this.#both]
    const other = octet ** 2 * this.#octetsTwice + drawn
    const [toOwn, toOther] = [message * this.#messages + drawn, octet * this.#octets + drawn]
    const divisor = own * other - common ** 2
    const messages = Math.max(0, (toOwn * other - toOther * common) / divisor)
    const octets = Math.max(0, (toOther * own - toOwn * common) / divisor)
    // A piece that was held up counts in full: the next ones may be, too.
    const scale = this.#ms / (messages * message * this.#messages + octets * octet * this.#octets)
    return { message: message * messages * scale, octet: octet * octets * scale }
  }

  #fade(by: number): void {
    this.#ms *= by
    this.#messages *= by
    this.#octets *= by
    this.#messagesTwice *= by
    this.#octetsTwice *= by
    this.#both *= by
  }
}

function timeOf({ messages, octets }: Amount, cost: Cost): number {
  return messages * cost.message + octets * cost.octet
}

function amountOf(messages: readonly Listed[]): Amount {
  return { messages: messages.length, octets: messages.reduce((octets, { size }) => octets + size, 0) }
}

function sum(one: Amount, other: Amount): Amount {
  return { messages: one.messages + other.messages, octets: one.octets + other.octets }
}
