/** Ctrl-C and its kin: the first one asks for an orderly end, a later one for an end at once. */

export interface Interrupts {
  readonly stop: AbortSignal
  readonly kill: AbortSignal
}

/** One Ctrl-C arrives several times: from the terminal, and from npm and start.mjs, which pass it on. */
const sameWithinMs = 1000

/** @param nowMs a clock that never goes back. */
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
