/**
 * Bounds how many stores are read back at once. After a fail-over or a restart of Redis each account's next run reads its folder, over a
 * connection of its own: ten thousand accounts would open as many as the worker holds sessions.
 */
import type { Traces } from '../src/pull/trace-ports.ts'
import { HeavyLane, type HeavyPlace } from './heavy-lane.ts'
import { workerLimits } from './limits.ts'

interface TraceTurns {
  readonly waitMs: number
  readonly askedEveryMs: number
}

export class TraceLane {
  readonly #places: HeavyLane
  readonly #turns: TraceTurns

  constructor(placesMax: number = workerLimits.tracePlaces, turns: Partial<TraceTurns> = {}) {
    this.#places = new HeavyLane(placesMax)
    this.#turns = { waitMs: workerLimits.traceWaitMs, askedEveryMs: workerLimits.traceAskedEveryMs, ...turns }
  }

  /**
   * Opens when it is its turn, and keeps the place until that is closed. If none becomes free in the time, it opens all the same: stores that
   * hang hold up nobody for ever.
   *
   * @param store has no more than a quarter of the places while others wait.
   * @param isAsked whether somebody waits for the run: its turn comes before those of others. Somebody may begin to while it waits.
   */
  async open(
    store: string,
    signal: AbortSignal,
    opening: () => Promise<Traces>,
    isAsked: () => Promise<boolean> | boolean = () => false,
  ): Promise<Traces> {
    const place = await this.#enter(store, signal, isAsked)
    try {
      const traces = await opening()
      return {
        folders: async (first) => await traces.folders(first),
        open: async (path) => await traces.open(path),
        close() {
          traces.close()
          place?.leave()
        },
      }
    } catch (error) {
      place?.leave()
      throw error
    }
  }

  async #enter(
    store: string,
    signal: AbortSignal,
    isAsked: () => Promise<boolean> | boolean,
  ): Promise<HeavyPlace | undefined> {
    const asked = new AbortController()
    // One that fails is repeated by the next.
    const look = async () => {
      if (await isAsked()) asked.abort()
    }
    const { waitMs, askedEveryMs } = this.#turns
    look().catch(() => {})
    const looking = setInterval(() => void look().catch(() => {}), askedEveryMs)
    try {
      return await this.#places.enter([store], signal, waitMs, asked.signal)
    } finally {
      clearInterval(looking)
    }
  }
}
