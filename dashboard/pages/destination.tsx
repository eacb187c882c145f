/** One destination: how a mail program reads it, how much is in it, and what feeds it. */
import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { call, get, problemOf } from '../client.ts'
import { Button } from '../components/button.tsx'
import { Copyable } from '../components/copyable.tsx'
import { Confirm, Dialog } from '../components/dialog.tsx'
import { FailureNote } from '../components/failure.tsx'
import { Field } from '../components/field.tsx'
import { Icon } from '../components/icon.tsx'
import { Menu } from '../components/menu.tsx'
import { destinationName } from '../components/new-mailbox.tsx'
import { Page, Section } from '../components/page.tsx'
import { EmptyState, ErrorState, Loaded, Skeleton } from '../components/states.tsx'
import { StatusBadge } from '../components/status-badge.tsx'
import { attempt, tell } from '../components/toast.tsx'
import { mistakeIn, Wrong } from '../components/wrong.tsx'
import { bytes, moment } from '../intl.ts'
import { type Resource, useResource } from '../resource.ts'
import { navigate } from '../router.ts'
import type { PageProps } from '../routes.ts'
import { may, ownerOf } from '../session.ts'
import type { Account, Connection, Destination, List, Problem, Usage } from '../shapes.ts'
import { words } from '../words/index.ts'
import { Condition } from './destinations.tsx'

const accountsShown = 50

export default function DestinationPage({ params: { id = '' } }: PageProps) {
  const { destinations: say } = words.value
  const back = { to: '/destinations', name: say.title }
  const destination = useResource(async (signal) => await get<Destination>(`/destinations/${id}`, signal), [id])
  const { value: loaded } = destination.now
  if (loaded.state === 'loading') return <Skeleton lines={8} />
  if (loaded.state === 'ready') return <Known destination={loaded.value} of={destination} back={back} />
  const isGone = loaded.problem.status === 404
  return (
    <Page title={isGone ? say.gone : say.title} back={back}>
      {isGone ? (
        <EmptyState icon="search" title={say.goneHint}>
          <a href="/destinations">{say.toAll}</a>
        </EmptyState>
      ) : (
        <ErrorState problem={loaded.problem} retry={() => destination.reload()} />
      )}
    </Page>
  )
}

function Known({
  destination,
  of,
  back,
}: {
  readonly destination: Destination
  readonly of: Resource<Destination>
  readonly back: { readonly to: string; readonly name: string }
}) {
  const { destinations: say, accounts: listWords } = words.value
  const { id, kind } = destination
  const open = useSignal<'password' | 'removal' | undefined>(undefined)
  const purge = useSignal(false)
  const close = () => {
    open.value = undefined
  }
  const accounts = useResource(
    async (signal) => await get<List<Account>>(`/accounts?destinationId=${id}&limit=${accountsShown}`, signal),
    [id],
  )
  const remove = async () => {
    const query = purge.value ? '?purge=true' : ''
    if (await attempt(async () => await call('DELETE', `/destinations/${id}${query}`), say.removed))
      navigate('/destinations')
  }
  const isAdmin = may('admin')
  return (
    <Page
      title={destinationName(destination)}
      back={back}
      lead={
        <span class="lead-line">
          <Condition destination={destination} />
          {say.kinds[kind]}
        </span>
      }
      actions={
        isAdmin && (
          <>
            <Button
              icon="edit"
              onClick={() => {
                open.value = 'password'
              }}
            >
              {say.changePassword}
            </Button>
            {ownerOf() === null && destination.accounts === 0 && (
              <Menu
                label={listWords.actionsOf(destinationName(destination))}
                icon="more"
                entries={[
                  {
                    label: say.remove,
                    icon: 'remove',
                    kind: 'danger',
                    onChoose: () => {
                      open.value = 'removal'
                    },
                  },
                ]}
              />
            )}
          </>
        )
      }
    >
      <div class="columns">
        <div class="columns-main">
          {destination.failure !== null && <FailureNote failure={destination.failure} />}
          <Connect destination={destination} />
          <Section
            title={say.fedBy}
            aside={
              isAdmin && (
                <a class="button plain" href={`/accounts/new?to=${id}`}>
                  {listWords.add}
                </a>
              )
            }
          >
            <Loaded of={accounts}>
              {({ items, next }) =>
                items.length === 0 ? (
                  <EmptyState icon="accounts" title={say.fedByNone}>
                    <p>{say.fedByNoneHint}</p>
                  </EmptyState>
                ) : (
                  <>
                    <ul class="rows">
                      {items.map(({ id: account, address, status, host }) => (
                        <li key={account}>
                          <div class="rows-name">
                            <a href={`/accounts/${account}`}>{address}</a>
                            <p class="quiet">{host}</p>
                          </div>
                          <StatusBadge status={status} />
                        </li>
                      ))}
                    </ul>
                    {next !== null && <p class="quiet">{say.fedByMore(items.length, destination.accounts)}</p>}
                  </>
                )
              }
            </Loaded>
          </Section>
        </div>
        <div class="columns-side">
          {kind === 'hosted' && <Mail id={id} />}
          <Section title={words.value.account.facts}>
            <dl class="facts">
              <div>
                <dt>{listWords.title}</dt>
                <dd>{destination.accounts}</dd>
              </div>
              <div>
                <dt>{words.value.account.since}</dt>
                <dd>{moment(destination.createdAt)}</dd>
              </div>
            </dl>
          </Section>
        </div>
      </div>
      {open.value === 'password' && (
        <NewPassword
          destination={destination}
          onClose={close}
          onDone={() => {
            close()
            of.reload()
          }}
        />
      )}
      {open.value === 'removal' && (
        <Confirm
          title={say.removeTitle(destinationName(destination))}
          action={say.remove}
          kind="danger"
          onConfirm={() => void remove()}
          onClose={close}
        >
          <p>{kind === 'hosted' ? say.removeHint : say.removeForeignHint}</p>
          {kind === 'hosted' && (
            <label class="check">
              <input
                type="checkbox"
                checked={purge.value}
                onChange={(event) => {
                  purge.value = event.currentTarget.checked
                }}
              />
              {say.purge}
            </label>
          )}
        </Confirm>
      )}
    </Page>
  )
}

/** What to enter into a mail program; and a file that enters it by itself. */
function Connect({ destination: { id, kind } }: { readonly destination: Destination }) {
  const { destinations: say, form } = words.value
  const connection = useResource(
    async (signal) => await get<Connection>(`/destinations/${id}/connection`, signal),
    [id],
  )
  return (
    <Section title={say.connect}>
      <Loaded of={connection} lines={4}>
        {({ login, servers: [best, ...others] }) => (
          <div class="fields">
            <p class="quiet">{kind === 'hosted' ? say.connectHint : say.connectForeignHint}</p>
            {best !== undefined && (
              <dl class="facts connect">
                <div>
                  <dt>{say.imapServer}</dt>
                  <dd>
                    <Copyable label={say.imapServer} text={best.host} />
                  </dd>
                </div>
                <div>
                  <dt>{form.port}</dt>
                  <dd>
                    <Copyable label={form.port} text={String(best.port)} />
                  </dd>
                </div>
                <div>
                  <dt>{form.tls}</dt>
                  <dd>{say.tls[best.tls]}</dd>
                </div>
                <div>
                  <dt>{form.user}</dt>
                  <dd>
                    <Copyable label={form.user} text={login} />
                  </dd>
                </div>
              </dl>
            )}
            {others.length > 0 && (
              <details class="by-hand">
                <summary>{say.others}</summary>
                <ul class="rows tight">
                  {others.map(({ protocol, host, port, tls }) => (
                    <li key={`${protocol} ${port}`}>
                      <span>
                        {protocol.toUpperCase()}, {say.tls[tls]}
                      </span>
                      <code>{`${host}:${port}`}</code>
                    </li>
                  ))}
                </ul>
              </details>
            )}
            {kind === 'hosted' && (
              <>
                <div class="form-do">
                  <a class="button plain" href={`/api/v1/destinations/${id}/mobileconfig`} download>
                    <Icon name="download" />
                    {say.mobileconfig}
                  </a>
                  <a class="button plain" href={`/api/v1/destinations/${id}/autoconfig`} download="config-v1.1.xml">
                    <Icon name="download" />
                    {say.autoconfig}
                  </a>
                </div>
                <p class="quiet small">{say.sendingHint}</p>
              </>
            )}
          </div>
        )}
      </Loaded>
    </Section>
  )
}

function Mail({ id }: { readonly id: string }) {
  const { destinations: say } = words.value
  const usage = useResource(async (signal) => await get<Usage>(`/destinations/${id}/usage`, signal), [id])
  return (
    <Section title={say.mail}>
      <Loaded of={usage}>
        {({ folders, messages, octets }) => (
          <>
            <p class="figure">{say.messages(messages)}</p>
            <p class="quiet">
              {say.folders(folders)}
              {octets !== null && octets > 0 && `, ${bytes(octets)}`}
            </p>
          </>
        )}
      </Loaded>
    </Section>
  )
}

function NewPassword({
  destination,
  onClose,
  onDone,
}: {
  readonly destination: Destination
  readonly onClose: () => void
  readonly onDone: () => void
}) {
  const { destinations: say, form, common } = words.value
  const id = useId()
  const password = useSignal('')
  const busy = useSignal(false)
  const problem = useSignal<Problem | undefined>(undefined)
  const submit = async () => {
    busy.value = true
    problem.value = undefined
    try {
      await call('PATCH', `/destinations/${destination.id}`, { password: password.value })
      tell(say.passwordChanged)
      onDone()
    } catch (error) {
      problem.value = problemOf(error)
    } finally {
      busy.value = false
    }
  }
  return (
    <Dialog
      title={say.passwordTitle(destinationName(destination))}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{common.cancel}</Button>
          <Button kind="main" type="submit" form={id} busy={busy.value}>
            {common.save}
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
          label={form.password}
          hint={destination.kind === 'hosted' ? say.passwordHint : say.passwordForeignHint}
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
      </form>
    </Dialog>
  )
}
