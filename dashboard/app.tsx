/** The frame around every page: the navigation, who is signed in, and whether the connection to the API holds. */
import { useSignal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'
import { problemOf, session } from './client.ts'
import { Icon, Logo } from './components/icon.tsx'
import { Menu } from './components/menu.tsx'
import { Leaving } from './components/leaving.tsx'
import { MorePlaces } from './components/more-places.tsx'
import { Page } from './components/page.tsx'
import { EmptyState, ErrorState, Skeleton } from './components/states.tsx'
import { attempt, Toasts } from './components/toast.tsx'
import { number } from './intl.ts'
import { line, reached } from './live.ts'
import { SignIn } from './pages/sign-in.tsx'
import { navigate, type PageProps, path } from './router.ts'
import { type Route, routeOf, routes } from './routes.ts'
import { enter, resume, signOut } from './session.ts'
import type { Problem } from './shapes.ts'
import { theme, themes } from './theme.ts'
import { isUnsaved } from './unsaved.ts'
import { type Language, language, languages, speak, words } from './words/index.ts'

export function App() {
  const problem = useSignal<Problem | undefined>(undefined)
  /** Whether somebody has come by a link that is good no more. */
  const isLinkOver = useSignal(false)
  const ask = async () => {
    problem.value = undefined
    try {
      await resume()
      const code = codeOfLink()
      // Whoever is signed in stays who they are, whatever link somebody gave them.
      if (code !== '' && session.value === 'none') isLinkOver.value = !(await enters(code))
    } catch (error) {
      problem.value = problemOf(error)
    }
  }
  useEffect(() => void ask(), [])
  const { value: who } = session
  if (who === 'none') return <SignIn isLinkOver={isLinkOver.value} />
  if (who !== 'unknown') return <Shell name={who.name} />
  return (
    <main class="alone">
      {problem.value ? <ErrorState problem={problem.value} retry={() => void ask()} /> : <Skeleton />}
    </main>
  )
}

/** The code of a link that signs in; empty if there is none. It does not stay in the address, where it would be kept and shown. */
function codeOfLink(): string {
  if (path.value !== '/enter') return ''
  const code = location.hash.slice(1)
  navigate('/', 'replace')
  return code
}

async function enters(code: string): Promise<boolean> {
  try {
    await enter(code)
    return true
  } catch (error) {
    if (problemOf(error).status !== 401) throw error
    return false
  }
}

function Shell({ name }: { readonly name: string }) {
  const { shell, common } = words.value
  return (
    <div class="shell">
      <a class="skip" href="#content">
        {common.skip}
      </a>
      <header class="top">
        <a class="brand" href="/">
          <Logo />
          Tributary
        </a>
        <nav aria-label={shell.navigation}>
          {places.map(({ to, place }) => (
            <PlaceLink key={to} to={to} place={place} />
          ))}
          <MorePlaces isHere={rest.some(({ to }) => isHere(to))} count={<Waiting for={rest} />}>
            {rest.map(({ to, place }) => (
              <PlaceLink key={to} to={to} place={place} />
            ))}
          </MorePlaces>
        </nav>
        <div class="you">
          <span class="you-name" title={shell.signedInAs(name)}>
            {name}
          </span>
          <ThemeMenu />
          <LanguageMenu />
          <Menu
            label={shell.you}
            icon="more"
            entries={[{ label: shell.signOut, icon: 'leave', onChoose: () => void attempt(signOut) }]}
          />
        </div>
      </header>
      <div class="line" role="status">
        {line.value === 'lost' && (
          <p>
            <Icon name="warning" />
            {shell.lost}
          </p>
        )}
      </div>
      <main id="content" tabIndex={-1}>
        <CurrentPage />
      </main>
      <Toasts />
      <Leaving />
    </div>
  )
}

interface Place {
  readonly to: string
  readonly place: NonNullable<Route['place']>
}

const places: readonly Place[] = routes.flatMap(({ path: to, place }) => (place === undefined ? [] : { to, place }))
/** Those that are behind "More" where there is little room. */
const rest = places.filter(({ place }) => place.isInRest)

function PlaceLink({ to, place }: Place) {
  return (
    <a href={to} {...(isHere(to) ? { 'aria-current': 'page' } : {})} {...(place.isInRest ? { class: 'in-rest' } : {})}>
      <Icon name={place.icon} />
      <span>{place.name(words.value)}</span>
      <Waiting for={[{ to, place }]} />
    </a>
  )
}

/** How much waits in these places for the one who looks at them. */
function Waiting({ for: of }: { readonly for: readonly Place[] }) {
  const waits = of.reduce((sum, { place }) => sum + (place.waiting?.() ?? 0), 0)
  if (waits === 0) return null
  return (
    <b class="nav-count" title={words.value.shell.waiting(waits)}>
      <span class="unseen">{words.value.shell.waiting(waits)}</span>
      <span aria-hidden="true">{number(waits)}</span>
    </b>
  )
}

/** Whether a navigation link is the current one. The link of a page is also current on the pages below it; the overview's link only on the overview. */
const isHere = (to: string) =>
  to === '/' ? placeOf(path.value) === '/' : `${placeOf(path.value)}/`.startsWith(`${to}/`)

/** The outbox of a mailbox lies below its mail, and has a link of its own. */
const placeOf = (at: string) => (/^\/mail\/[^/]+\/outbox$/.test(at) ? '/outbox' : at)

function ThemeMenu() {
  const { shell } = words.value
  const icon = { system: 'system', light: 'sun', dark: 'moon' } as const
  return (
    <Menu
      label={shell.theme}
      icon={icon[theme.value]}
      entries={themes.map((each) => ({
        label: shell.themes[each],
        icon: icon[each],
        chosen: each === theme.value,
        onChoose: () => {
          theme.value = each
        },
      }))}
    />
  )
}

function LanguageMenu() {
  return (
    <Menu
      label={words.value.shell.language}
      icon="language"
      entries={(Object.keys(languages) as Language[]).map((each) => ({
        label: languages[each],
        chosen: each === language.value,
        onChoose: () => void attempt(async () => await speak(each)),
      }))}
    />
  )
}

/** Shows the page of this path, and loads it when it is first visited. Its heading takes the focus, so that a screen reader reads it. */
function CurrentPage() {
  const found = routeOf(path.value)
  const route = found?.route
  const loaded = useSignal<{ readonly route: typeof route; readonly Page: ComponentType<PageProps> } | undefined>(
    undefined,
  )
  const problem = useSignal<Problem | undefined>(undefined)
  const load = async () => {
    if (route === undefined) return
    problem.value = undefined
    try {
      const { default: Component } = await route.load()
      loaded.value = { route, Page: Component }
    } catch {
      // The API was away, or has another version now: then the chunks have other names.
      problem.value = { type: 'about:blank', title: '', status: 0, detail: '' }
    }
  }
  useEffect(() => void load(), [route])
  const { value: times } = reached
  useEffect(() => {
    if (problem.peek() !== undefined) void loadAgain(load, problem)
  }, [times, problem])
  const there = loaded.value?.route === route ? loaded.value : undefined
  const here = path.value
  const first = useSignal(true)
  useEffect(() => {
    if (there === undefined) return
    if (!first.value) document.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true })
    first.value = false
  }, [here, there, first])
  if (found === undefined) return <NoPage />
  if (problem.value !== undefined) return <ErrorState problem={problem.value} retry={() => void load()} />
  if (there === undefined) return <Skeleton lines={6} />
  return <there.Page key={here} params={found.params} />
}

/** Where a page was loaded anew, so that it is not loaded anew for ever. */
const anewAt = 'loaded anew'
const anewAfterMs = 60_000

/** The API is there again. Should it have another version now, its files have other names, and only the whole page can be loaded. */
async function loadAgain(load: () => Promise<void>, problem: { readonly value: Problem | undefined }): Promise<void> {
  await load()
  const lastMs = Number(sessionStorage.getItem(anewAt) ?? 0)
  if (problem.value === undefined || Date.now() - lastMs < anewAfterMs || isUnsaved()) return
  sessionStorage.setItem(anewAt, String(Date.now()))
  location.reload()
}

function NoPage() {
  const { shell } = words.value
  return (
    <Page title={shell.noPage}>
      <EmptyState icon="search" title={shell.noPageHint}>
        <a href="/">{shell.toOverview}</a>
      </EmptyState>
    </Page>
  )
}
