/**
 * Bounds how many stores are read back at once. After a fail-over or a restart of Redis each account's next run reads its folder, over a
 * connection of its own: ten thousand accounts would open as many as the worker holds sessions.
 */
import type { Traces } from '../src/pull/trace-ports.ts'
import { HeavyLane } from './heavy-lane.ts'
import { workerLimits } from './limits.ts'

export class TraceLane {
  readonly #places: HeavyLane
  readonly #waitMs: number

  constructor(placesMax: number = workerLimits.tracePlaces, waitMs: number = workerLimits.traceWaitMs) {
    this.#places = new HeavyLane(placesMax)
    this.#waitMs = waitMs
  }

  /**
   * Opens when it is its turn, and keeps the place until that is closed. If none becomes free in the time, it opens all the same: stores that
   * hang hold up nobody for ever.
   *
   * @param store has no more than a quarter of the places while others wait.
   * @param isAsked somebody waits for the run: its turn comes before those of others.
   */
  async open(store: string, signal: AbortSignal, opening: () => Promise<Traces>, isAsked = false): Promise<Traces> {
    const place = await this.#places.enter([store], signal, this.#waitMs, isAsked)
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
}
