/** The window's title: what is shown on top, and in front of it how many messages wait to be read. */
import { useEffect, useMemo } from 'preact/hooks'
import { number } from './intl.ts'

interface Entry {
  title: string
  unread: number
}

/** What is shown, the innermost last. */
const shown: Entry[] = []

function show(): void {
  const unread = Math.max(0, ...shown.map((entry) => entry.unread))
  const title = shown.at(-1)?.title
  const name = title === undefined ? 'Tributary' : `${title} · Tributary`
  document.title = unread > 0 ? `(${number(unread)}) ${name}` : name
}

/** Sets the window's title for as long as the component that calls this is shown. */
export function useWindowTitle(title: string, unread = 0): void {
  const entry = useMemo<Entry>(() => ({ title, unread }), [])
  useEffect(() => {
    Object.assign(entry, { title, unread })
    if (!shown.includes(entry)) shown.push(entry)
    show()
  }, [entry, title, unread])
  useEffect(
    () => () => {
      shown.splice(shown.indexOf(entry), 1)
      show()
    },
    [entry],
  )
}
