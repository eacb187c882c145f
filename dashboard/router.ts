/** The router: the browser's own address, and plain links. */
import { computed, signal } from '@preact/signals'
import { at, within } from './below.ts'
import { keepScroll, restoreScroll } from './scroll.ts'
import { isUnsaved, leave } from './unsaved.ts'

// Whoever comes past the proxy is led to where the links lead, too.
if (at(within(location.pathname)) !== location.pathname)
  history.replaceState(history.state, '', `${at(within(location.pathname))}${location.search}${location.hash}`)
const here = signal(new URL(location.href))

/** As the routes know it. */
export const path = computed(() => within(here.value.pathname))
export const query = computed(() => here.value.searchParams)

/** @param how with `replace` the present address is not kept in the history, as while somebody types into a search. */
export function navigate(to: string, how: 'push' | 'replace' = 'push'): void {
  const url = new URL(at(to), location.href)
  if (url.href === location.href) return
  if (how === 'push') {
    keepScroll()
    entry += 1
    history.pushState({ entry }, '', url)
    scrollTo(0, 0)
  } else history.replaceState(history.state, '', url)
  here.value = url
}

/** Builds the address of the same page with another query; empty values are left out. */
export function ask(changed: Readonly<Record<string, string>>): void {
  const url = new URL(location.href)
  for (const [name, value] of Object.entries(changed)) {
    if (value === '') url.searchParams.delete(name)
    else url.searchParams.set(name, value)
  }
  navigate(url.href, 'replace')
}

export interface PageProps {
  /** The values in the path in place of `:names`. */
  readonly params: Readonly<Record<string, string>>
}

/** Matches `/accounts/01J...` with `/accounts/:id`; undefined means that the path belongs to another page. */
export function match(pattern: string, given: string): Readonly<Record<string, string>> | undefined {
  const [wanted, got] = [pattern, given].map((text) => text.replace(/\/+$/, '').split('/'))
  if (wanted === undefined || got === undefined || wanted.length !== got.length) return undefined
  const params: Record<string, string> = {}
  for (const [nth, part] of wanted.entries()) {
    const there = got[nth] ?? ''
    if (part.startsWith(':')) params[part.slice(1)] = decodeURIComponent(there)
    else if (part !== there) return undefined
  }
  return params
}

/** The number of the present entry in the history, which says how far somebody has gone back or forth. */
let entry = entryOf(history.state) ?? 0
/** Whether the browser is on its way back to where somebody is asked whether to leave. */
let isReturning = false

function entryOf(state: unknown): number | undefined {
  return (state as { readonly entry?: number } | null)?.entry
}

/** The browser has left already, by its Back or Forward, and is sent back until somebody has said so. */
function leaveByHistory(to: number | undefined, url: string): void {
  const away = (to ?? 0) - entry
  if (to === undefined || away === 0) {
    history.pushState({ entry }, '', here.value)
    leave(() => navigate(url))
    return
  }
  isReturning = true
  history.go(-away)
  leave(() => history.go(away))
}

/** Follows our own plain `<a href>` links without loading the page anew. Links that open a tab or lead elsewhere are left to the browser. */
export function followLinks(): void {
  if (entryOf(history.state) === undefined) history.replaceState({ ...(history.state as object | null), entry }, '')
  addEventListener('popstate', () => {
    if (isReturning) {
      isReturning = false
      return
    }
    const to = entryOf(history.state)
    if (isUnsaved()) {
      leaveByHistory(to, location.href)
      return
    }
    entry = to ?? 0
    here.value = new URL(location.href)
    restoreScroll()
  })
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (link === null || link.origin !== location.origin || link.target !== '' || link.hasAttribute('download')) return
    if (within(link.pathname).startsWith('/api/') || link.getAttribute('href')?.startsWith('#')) return
    event.preventDefault()
    leave(() => navigate(link.href))
  })
}
