/** Says in a few words each what a run that has ended did. The first one is what matters most. */
import { bytes, duration } from '../intl.ts'
import type { Run } from '../shapes.ts'
import { language, words } from '../words/index.ts'

/** How long it took, in milliseconds; for visits in a row, from the first to the last. */
export function tookMs({ startedAt, finishedAt }: Run): number {
  return finishedAt === null ? 0 : Date.parse(finishedAt) - Date.parse(startedAt ?? finishedAt)
}

/** Whether nothing came of it, and nothing is left. */
export function foundNothing({ stored, deferred, quarantined, failure, more }: Run): boolean {
  return stored + deferred + quarantined === 0 && failure === null && !more
}

/** Words of `runParts` as they stand alone. */
export function asTitle(part: string): string {
  return part.slice(0, 1).toLocaleUpperCase(language.value) + part.slice(1)
}

export function runParts(run: Run): string[] {
  const { account: say, run: runWords, causes, failures } = words.value
  return [
    ...(run.failure === null ? [] : [failures[run.failure.kind].title]),
    ...(run.stored > 0 ? [`${runWords.stored(run.stored)} (${bytes(run.bytes)})`] : []),
    ...(foundNothing(run) ? [say.nothingNew] : []),
    ...(run.recovered > 0 ? [say.recovered(run.recovered)] : []),
    ...(run.deleted > 0 ? [say.deleted(run.deleted)] : []),
    ...(run.quarantined > 0 ? [say.quarantined(run.quarantined)] : []),
    ...(run.deferred > 0 ? [say.deferred(run.deferred)] : []),
    ...(run.more ? [say.more] : []),
    ...(run.listed > 0 ? [say.listed(run.listed)] : []),
    say.took(duration(tookMs(run))),
    causes[run.cause],
  ]
}
