/** The words of the pages of the settings. */
import { pageWords } from './page-words.ts'
import { settingsEn, type SettingsWords } from './settings/en.ts'

export const { words: settings, useWords: useSettingsWords } = pageWords<SettingsWords>(settingsEn, {
  de: async () => (await import('./settings/de.ts')).settingsDe,
  es: async () => (await import('./settings/es.ts')).settingsEs,
  fr: async () => (await import('./settings/fr.ts')).settingsFr,
  ja: async () => (await import('./settings/ja.ts')).settingsJa,
  vi: async () => (await import('./settings/vi.ts')).settingsVi,
})
