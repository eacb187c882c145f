/** Something the API is asked for: loading, failed or there, and asked again when the line is back. */
import { type ReadonlySignal, signal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { get, isAborted, problemOf } from './client.ts'
import { resynced } from './live.ts'
import type { Problem } from './shapes.ts'

export type Loaded<Value> =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly problem: Problem }
  | { readonly state: 'ready'; readonly value: Value }

export interface Resource<Value> {
  readonly path: string
  readonly now: ReadonlySignal<Loaded<Value>>
  /** What is there stays until the answer has come; a failed look at it is forgotten where it can be seen otherwise. */
  reload(): void
  /** What is known to be so without asking. */
  set(value: Value): void
}

/** @param load the same function each time: another one is another resource. */
export function useResource<Value>(
  path: string,
  load: (path: string, signal: AbortSignal) => Promise<Value> = get,
): Resource<Value> {
  const resource = useMemo(() => {
    const now = signal<Loaded<Value>>({ state: 'loading' })
    let turn = new AbortController()
    const ask = async () => {
      turn.abort()
      const mine = (turn = new AbortController())
      try {
        const value = await load(path, mine.signal)
        if (!mine.signal.aborted) now.value = { state: 'ready', value }
      } catch (error) {
        if (mine.signal.aborted || isAborted(error)) return
        if (now.peek().state !== 'ready') now.value = { state: 'failed', problem: problemOf(error) }
      }
    }
    return {
      path,
      now,
      reload() {
        if (now.peek().state === 'failed') now.value = { state: 'loading' }
        void ask()
      },
      set(value: Value) {
        now.value = { state: 'ready', value }
      },
      stop: () => turn.abort(),
    }
  }, [path, load])
  useEffect(() => {
    // At once, and each time the line is back.
    const unsubscribe = resynced.subscribe(() => resource.reload())
    return () => {
      unsubscribe()
      resource.stop()
    }
  }, [resource])
  return resource
}
