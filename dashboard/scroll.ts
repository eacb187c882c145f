/** Keeps how far a page is scrolled with its entry in the history, and goes there again when somebody comes back: the browser would do so before the page has its rows. */

/** What it is kept under, in the entry's state. */
interface Kept {
  readonly scrollY?: number
}

const keptAfterMs = 150
/** A page whose rows do not come in this time stays where it is. */
const waitedMs = 10_000
/** Somebody who moves by themselves is not carried off. */
const moves = ['wheel', 'touchmove', 'keydown', 'pointerdown'] as const

let keeping: number | undefined
let stopRestoring: (() => void) | undefined

/** It is called before another entry is the present one. */
export function keepScroll(): void {
  stopRestoring?.()
  window.clearTimeout(keeping)
  const before = (history.state as Kept | null) ?? {}
  if ((before.scrollY ?? 0) !== scrollY) history.replaceState({ ...before, scrollY }, '')
}

/** Goes where the present entry was left, as soon as the page is long enough. */
export function restoreScroll(): void {
  stopRestoring?.()
  window.clearTimeout(keeping)
  const { scrollY: wanted = 0 } = (history.state as Kept | null) ?? {}
  const go = () => {
    scrollTo(0, wanted)
    if (Math.abs(scrollY - wanted) <= 1) stop()
  }
  const growing = new ResizeObserver(go)
  const stop = () => {
    window.clearTimeout(giveUp)
    growing.disconnect()
    for (const move of moves) removeEventListener(move, stop)
    stopRestoring = undefined
  }
  const giveUp = window.setTimeout(stop, waitedMs)
  stopRestoring = stop
  for (const move of moves) addEventListener(move, stop, { passive: true })
  growing.observe(document.body)
}

export function followScroll(): void {
  history.scrollRestoration = 'manual'
  addEventListener(
    'scroll',
    () => {
      window.clearTimeout(keeping)
      if (stopRestoring === undefined) keeping = window.setTimeout(keepScroll, keptAfterMs)
    },
    { passive: true },
  )
  addEventListener('pagehide', () => {
    if (stopRestoring === undefined) keepScroll()
  })
  restoreScroll()
}
