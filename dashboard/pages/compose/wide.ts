import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

/** As in styles/compose.css: a message has room beside what is written. */
const wide = '(min-width: 68rem)'

export function useIsWide(): boolean {
  const isWide = useSignal(matchMedia(wide).matches)
  useEffect(() => {
    const asked = matchMedia(wide)
    const look = () => {
      isWide.value = asked.matches
    }
    asked.addEventListener('change', look)
    return () => asked.removeEventListener('change', look)
  }, [])
  return isWide.value
}
