/** The head of every page: its name, which is also the window's title, and the actions for the whole page. */
import type { ComponentChildren } from 'preact'
import { useWindowTitle } from '../window-title.ts'

export function Page({
  title,
  unread = 0,
  lead,
  actions,
  back,
  children,
}: {
  readonly title: string
  /** How many messages wait to be read, which the window's title says. */
  readonly unread?: number
  readonly lead?: ComponentChildren
  readonly actions?: ComponentChildren
  readonly back?: { readonly to: string; readonly name: string }
  readonly children: ComponentChildren
}) {
  useWindowTitle(title, unread)
  return (
    <>
      <header class="page-head">
        <div class="page-name">
          {back && (
            <a class="page-back" href={back.to}>
              ‹ {back.name}
            </a>
          )}
          <h1 tabIndex={-1}>{title}</h1>
          {lead !== undefined && <div class="page-lead">{lead}</div>}
        </div>
        {actions !== undefined && <div class="page-actions">{actions}</div>}
      </header>
      {children}
    </>
  )
}

/** A section of a page, with a heading of its own. */
export function Section({
  title,
  aside,
  children,
  flush = false,
}: {
  readonly title: string
  readonly aside?: ComponentChildren
  readonly children: ComponentChildren
  /** Whether the content has edges of its own, as a table does. */
  readonly flush?: boolean
}) {
  return (
    <section class={`card${flush ? ' flush' : ''}`}>
      <header class="card-head">
        <h2>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  )
}
