/** The words of the pages on which mail is written and sent. */
import { pageWords } from './page-words.ts'
import { sendingEn, type SendingWords } from './sending/en.ts'

export type { SendingWords } from './sending/en.ts'

export const { words: sending, useWords: useSendingWords } = pageWords<SendingWords>(sendingEn, {
  de: async () => (await import('./sending/de.ts')).sendingDe,
  es: async () => (await import('./sending/es.ts')).sendingEs,
  fr: async () => (await import('./sending/fr.ts')).sendingFr,
  ja: async () => (await import('./sending/ja.ts')).sendingJa,
  vi: async () => (await import('./sending/vi.ts')).sendingVi,
})
