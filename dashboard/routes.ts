/** The pages. A new one is a file in pages/, its words, and a line here. */
import type { ComponentType } from 'preact'
import type { IconName } from './components/icon.tsx'
import { match, type PageProps } from './router.ts'
import { waiting } from './trouble-mark.ts'
import type { Words } from './words/index.ts'

export interface Route {
  readonly path: string
  /** Loads the page; each page is a chunk of its own. */
  readonly load: () => Promise<{ readonly default: ComponentType<PageProps> }>
  /** The page's place in the navigation; without one it is reached only from other pages. */
  readonly place?: {
    readonly icon: IconName
    readonly name: (words: Words) => string
    /** Whether it is behind "More" where there is little room. */
    readonly isInRest?: true
    /** How much there waits for the one who looks at it. */
    readonly waiting?: () => number
  }
}

export const routes: readonly Route[] = [
  {
    path: '/',
    load: async () => await import('./pages/overview.tsx'),
    place: { icon: 'overview', name: ({ shell }) => shell.overview },
  },
  {
    path: '/mail',
    load: async () => await import('./pages/mail.tsx'),
    place: { icon: 'mail', name: ({ shell }) => shell.mail },
  },
  { path: '/mail/:destination', load: async () => await import('./pages/mailbox.tsx') },
  { path: '/mail/:destination/compose', load: async () => await import('./pages/compose.tsx') },
  { path: '/mail/:destination/outbox', load: async () => await import('./pages/outbox.tsx') },
  {
    path: '/outbox',
    load: async () => await import('./pages/outboxes.tsx'),
    place: { icon: 'up', name: ({ shell }) => shell.outbox, isInRest: true, waiting: () => waiting.value.needsPerson },
  },
  {
    path: '/accounts',
    load: async () => await import('./pages/accounts.tsx'),
    place: { icon: 'accounts', name: ({ shell }) => shell.accounts },
  },
  { path: '/accounts/new', load: async () => await import('./pages/add-account.tsx') },
  { path: '/answering', load: async () => await import('./pages/answering.tsx') },
  { path: '/guides', load: async () => await import('./pages/guides.tsx') },
  { path: '/guides/:id', load: async () => await import('./pages/guide.tsx') },
  { path: '/accounts/:id', load: async () => await import('./pages/account.tsx') },
  {
    path: '/runs',
    load: async () => await import('./pages/runs.tsx'),
    place: { icon: 'clock', name: ({ shell }) => shell.activity },
  },
  { path: '/runs/:id', load: async () => await import('./pages/run.tsx') },
  { path: '/set-aside', load: async () => await import('./pages/set-aside.tsx') },
  {
    path: '/destinations',
    load: async () => await import('./pages/destinations.tsx'),
    place: { icon: 'destination', name: ({ shell }) => shell.destinations, isInRest: true },
  },
  { path: '/destinations/:id', load: async () => await import('./pages/destination.tsx') },
  {
    path: '/settings',
    load: async () => await import('./pages/settings.tsx'),
    place: { icon: 'settings', name: ({ shell }) => shell.settings, isInRest: true },
  },
  { path: '/settings/page', load: async () => await import('./pages/settings-page.tsx') },
  { path: '/settings/notices', load: async () => await import('./pages/settings-notices.tsx') },
  { path: '/settings/instance', load: async () => await import('./pages/settings-instance.tsx') },
  { path: '/settings/applications', load: async () => await import('./pages/settings-applications.tsx') },
  { path: '/settings/audit', load: async () => await import('./pages/settings-audit.tsx') },
  { path: '/welcome', load: async () => await import('./pages/welcome.tsx') },
]

export function routeOf(path: string): { readonly route: Route; readonly params: PageProps['params'] } | undefined {
  for (const route of routes) {
    const params = match(route.path, path)
    if (params !== undefined) return { route, params }
  }
  return undefined
}
