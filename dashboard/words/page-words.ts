/** Words that few pages have: they are loaded with the first of these pages. English is what stands there until then. */
import { type Signal, signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { type Language, language } from './index.ts'

export interface PageWords<Words> {
  readonly words: Signal<Words>
  /** Whether `words` is of the chosen language; it is asked for it. Without an answer they stay as they are. */
  readonly useWords: () => boolean
}

export function pageWords<Words>(
  english: Words,
  load: Readonly<Record<Exclude<Language, 'en'>, () => Promise<Words>>>,
): PageWords<Words> {
  const words = signal(english)
  const spoken = signal<Language>('en')
  return {
    words,
    useWords() {
      const { value: wanted } = language
      const isThere = spoken.value === wanted
      useEffect(() => {
        if (isThere) return
        let isOver = false
        const take = (found: Words) => {
          if (isOver) return
          words.value = found
          spoken.value = wanted
        }
        void (wanted === 'en' ? Promise.resolve(english) : load[wanted]()).then(take, () => take(words.peek()))
        return () => {
          isOver = true
        }
      }, [wanted, isThere])
      return isThere
    },
  }
}
