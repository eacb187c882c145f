/** Provides the words of the chosen language. Each language is one file, and the type check finds missing words. */
import { computed, effect, signal } from '@preact/signals'
import { keep, kept } from '../kept.ts'
import { en, type Words } from './en.ts'

export type { Words } from './en.ts'

export const languages = {
  en: 'English',
  de: 'Deutsch',
  es: 'Español',
  fr: 'Français',
  ja: '日本語',
  vi: 'Tiếng Việt',
} as const
export type Language = keyof typeof languages

const load: Readonly<Record<Language, () => Promise<Words>>> = {
  en: async () => en,
  de: async () => (await import('./de.ts')).de,
  es: async () => (await import('./es.ts')).es,
  fr: async () => (await import('./fr.ts')).fr,
  ja: async () => (await import('./ja.ts')).ja,
  vi: async () => (await import('./vi.ts')).vi,
}

const now = signal<{ readonly language: Language; readonly words: Words }>({ language: 'en', words: en })

export const language = computed(() => now.value.language)
export const words = computed(() => now.value.words)

export async function speak(chosen: Language): Promise<void> {
  now.value = { language: chosen, words: await load[chosen]() }
}

/** The language that was chosen here, else the first of the browser's languages that we have. */
export async function speakAsRead(): Promise<void> {
  const wanted = [kept('language') ?? '', ...navigator.languages.map((tag) => tag.slice(0, 2))]
  const known = Object.keys(languages) as Language[]
  const chosen = wanted.flatMap((tag) => known.find((name) => name === tag) ?? [])[0] ?? 'en'
  await speak(chosen).catch(() => {})
  effect(() => {
    document.documentElement.lang = language.value
    if (language.value !== chosen || kept('language') !== null) keep('language', language.value)
  })
}
