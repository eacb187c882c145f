/** What every page has: its name, as heading and in the window's title, and what can be done with all of it. */
import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'

export function Page({
  title,
  lead,
  actions,
  back,
  children,
}: {
  readonly title: string
  readonly lead?: ComponentChildren
  readonly actions?: ComponentChildren
  readonly back?: { readonly to: string; readonly name: string }
  readonly children: ComponentChildren
}) {
  useWindowTitle(title)
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

/** What the window is called, until what calls it so is gone. */
export function useWindowTitle(title: string): void {
  useEffect(() => {
    const before = document.title
    document.title = `${title} · Tributary`
    return () => {
      document.title = before
    }
  }, [title])
}

/** A part of a page with a name of its own. */
export function Section({
  title,
  aside,
  children,
  flush = false,
}: {
  readonly title: string
  readonly aside?: ComponentChildren
  readonly children: ComponentChildren
  /** Its content has its own edges, as a table has. */
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
