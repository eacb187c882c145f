/** `npm run soak`: an hour, or `--minutes N`, with the faults of `--seed S`. It ends with 1 if anything was wrong at the end. */
import { parseArgs } from 'node:util'
import { randomInt } from 'node:crypto'
import { soak } from './soak.ts'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '60' }, seed: { type: 'string' } },
})
const minutes = Number(values.minutes)
const seed = Number(values.seed ?? randomInt(2 ** 31))
if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
  process.stderr.write('npm run soak -- [--minutes N] [--seed S]: both are numbers.\n')
  process.exit(2)
}
const say = (line: string) => process.stdout.write(`${line}\n`)
say(`soak: ${minutes} minutes, seed ${seed}`)
const beganMs = performance.now()
const settleSeconds = Math.max(60, minutes * 20)
const result = await soak({
  seconds: minutes * 60,
  seed,
  settleSeconds,
  patienceSeconds: minutes < 10 ? 5 : settleSeconds * 0.75,
  say,
})
const { messages, stored, runs, failedRuns, faults, asked, settledSeconds, sizes, wrong, folder } = result
say(`${messages} messages sent, ${stored} stored; of the runs that are kept, ${runs}, ${failedRuns} failed`)
for (const [kind, times] of Object.entries(faults).toSorted(([one], [other]) => one.localeCompare(other)))
  say(`${String(times).padStart(6)}  ${kind}`)
say(
  `well again after ${settledSeconds} s; asked for: ${asked.join(', ') || 'none'}; ${Math.round((performance.now() - beganMs) / 1000)} s in all`,
)
for (const size of sizes) say(`at the end: ${size}`)
if (wrong.length > 0) {
  for (const line of shortened(wrong)) say(`WRONG: ${line}`)
  say(`${wrong.length} things are wrong with seed ${seed}. The logs are in ${folder}`)
  process.exitCode = 1
} else say('every message is stored once, and every account is well')

/** Leaves out what is said of an account more than three times. */
function shortened(lines: readonly string[]): string[] {
  const groups = new Map<string, string[]>()
  for (const line of lines) {
    const [account = ''] = line.split(' ')
    groups.set(account, [...(groups.get(account) ?? []), line])
  }
  return [...groups.values()].flatMap((group) => [
    ...group.slice(0, 3),
    ...(group.length > 3 ? [`${group[0]?.split(' ')[0]}: ${group.length - 3} more`] : []),
  ])
}
