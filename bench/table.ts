/** Makes the tables that a person reads from the figures. It is pure. */
import type { OursPulled } from './ours.ts'
import type { Pulled } from './peers.ts'
import { marked } from './verdict.ts'

/** Without TLS and with it, beside the provider and behind a long line. */
export type Place = 'local' | 'delay' | 'tls' | 'tls delay'
export const allPlaces: readonly Place[] = ['local', 'delay', 'tls', 'tls delay']

/** All rounds at one place; a peer that was not measured has none. */
export interface Rounds {
  readonly ours: readonly OursPulled[]
  readonly mpop: readonly Pulled[]
  readonly getmail: readonly Pulled[]
  readonly fetchmail: readonly Pulled[]
  /** The times are in seconds. */
  readonly bareRead: readonly number[]
  readonly bareAppend: readonly number[]
}

export interface Figures {
  readonly messages: number
  readonly octets: number
  /** The number of messages that each of the slow programs got. */
  readonly slow: { readonly getmail: number; readonly fetchmail: number }
  readonly rounds: Partial<Record<Place, Rounds>>
}

/** `bound` and `hoped` are our time divided by the peer's time for each message; with `times faster` they are the peer's time divided by ours. */
export interface Target {
  readonly place: Place
  readonly what: string
  readonly measured: number
  readonly bound: number
  readonly hoped: number | undefined
  readonly met: boolean
}

export const titles: Readonly<Record<Place, string>> = {
  local: 'Locally',
  delay: 'With 50 ms of round trip to the provider',
  tls: 'Locally, with TLS to the provider',
  'tls delay': 'With TLS and 50 ms of round trip to the provider',
}

export function targetsOf({ messages, slow, rounds }: Figures): Target[] {
  const targets: Target[] = []
  for (const place of allPlaces) {
    const here = rounds[place]
    if (here === undefined) continue
    const ours = secondsOf(here.ours)
    const atMost = (what: string, measured: number, bound: number, hoped: number) =>
      targets.push({ place, what, measured, bound, hoped, met: measured <= bound })
    const atLeast = (what: string, pulled: readonly Pulled[], count: number, bound: number) => {
      if (pulled.length === 0) return
      const measured = secondsOf(pulled) / count / (ours / messages)
      targets.push({ place, what, measured, bound, hoped: undefined, met: measured >= bound })
    }
    const [bound, hoped] = place === 'local' || place === 'tls' ? [0.5, 0.3] : [0.35, 0.2]
    atMost("of mpop's time, at most", ours / secondsOf(here.mpop), bound, hoped)
    atLeast('times faster than getmail, at least', here.getmail, slow.getmail, 20)
    atLeast('times faster than fetchmail over LMTP, at least', here.fetchmail, slow.fetchmail, 50)
    if (place === 'local') atMost('times the floor, at most', ours / floorOf(here), 3, 1.8)
  }
  return targets
}

export function report(figures: Figures): string {
  const { messages, octets, slow, rounds } = figures
  const lines = [`${count(messages)} messages, ${(octets / 1e6).toFixed(1)} MB; medians.`]
  for (const place of allPlaces) {
    const here = rounds[place]
    if (here === undefined) continue
    lines.push(
      '',
      `${titles[place]}, ${here.ours.length} rounds`,
      row('', 'seconds', 'ms/message', 'CPU s', 'peak MiB', 'best s'),
    )
    // A disk may make one round take twice what another takes: the best one is what a program can do.
    const line = (name: string, seconds: readonly number[], of: number, cpuSeconds?: number, peakMiB?: number) => {
      if (seconds.length === 0) return
      const usual = median(seconds)
      const each = ((usual / of) * 1000).toFixed(2)
      const best = Math.min(...seconds).toFixed(2)
      lines.push(row(name, usual.toFixed(2), each, cpuSeconds?.toFixed(2), peakMiB?.toFixed(0), best))
    }
    const times = (pulled: readonly { readonly seconds: number }[]) => pulled.map(({ seconds }) => seconds)
    const usage = (pulled: readonly Pulled[]) =>
      [median(pulled.map(({ usage }) => usage.cpuSeconds)), median(pulled.map(({ usage }) => usage.peakMiB))] as const
    line('Tributary', times(here.ours), messages)
    for (const part of ['worker', 'redis', 'store'] as const) {
      const cpuSeconds = median(here.ours.map((pulled) => pulled[part].cpuSeconds))
      const peakMiB = median(here.ours.map((pulled) => pulled[part].peakMiB))
      lines.push(row(`  ${part}`, '', '', cpuSeconds.toFixed(2), peakMiB.toFixed(0)))
    }
    line('mpop -> Maildir', times(here.mpop), messages, ...usage(here.mpop))
    if (here.getmail.length > 0)
      line(`getmail -> Maildir (${count(slow.getmail)})`, times(here.getmail), slow.getmail, ...usage(here.getmail))
    if (here.fetchmail.length > 0) {
      const name = `fetchmail -> LMTP (${count(slow.fetchmail)})`
      line(name, times(here.fetchmail), slow.fetchmail, ...usage(here.fetchmail))
    }
    line('bare POP3 read', here.bareRead, messages)
    line('bare MULTIAPPEND into mdbox', here.bareAppend, messages)
    for (const target of targetsOf(figures)) if (target.place === place) lines.push(sentence(target))
  }
  return `${lines.join('\n')}\n`
}

function sentence({ what, measured, bound, hoped, met }: Target): string {
  const hope = hoped === undefined ? '' : `, ${measured <= hoped ? 'and' : 'not yet'} the ${hoped} we want`
  return `  ${marked(met)}  ${measured.toFixed(2).padStart(7)} ${what} ${bound}${hope}`
}

function row(name: string, ...cells: readonly (string | undefined)[]): string {
  return `  ${name.padEnd(30)}${cells.map((cell) => (cell ?? '').padStart(12)).join('')}`.trimEnd()
}

function count(number: number): string {
  return number.toLocaleString('en')
}

/** The larger of the two halves. */
function floorOf({ bareRead, bareAppend }: Rounds): number {
  return Math.max(median(bareRead), median(bareAppend))
}

function secondsOf(pulled: readonly { readonly seconds: number }[]): number {
  return median(pulled.map(({ seconds }) => seconds))
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const [low = Number.NaN, high = low] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return (low + high) / 2
}
