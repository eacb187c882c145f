/** The path below which this page is reached, such as `/gather`: a proxy may give it only a part of a host. Its code lies in `assets/` there. */
import { options } from 'preact'

export const below = /^(.*)\/assets\/[^/]+$/.exec(new URL(import.meta.url).pathname)?.[1] ?? ''

/** A path of ours, such as `/accounts`, as the browser needs it. */
export const at = (path: string) => (path.startsWith('/') ? `${below}${path}` : path)

/** A path of the browser as the pages know it. */
export function within(pathname: string): string {
  return pathname === below || pathname.startsWith(`${below}/`) ? pathname.slice(below.length) || '/' : pathname
}

const named = { a: 'href', img: 'src', iframe: 'src' } as const

/** Pages write links as if the whole host were theirs: what they lead to stands before them where they are made, and no page can forget it. */
export function linkBelow(): void {
  if (below === '') return
  // oxlint-disable-next-line typescript/unbound-method -- Preact has plain functions there.
  const next = options.vnode
  options.vnode = (vnode) => {
    const name = named[vnode.type as keyof typeof named] as string | undefined
    const props = vnode.props as Record<string, unknown>
    const given = name === undefined ? undefined : props[name]
    if (name !== undefined && typeof given === 'string') props[name] = at(given)
    next?.(vnode)
  }
}
