/** Where mail goes: mailboxes here, and those of other servers. */
import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { call, pages, problemOf } from '../client.ts'
import { Button } from '../components/button.tsx'
import { Dialog } from '../components/dialog.tsx'
import { Field } from '../components/field.tsx'
import { destinationName, MailboxFields, makeMailbox } from '../components/new-mailbox.tsx'
import { Options } from '../components/options.tsx'
import { Page } from '../components/page.tsx'
import { imapPorts, type Server, ServerFields } from '../components/server-fields.tsx'
import { EmptyState, Loaded } from '../components/states.tsx'
import { Badge } from '../components/status-badge.tsx'
import { type Column, Table } from '../components/table.tsx'
import { mistakeIn, Wrong } from '../components/wrong.tsx'
import { useResource } from '../resource.ts'
import { navigate } from '../router.ts'
import { may, ownerOf } from '../session.ts'
import type { Destination, Problem } from '../shapes.ts'
import { words } from '../words/index.ts'

export default function Destinations() {
  const { destinations: say } = words.value
  const adding = useSignal(false)
  const destinations = useResource(async (signal) => {
    const all: Destination[] = []
    for await (const page of pages<Destination>('/destinations', signal)) all.push(...page)
    return all
  }, [])
  const mayAdd = may('admin') && ownerOf() === null
  const add = (
    <Button
      kind="main"
      onClick={() => {
        adding.value = true
      }}
    >
      {say.add}
    </Button>
  )
  const columns: readonly Column<Destination>[] = [
    {
      key: 'name',
      title: say.name,
      cell: (destination) => (
        <div class="who">
          <a href={`/destinations/${destination.id}`}>{destinationName(destination)}</a>
          <span class="who-more">
            <Condition destination={destination} />
            {words.value.accounts.count(destination.accounts)}
          </span>
        </div>
      ),
    },
    { key: 'kind', title: say.kind, width: '14rem', wide: true, cell: ({ kind }) => say.kinds[kind] },
    {
      key: 'condition',
      title: words.value.accounts.status,
      width: '11rem',
      wide: true,
      cell: (destination) => <Condition destination={destination} />,
    },
    {
      key: 'accounts',
      title: words.value.accounts.title,
      width: '8rem',
      align: 'end',
      wide: true,
      cell: ({ accounts }) => accounts,
    },
  ]
  return (
    <Page title={say.title} lead={say.lead} actions={mayAdd && add}>
      <Loaded of={destinations} lines={6}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState icon="destination" title={say.none}>
              <p>{say.noneHint}</p>
            </EmptyState>
          ) : (
            <Table label={say.title} rows={all} keyOf={({ id }) => id} columns={columns} />
          )
        }
      </Loaded>
      {adding.value && (
        <NewDestination
          onClose={() => {
            adding.value = false
          }}
        />
      )}
    </Page>
  )
}

export function Condition({ destination: { status } }: { readonly destination: Destination }) {
  const { destinations: say } = words.value
  return status === 'ok' ? (
    <Badge tone="good" icon="check">
      {say.works}
    </Badge>
  ) : (
    <Badge tone="warning" icon="pause">
      {say.paused}
    </Badge>
  )
}

function NewDestination({ onClose }: { readonly onClose: () => void }) {
  const { destinations: say, form, common } = words.value
  const id = useId()
  const kind = useSignal<Destination['kind']>('hosted')
  const mailbox = useSignal({ login: '', password: '' })
  const server = useSignal<Server>({ host: '', port: String(imapPorts.implicit), tls: 'implicit', user: '' })
  const password = useSignal('')
  const busy = useSignal(false)
  const problem = useSignal<Problem | undefined>(undefined)
  const submit = async () => {
    busy.value = true
    problem.value = undefined
    try {
      const { host, port, tls, user } = server.value
      const foreign = { kind: 'imap', host: host.trim(), port: Number(port), tls, user: user.trim() }
      const made =
        kind.value === 'hosted'
          ? await makeMailbox(mailbox.value)
          : await call<Destination>('POST', '/destinations', { ...foreign, password: password.value })
      onClose()
      navigate(`/destinations/${made.id}`)
    } catch (error) {
      problem.value = problemOf(error)
    } finally {
      busy.value = false
    }
  }
  return (
    <Dialog
      title={say.add}
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
        <Options
          label={say.kind}
          value={kind.value}
          options={[
            { value: 'hosted', text: say.kinds.hosted, hint: say.kindHints.hosted },
            { value: 'imap', text: say.kinds.imap, hint: say.kindHints.imap },
          ]}
          onChoose={(value) => {
            kind.value = value
          }}
        />
        {kind.value === 'hosted' ? (
          <MailboxFields
            mailbox={mailbox.value}
            problem={problem.value}
            onChange={(changed) => {
              mailbox.value = changed
            }}
          />
        ) : (
          <>
            <ServerFields
              label={say.imapServer}
              server={server.value}
              ports={imapPorts}
              problem={problem.value}
              onChange={(changed) => {
                server.value = changed
              }}
            />
            <Field
              label={form.password}
              type="password"
              required
              autocomplete="new-password"
              value={password.value}
              error={mistakeIn(problem.value, 'password')}
              onInput={(value) => {
                password.value = value
              }}
            />
          </>
        )}
        <Wrong problem={problem.value} />
      </form>
    </Dialog>
  )
}
