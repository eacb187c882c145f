/** Judges whether something leaks: what each part holds must not go on growing in the second half of the soak. */

/** What a process of a part holds at a moment. */
export interface Holding {
  readonly octets: number
  readonly files: number
  /** The age of the process: a part that was killed is young again. */
  readonly ageMs: number
}

export interface Sample {
  readonly atMs: number
  /** A part that is not there at the moment is absent. */
  readonly parts: Readonly<Record<string, Holding>>
  /** The keys of Redis but those of runs, of which each account keeps a hundred; undefined while Redis does not answer. */
  readonly keys: number | undefined
}

/**
 * What may be more in the last quarter than in the one before, as a part of that and in itself: both must be passed. What grows evenly from nothing
 * is two fifths more.
 */
const bounds = {
  /** The heap of Node swings by some tens of MB between two collections, and Redis rewrites its file in a second process. */
  octets: { share: 0.2, least: 64e6 },
  /** A worker has a session and a store connection for each account at work: some forty, and rarely all at once. */
  files: { share: 0.2, least: 30 },
  /** Everything else has as many keys as there are accounts, destinations and hosts, which do not become more. */
  keys: { share: 0.2, least: 60 },
} as const

/** By then a process has taken what it needs to be at work at all. */
const grownUpMs = 20_000
/** Fewer samples of a quarter say nothing: so a soak of two minutes is not judged by its growth, most of which is the beginning. */
const samplesMin = 20

/** A sentence for each thing that has grown: medians are compared, since one moment of much work is no leak. */
export function grown(samples: readonly Sample[]): string[] {
  const [from, to] = [samples[0]?.atMs ?? 0, samples.at(-1)?.atMs ?? 0]
  const quarter = (nth: number) =>
    samples.filter(({ atMs }) => Math.min(3, Math.floor(((atMs - from) * 4) / Math.max(1, to - from))) === nth)
  const [third, last] = [quarter(2), quarter(3)]
  const names = new Set(samples.flatMap(({ parts }) => Object.keys(parts)))
  const wrong = [...names].flatMap((part) =>
    (['octets', 'files'] as const).flatMap((what) => {
      const held = (quarter: readonly Sample[]) =>
        quarter.flatMap(({ parts }) => {
          const holding = parts[part]
          return holding !== undefined && holding.ageMs >= grownUpMs ? [holding[what]] : []
        })
      return tooMuch(`${part} grows, its ${what === 'files' ? 'open files' : 'octets of memory'}`, bounds[what], [
        held(third),
        held(last),
      ])
    }),
  )
  const keys = (quarter: readonly Sample[]) => quarter.flatMap(({ keys: count }) => count ?? [])
  return [...wrong, ...tooMuch('redis grows, its keys', bounds.keys, [keys(third), keys(last)])]
}

function tooMuch(
  what: string,
  { share, least }: { readonly share: number; readonly least: number },
  [before, after]: readonly [readonly number[], readonly number[]],
): string[] {
  if (before.length < samplesMin || after.length < samplesMin) return []
  const [was, is] = [median(before), median(after)]
  return is - was > Math.max(least, was * share) ? [`${what}: ${was} in the third quarter, ${is} in the last`] : []
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0
}
