/** Makes the table that a person reads from what was measured of visits that find nothing. It is pure. */
import type { Asked } from './monitor.ts'
import type { IdlePeer } from './poll-peers.ts'
import { marked } from './verdict.ts'

/** What was measured at one delay. Seconds of CPU are those of the whole time. */
export interface Polled {
  readonly tls: boolean
  readonly delayMs: number
  readonly seconds: number
  readonly polls: number
  readonly workerCpu: number
  readonly redisCpu: number
  readonly storeCpu: number
  readonly providerCpu: number
  /** By how much Redis' memory, its file and its number of keys have grown. */
  readonly kept: { readonly memory: number; readonly file: number; readonly keys: number }
  readonly asked: Asked
  readonly askedPolls: number
}

/** What issue 16 asks for: milliseconds of CPU and commands for each poll, polls a second, and how many times faster than a peer. */
const wanted = {
  workerMs: { clear: 1, tls: 1.8 },
  redisMs: 0.3,
  commands: 12,
  aSecond: { near: 400, far: 250 },
  timesFaster: 50,
  /** The octets that a poll may leave in Redis' memory: none, but for what an allocator does. */
  keptOctets: 10,
} as const

export function pollReport(
  polled: readonly Polled[],
  peers: readonly IdlePeer[],
  { commands }: { readonly commands: boolean },
): string {
  const lines: string[] = []
  for (const one of polled) {
    const { tls, delayMs, polls, seconds, asked, askedPolls, kept } = one
    lines.push(
      '',
      `${tls ? 'With TLS, resumed' : 'In clear'}, ${delayMs} ms an answer: ${polls} polls in ${seconds.toFixed(1)} s`,
    )
    const each = (cpu: number) => (cpu * 1000) / polls
    const say = (name: string, figure: number, unit: string, bound?: number, least = false) =>
      lines.push(row(name, figure, unit, bound, least))
    say('polls', polls / seconds, 'a second', delayMs === 0 ? wanted.aSecond.near : wanted.aSecond.far, true)
    say('worker', each(one.workerCpu), 'ms of CPU a poll', tls ? wanted.workerMs.tls : wanted.workerMs.clear)
    say('Redis', each(one.redisCpu), 'ms of CPU a poll', wanted.redisMs)
    say('store', each(one.storeCpu), 'ms of CPU a poll')
    say('provider', each(one.providerCpu), 'ms of CPU a poll')
    say('commands', asked.commands / askedPolls, 'a poll, as MONITOR shows them', wanted.commands)
    say('that write', asked.writes / askedPolls, 'a poll')
    say('memory of Redis', kept.memory / polls, 'octets a poll more', wanted.keptOctets)
    say('its file', kept.file / polls, 'octets a poll more')
    say('its keys', kept.keys, 'more in all', polls * 0.001)
    const busy = (one.workerCpu + one.redisCpu + one.storeCpu + one.providerCpu) / seconds
    say('all four', busy, 'cores busy')
    if (commands)
      for (const { name, count, writes } of asked.byName.filter((entry) => entry.count / askedPolls > 0.005))
        lines.push(
          `      ${name.padEnd(34)}${(count / askedPolls).toFixed(2).padStart(8)}${(writes / askedPolls).toFixed(2).padStart(8)} write`,
        )
  }
  for (const { name, delayMs, accounts, seconds, cpuSeconds } of peers) {
    const ours = polled.find((one) => !one.tls && one.delayMs === delayMs)
    lines.push(
      '',
      `${name}, ${delayMs} ms an answer: ${accounts} accounts in ${seconds.toFixed(2)} s, ${((cpuSeconds * 1000) / accounts).toFixed(2)} ms of CPU a poll`,
    )
    if (ours === undefined) continue
    const faster = seconds / accounts / (ours.seconds / ours.polls)
    lines.push(row('ours is', faster, 'times faster', delayMs === 0 ? undefined : wanted.timesFaster, true))
  }
  return `${lines.join('\n')}\n`
}

function row(name: string, figure: number, unit: string, bound: number | undefined, least: boolean): string {
  const met = bound === undefined || (least ? figure >= bound : figure <= bound)
  const verdict = bound === undefined ? '       ' : marked(met)
  const what = bound === undefined ? '' : `, wanted: ${least ? 'at least' : 'at most'} ${bound}`
  return `  ${verdict} ${name.padEnd(18)}${figure.toFixed(2).padStart(10)} ${unit}${what}`
}
