/** The first visit: where mail goes, where it comes from, and it comes. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { call, get, problemOf } from '../client.ts'
import { Button } from '../components/button.tsx'
import { FailureNote } from '../components/failure.tsx'
import { Choice, Field } from '../components/field.tsx'
import { destinationName } from '../components/new-mailbox.tsx'
import { Page } from '../components/page.tsx'
import { EmptyState, Loaded } from '../components/states.tsx'
import { mistakeIn, Wrong } from '../components/wrong.tsx'
import { useResource } from '../resource.ts'
import { learn } from '../roster.ts'
import { navigate } from '../router.ts'
import { may } from '../session.ts'
import type { Account, Destination, Examination, List, NewAccount, Problem } from '../shapes.ts'
import { words } from '../words/index.ts'

const modes = ['implicit', 'starttls', 'none'] as const

export default function Welcome() {
  const { welcome: say } = words.value
  const destinations = useResource(
    async (signal) => (await get<List<Destination>>('/destinations?limit=500', signal)).items,
    [],
  )
  /** There was no destination, and one was made here. */
  const isFirst = useSignal(false)
  if (!may('admin'))
    return (
      <Page title={say.title}>
        <EmptyState icon="accounts" title={say.notAllowed}>
          <p>{say.notAllowedHint}</p>
        </EmptyState>
      </Page>
    )
  const { value: loaded } = destinations.now
  const isWelcome = isFirst.value || (loaded.state === 'ready' && loaded.value.length === 0)
  return (
    <Page title={isWelcome ? say.title : words.value.accounts.add} {...(isWelcome ? { lead: say.lead } : {})}>
      <Loaded of={destinations} lines={5}>
        {(all) =>
          all.length === 0 ? (
            <Mailbox
              onMade={(destination) => {
                isFirst.value = true
                destinations.set([destination])
              }}
            />
          ) : (
            <Source isFirst={isFirst.value} destinations={all} />
          )
        }
      </Loaded>
    </Page>
  )
}

function Mailbox({ onMade }: { readonly onMade: (destination: Destination) => void }) {
  const { welcome: say } = words.value
  const login = useSignal('')
  const password = useSignal('')
  const busy = useSignal(false)
  const problem = useSignal<Problem | undefined>(undefined)
  const submit = async () => {
    busy.value = true
    problem.value = undefined
    try {
      onMade(
        await call<Destination>('POST', '/destinations', {
          kind: 'hosted',
          login: login.value.trim(),
          password: password.value,
        }),
      )
    } catch (error) {
      problem.value = problemOf(error)
    } finally {
      busy.value = false
    }
  }
  return (
    <form
      class="step"
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      <p class="step-number">{say.stepOf(1, 2)}</p>
      <h2>{say.mailbox}</h2>
      <p class="quiet">{say.mailboxHint}</p>
      <Field
        label={say.login}
        hint={say.loginHint}
        required
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        maxLength={64}
        value={login.value}
        error={mistakeIn(problem.value, 'login')}
        onInput={(value) => {
          login.value = value
        }}
      />
      <Field
        label={say.password}
        type="password"
        required
        autocomplete="new-password"
        value={password.value}
        error={mistakeIn(problem.value, 'password')}
        onInput={(value) => {
          password.value = value
        }}
      />
      <Wrong problem={problem.value} />
      <Button kind="main" type="submit" busy={busy.value}>
        {say.next}
      </Button>
    </form>
  )
}

interface Candidate {
  readonly host: string
  readonly port: number
  readonly tls: Account['tls']
  readonly user: string
}

interface Server {
  readonly host: string
  /** As it is typed. */
  readonly port: string
  readonly tls: Account['tls']
  readonly user: string
}

/** Somebody has stopped typing. */
const typedMs = 600

function Source({
  isFirst,
  destinations,
}: {
  readonly isFirst: boolean
  readonly destinations: readonly Destination[]
}) {
  const { welcome: say, form } = words.value
  const address = useSignal('')
  const password = useSignal('')
  const destinationId = useSignal(destinations[0]?.id ?? '')
  const server = useSignal<Server>({ host: '', port: '995', tls: 'implicit', user: '' })
  /** What somebody has typed is not typed over. */
  const touched = useSignal(false)
  const found = useSignal<'nothing asked' | 'looking' | 'found' | 'not found'>('nothing asked')
  const busy = useSignal(false)
  const problem = useSignal<Problem | undefined>(undefined)
  const failure = useSignal<Examination['failure']>(null)

  useEffect(() => {
    if (touched.value || !/^[^@\s]+@[^@\s]+\.[^@\s]{2,}$/.test(address.value)) return
    const looking = new AbortController()
    const typed = address.value
    const timer = window.setTimeout(() => {
      found.value = 'looking'
      void look(typed, looking.signal).then((candidate) => {
        if (looking.signal.aborted) return
        found.value = candidate === undefined ? 'not found' : 'found'
        if (touched.value) return
        const { host = '', port = 995, tls = 'implicit', user = typed } = candidate ?? {}
        server.value = { host, port: String(port), tls, user }
      })
    }, typedMs)
    return () => {
      window.clearTimeout(timer)
      looking.abort()
    }
  }, [address.value, touched, found, server])

  const set = (part: Partial<Server>) => {
    touched.value = true
    server.value = { ...server.value, ...part }
  }
  const submit = async () => {
    busy.value = true
    problem.value = undefined
    failure.value = null
    const { host, port, tls, user } = server.value
    const body: NewAccount = {
      address: address.value.trim(),
      host: host.trim(),
      port: Number(port),
      tls,
      user: user.trim() === '' ? address.value.trim() : user.trim(),
      password: password.value,
      destinationId: destinationId.value,
    }
    try {
      const seen = await call<Examination>('POST', '/accounts/test', body)
      failure.value = seen.failure
      if (seen.ok) {
        const account = await call<Account>('POST', '/accounts', body)
        learn([account])
        navigate(`/accounts/${account.id}`)
      }
    } catch (error) {
      problem.value = problemOf(error)
    } finally {
      busy.value = false
    }
  }
  const goal = destinations.find(({ id }) => id === destinationId.value)
  const needsServer = touched.value || found.value === 'not found'

  return (
    <form
      class="step"
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      {isFirst && <p class="step-number">{say.stepOf(2, 2)}</p>}
      <h2>{say.account}</h2>
      <p class="quiet">{say.accountHint}</p>
      {destinations.length > 1 ? (
        <Choice
          label={form.destination}
          value={destinationId.value}
          options={destinations.map((destination) => ({ value: destination.id, text: destinationName(destination) }))}
          onChoose={(value) => {
            destinationId.value = value
          }}
        />
      ) : (
        goal && <p class="note good">{say.exists(destinationName(goal))}</p>
      )}
      <Field
        label={form.address}
        type="email"
        required
        autocomplete="email"
        value={address.value}
        error={mistakeIn(problem.value, 'address')}
        onInput={(value) => {
          address.value = value
        }}
      />
      <Field
        label={say.accountPassword}
        hint={say.accountPasswordHint}
        type="password"
        required
        autocomplete="off"
        value={password.value}
        error={mistakeIn(problem.value, 'password')}
        onInput={(value) => {
          password.value = value
        }}
      />
      <details class="server" open={needsServer}>
        <summary>{say.server}</summary>
        <p class="quiet" role="status">
          {found.value === 'looking'
            ? say.looking
            : found.value === 'found'
              ? say.found
              : found.value === 'not found'
                ? say.notFound
                : ''}
        </p>
        <div class="fields">
          <div class="fields-row server">
            <Field
              label={form.host}
              autocapitalize="none"
              spellcheck={false}
              value={server.value.host}
              error={mistakeIn(problem.value, 'host')}
              onInput={(host) => set({ host })}
            />
            <Field
              label={form.port}
              inputMode="numeric"
              value={server.value.port}
              error={mistakeIn(problem.value, 'port')}
              onInput={(port) => set({ port })}
            />
            <Choice
              label={form.tls}
              value={server.value.tls}
              options={modes.map((value) => ({ value, text: form.tlsModes[value] }))}
              onChoose={(tls) => set({ tls, port: tls === 'implicit' ? '995' : '110' })}
            />
          </div>
          <Field
            label={form.user}
            autocapitalize="none"
            spellcheck={false}
            placeholder={address.value}
            value={server.value.user}
            error={mistakeIn(problem.value, 'user')}
            onInput={(user) => set({ user })}
          />
        </div>
      </details>
      {failure.value !== null && (
        <div role="alert">
          <FailureNote failure={failure.value} />
        </div>
      )}
      <Wrong problem={problem.value} />
      <Button kind="main" type="submit" busy={busy.value}>
        {busy.value ? say.testing : say.start}
      </Button>
    </form>
  )
}

/** The settings that are most likely right; undefined: none were found, or nobody could be asked. */
async function look(address: string, signal: AbortSignal): Promise<Candidate | undefined> {
  try {
    const path = `/discover?address=${encodeURIComponent(address)}`
    return (await get<{ readonly candidates: readonly Candidate[] }>(path, signal)).candidates[0]
  } catch {
    return undefined
  }
}
