/** Something that is read from the API. It is loading, failed or there, and it is read again when the connection is back. */
import { type ReadonlySignal, signal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { get, isAborted, problemOf } from './client.ts'
import { resynced } from './live.ts'
import { readNoMore } from './pace.ts'
import type { Problem } from './shapes.ts'

export type Loaded<Value> =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly problem: Problem }
  | { readonly state: 'ready'; readonly value: Value }

export interface Resource<Value> {
  readonly path: string
  readonly now: ReadonlySignal<Loaded<Value>>
  /** Reads it again. The present value stays until the answer has come. */
  reload(): void
  /** Does the same for `readSoon`: it is over when the answer has come. */
  readonly again: () => Promise<void>
  /** Sets a value that is known without asking. */
  set(value: Value): void
}

/** @param load must be the same function each time; another function is another resource. It is given the present value. */
export function useResource<Value>(
  path: string,
  load: (path: string, signal: AbortSignal, before?: Value) => Promise<Value> = get,
): Resource<Value> {
  const resource = useMemo(() => {
    const now = signal<Loaded<Value>>({ state: 'loading' })
    let turn = new AbortController()
    const ask = async () => {
      turn.abort()
      const mine = (turn = new AbortController())
      try {
        const before = now.peek()
        const value = await load(path, mine.signal, before.state === 'ready' ? before.value : undefined)
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
      again: ask,
      set(value: Value) {
        now.value = { state: 'ready', value }
      },
      stop: () => turn.abort(),
    }
  }, [path, load])
  useEffect(() => {
    // Reads at once, and each time the connection is back.
    const unsubscribe = resynced.subscribe(() => resource.reload())
    return () => {
      unsubscribe()
      readNoMore(resource.again)
      resource.stop()
    }
  }, [resource])
  return resource
}
