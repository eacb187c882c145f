/** Settings: how the page looks and speaks, and who is let in. */
import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { call, get, problemOf } from '../client.ts'
import { Button } from '../components/button.tsx'
import { Confirm, Dialog } from '../components/dialog.tsx'
import { Choice, Field } from '../components/field.tsx'
import { destinationName } from '../components/new-mailbox.tsx'
import { Options } from '../components/options.tsx'
import { Section } from '../components/page.tsx'
import { RelativeTime } from '../components/relative-time.tsx'
import { SecretOnce } from '../components/secret-once.tsx'
import { SettingsFrame } from '../components/settings-frame.tsx'
import { Loaded } from '../components/states.tsx'
import { attempt, tell } from '../components/toast.tsx'
import { mistakeIn, Wrong } from '../components/wrong.tsx'
import { moment } from '../intl.ts'
import { useResource } from '../resource.ts'
import { may, ownerOf } from '../session.ts'
import type { Destination, List, MadeToken, Problem, Session, Token } from '../shapes.ts'
import { theme, themes } from '../theme.ts'
import { type Language, language, languages, speak, words } from '../words/index.ts'

export default function Settings() {
  const { settings: say, shell } = words.value
  const mayLetIn = may('admin') && ownerOf() === null
  return (
    <SettingsFrame>
      <Section title={say.page}>
        <div class="fields-row">
          <Choice
            label={shell.language}
            value={language.value}
            options={(Object.keys(languages) as Language[]).map((value) => ({ value, text: languages[value] }))}
            onChoose={(value) => void attempt(async () => await speak(value))}
          />
          <Choice
            label={shell.theme}
            value={theme.value}
            options={themes.map((value) => ({ value, text: shell.themes[value] }))}
            onChoose={(value) => {
              theme.value = value
            }}
          />
        </div>
      </Section>
      {mayLetIn && (
        <>
          <Tokens />
          <AdminPassword />
        </>
      )}
    </SettingsFrame>
  )
}

function AdminPassword() {
  const { settings: say, form, common } = words.value
  const password = useSignal('')
  const busy = useSignal(false)
  const problem = useSignal<Problem | undefined>(undefined)
  const submit = async () => {
    busy.value = true
    problem.value = undefined
    try {
      await call('PUT', '/session/password', { password: password.value })
      password.value = ''
      tell(say.passwordSet)
    } catch (error) {
      problem.value = problemOf(error)
    } finally {
      busy.value = false
    }
  }
  return (
    <Section title={say.adminPassword}>
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <p class="quiet">{say.adminPasswordHint}</p>
        <Field
          label={form.password}
          hint={say.adminPasswordLength}
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
        <div class="form-do">
          <Button type="submit" busy={busy.value}>
            {common.save}
          </Button>
        </div>
      </form>
    </Section>
  )
}

function Tokens() {
  const { settings: say, common } = words.value
  const open = useSignal<'new' | { readonly remove: Token } | { readonly made: MadeToken } | undefined>(undefined)
  const close = () => {
    open.value = undefined
  }
  const tokens = useResource(async (signal) => await get<List<Token>>('/tokens?limit=100', signal), [])
  const destinations = useResource(
    async (signal) => (await get<List<Destination>>('/destinations?limit=500', signal)).items,
    [],
  )
  const known = destinations.now.value.state === 'ready' ? destinations.now.value.value : []
  const forWhom = ({ destinationId }: Token) => {
    if (destinationId === null) return say.forAll
    const destination = known.find(({ id }) => id === destinationId)
    return say.forOne(destination === undefined ? destinationId : destinationName(destination))
  }
  const more = async ({ items, next }: List<Token>) => {
    const list = await get<List<Token>>(`/tokens?limit=100&cursor=${next ?? ''}`)
    tokens.set({ items: [...items, ...list.items], next: list.next })
  }
  const revoke = async ({ id }: Token) => {
    await attempt(async () => await call('DELETE', `/tokens/${id}`), say.revoked)
    tokens.reload()
  }
  return (
    <Section
      title={say.tokens}
      aside={
        <Button
          onClick={() => {
            open.value = 'new'
          }}
        >
          {say.newToken}
        </Button>
      }
    >
      <p class="quiet lead">{say.tokensHint}</p>
      <Loaded of={tokens}>
        {(list) =>
          list.items.length === 0 ? (
            <p class="quiet">{say.noTokens}</p>
          ) : (
            <>
              <ul class="rows">
                {list.items.map((token) => (
                  <li key={token.id}>
                    <div class="rows-name">
                      <b>{token.name}</b>
                      <p class="facts-line">
                        <span>{token.scopes.map((scope) => say.scopes[scope].text).join(', ')}</span>
                        <span>{forWhom(token)}</span>
                        <span>
                          {token.lastUsedAt === null ? (
                            say.neverUsed
                          ) : (
                            <>
                              {say.lastUsed} <RelativeTime at={token.lastUsedAt} />
                            </>
                          )}
                        </span>
                        <span>{token.expiresAt === null ? say.noEnd : say.until(moment(token.expiresAt))}</span>
                      </p>
                    </div>
                    <Button
                      onClick={() => {
                        open.value = { remove: token }
                      }}
                    >
                      {say.revoke}
                    </Button>
                  </li>
                ))}
              </ul>
              {list.next !== null && (
                <Button onClick={() => void attempt(async () => await more(list))}>{common.showMore}</Button>
              )}
            </>
          )
        }
      </Loaded>
      {open.value === 'new' && (
        <NewToken
          destinations={known}
          onClose={close}
          onMade={(made) => {
            open.value = { made }
            tokens.reload()
          }}
        />
      )}
      {typeof open.value === 'object' && 'made' in open.value && (
        <SecretOnce title={open.value.made.name} label={say.token} secret={open.value.made.token} onClose={close} />
      )}
      {typeof open.value === 'object' && 'remove' in open.value && (
        <Revocation token={open.value.remove} onClose={close} onConfirm={revoke} />
      )}
    </Section>
  )
}

function Revocation({
  token,
  onClose,
  onConfirm,
}: {
  readonly token: Token
  readonly onClose: () => void
  readonly onConfirm: (token: Token) => Promise<void>
}) {
  const { settings: say } = words.value
  return (
    <Confirm
      title={say.revokeTitle(token.name)}
      action={say.revoke}
      kind="danger"
      onConfirm={() => void onConfirm(token)}
      onClose={onClose}
    >
      <p>{say.revokeHint}</p>
    </Confirm>
  )
}

const scopes = ['read', 'operate', 'admin'] as const satisfies readonly Session['scope'][]
/** In days; empty: it does not end. */
const ends = ['30', '90', '365', ''] as const
const dayMs = 86_400_000

function NewToken({
  destinations,
  onClose,
  onMade,
}: {
  readonly destinations: readonly Destination[]
  readonly onClose: () => void
  readonly onMade: (made: MadeToken) => void
}) {
  const { settings: say, common } = words.value
  const id = useId()
  const name = useSignal('')
  const scope = useSignal<Session['scope']>('read')
  const destinationId = useSignal('')
  const end = useSignal<(typeof ends)[number]>('365')
  const busy = useSignal(false)
  const problem = useSignal<Problem | undefined>(undefined)
  const submit = async () => {
    busy.value = true
    problem.value = undefined
    const expiresAt = end.value === '' ? null : new Date(Date.now() + Number(end.value) * dayMs).toISOString()
    const destination = destinationId.value === '' ? null : destinationId.value
    const body = { name: name.value.trim(), scopes: [scope.value], destinationId: destination, expiresAt }
    try {
      onMade(await call<MadeToken>('POST', '/tokens', body))
    } catch (error) {
      problem.value = problemOf(error)
    } finally {
      busy.value = false
    }
  }
  return (
    <Dialog
      title={say.newToken}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{common.cancel}</Button>
          <Button kind="main" type="submit" form={id} busy={busy.value}>
            {say.make}
          </Button>
        </>
      }
    >
      <form
        id={id}
        class="fields"
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <Field
          label={say.name}
          hint={say.tokenNameHint}
          required
          autocomplete="off"
          maxLength={100}
          value={name.value}
          error={mistakeIn(problem.value, 'name')}
          onInput={(value) => {
            name.value = value
          }}
        />
        <Options
          label={say.mayDo}
          value={scope.value}
          options={scopes.map((value) => ({ value, ...say.scopes[value] }))}
          onChoose={(value) => {
            scope.value = value
          }}
        />
        <div class="fields-row">
          <Choice
            label={say.reach}
            value={destinationId.value}
            options={[
              { value: '', text: say.forAll },
              ...destinations.map((destination) => ({
                value: destination.id,
                text: say.forOne(destinationName(destination)),
              })),
            ]}
            onChoose={(value) => {
              destinationId.value = value
            }}
          />
          <Choice
            label={say.ends}
            value={end.value}
            options={ends.map((value) => ({ value, text: value === '' ? say.noEnd : say.afterDays(Number(value)) }))}
            onChoose={(value) => {
              end.value = value
            }}
          />
        </div>
        <Wrong problem={problem.value} />
      </form>
    </Dialog>
  )
}
