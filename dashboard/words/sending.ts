/** The words of the pages on which mail is written and sent. They are loaded with the first of these pages. */
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { type Language, language } from './index.ts'
import { sendingEn, type SendingWords } from './sending/en.ts'

export type { SendingWords } from './sending/en.ts'

const load: Readonly<Record<Language, () => Promise<SendingWords>>> = {
  en: async () => sendingEn,
  de: async () => (await import('./sending/de.ts')).sendingDe,
  es: async () => (await import('./sending/es.ts')).sendingEs,
  fr: async () => (await import('./sending/fr.ts')).sendingFr,
  ja: async () => (await import('./sending/ja.ts')).sendingJa,
  vi: async () => (await import('./sending/vi.ts')).sendingVi,
}

export const sending = signal<SendingWords>(sendingEn)
const spoken = signal<Language>('en')

/** Whether `sending` has the words of the chosen language; it is asked for them. Without an answer they stay as they are. */
export function useSendingWords(): boolean {
  const { value: wanted } = language
  const isThere = spoken.value === wanted
  useEffect(() => {
    if (isThere) return
    let isOver = false
    const take = (words: SendingWords) => {
      if (isOver) return
      sending.value = words
      spoken.value = wanted
    }
    void load[wanted]().then(take, () => take(sending.peek()))
    return () => {
      isOver = true
    }
  }, [wanted, isThere])
  return isThere
}
