/** Handles Ctrl-C and similar signals: the first one asks for an orderly end, a later one for an immediate end. */

export interface Interrupts {
  readonly stop: AbortSignal
  readonly kill: AbortSignal
}

/** Signals within this time count as one: a single Ctrl-C arrives from the terminal, and also from npm and start.mjs, which pass it on. */
const sameWithinMs = 1000

/** @param nowMs is a clock that never goes back. */
export function interruptsOf(
  source: Pick<NodeJS.EventEmitter, 'on'>,
  nowMs: () => number = () => performance.now(),
): Interrupts {
  const [stop, kill] = [new AbortController(), new AbortController()]
  let firstMs: number | undefined
  const hear = () => {
    firstMs ??= nowMs()
    stop.abort(new Error('asked to stop'))
    if (nowMs() - firstMs > sameWithinMs) kill.abort(new Error('asked to stop at once'))
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) source.on(name, hear)
  return { stop: stop.signal, kill: kill.signal }
}
