/** The frame that the pages of the settings share: their heading and the navigation between them. */
import type { ComponentChildren } from 'preact'
import { path } from '../router.ts'
import { may, ownerOf } from '../session.ts'
import { words } from '../words/index.ts'
import { settings, useSettingsWords } from '../words/settings.ts'
import { Page } from './page.tsx'
import { Skeleton } from './states.tsx'

export function SettingsFrame({ children }: { readonly children: ComponentChildren }) {
  const hasWords = useSettingsWords()
  const { value: say } = settings
  const { shell, signing } = words.value
  if (!hasWords)
    return (
      <Page title={shell.settings}>
        <Skeleton lines={6} />
      </Page>
    )
  // An owner of one mailbox may not see the other pages.
  const isOwner = ownerOf() !== null
  const hasAccess = may('admin') && !isOwner
  const all = [
    ['/settings', hasAccess ? say.access : say.page],
    ...(hasAccess ? ([['/settings/page', say.page]] as const) : []),
    ['/settings/notices', say.notices],
    ...(isOwner
      ? []
      : ([
          ['/settings/applications', signing.applications],
          ['/settings/instance', say.instance],
          ['/settings/audit', say.audit],
        ] as const)),
  ] as const
  return (
    <Page title={shell.settings}>
      <nav class="tabs" aria-label={shell.settings}>
        {all.map(([to, name]) => (
          <a key={to} href={to} {...(path.value === to ? { 'aria-current': 'page' as const } : {})}>
            {name}
          </a>
        ))}
      </nav>
      <div class="settings">{children}</div>
    </Page>
  )
}
