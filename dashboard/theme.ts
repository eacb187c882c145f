/** The theme: light or dark, as the system has it or as it was chosen here. public/theme.js sets it before the first paint. */
import { effect, signal } from '@preact/signals'
import { kept, keep } from './kept.ts'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const stored = kept('theme')
export const theme = signal<Theme>(themes.find((name) => name === stored) ?? 'system')

const dark = matchMedia('(prefers-color-scheme: dark)')
const systemIsDark = signal(dark.matches)
dark.addEventListener('change', () => {
  systemIsDark.value = dark.matches
})

/** The theme that is shown; charts are drawn anew when it changes. */
export function isDark(): boolean {
  return theme.value === 'system' ? systemIsDark.value : theme.value === 'dark'
}

export function followTheme(): void {
  effect(() => {
    const { dataset } = document.documentElement
    if (theme.value === 'system') delete dataset['theme']
    else dataset['theme'] = theme.value
    keep('theme', theme.value === 'system' ? null : theme.value)
  })
}
