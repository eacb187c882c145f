/** Asks where the mail of an address can be had, when somebody has stopped typing the address. */
import { type ReadonlySignal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { get, isAborted, problemOf } from './client.ts'
import { line } from './live.ts'
import type { Discovered } from './shapes.ts'

export type Discovery =
  /** `away`: Tributary itself does not answer. */
  { readonly state: 'nothing asked' | 'looking' | 'failed' | 'away' } | ({ readonly state: 'answered' } & Discovered)

const typedMs = 600

export function useDiscovery(address: string): ReadonlySignal<Discovery> {
  const now = useSignal<Discovery>({ state: 'nothing asked' })
  // When Tributary is there again it is asked again.
  const isAway = line.value === 'lost'
  useEffect(() => {
    now.value = { state: 'nothing asked' }
    if (!/^[^@\s]+@[^@\s]+\.[^@\s]{2,}$/.test(address)) return
    const looking = new AbortController()
    const look = async () => {
      now.value = { state: 'looking' }
      try {
        const path = `/discover?address=${encodeURIComponent(address)}`
        now.value = { state: 'answered', ...(await get<Discovered>(path, looking.signal)) }
      } catch (error) {
        // The server can still be entered by hand.
        if (!isAborted(error)) now.value = { state: problemOf(error).status === 0 ? 'away' : 'failed' }
      }
    }
    const timer = window.setTimeout(() => void look(), typedMs)
    return () => {
      window.clearTimeout(timer)
      looking.abort()
    }
  }, [address, isAway, now])
  return now
}
