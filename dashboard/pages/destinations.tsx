/** The page of all destinations: mailboxes here, and mailboxes on other servers. */
import { everyOne } from '../client.ts'
import { DialogButton } from '../components/dialog.tsx'
import { Marks } from '../components/marks.tsx'
import { destinationName } from '../components/new-mailbox.tsx'
import { Page } from '../components/page.tsx'
import { EmptyState, Loaded } from '../components/states.tsx'
import { DestinationBadge } from '../components/status-badge.tsx'
import { type Column, Table } from '../components/table.tsx'
import { useResource } from '../resource.ts'
import { may, ownerOf } from '../session.ts'
import { number } from '../intl.ts'
import type { Destination } from '../shapes.ts'
import { words } from '../words/index.ts'
import { NewDestination } from './destination/new-destination.tsx'
import { inboxOf } from './mailbox/place.ts'

export default function Destinations() {
  const { destinations: say } = words.value
  const destinations = useResource('/destinations', everyOne<Destination>)
  const columns: readonly Column<Destination>[] = [
    {
      key: 'name',
      title: say.name,
      cell: (destination) => (
        <div class="who">
          <a href={`/destinations/${destination.id}`}>{destinationName(destination)}</a>
          <span class="who-under">
            <span class="who-provider" title={say.kinds[destination.kind]}>
              {say.kinds[destination.kind]}
            </span>
            {destination.kind === 'imap' && <Marks of={destination} />}
          </span>
          <span class="who-more">
            <DestinationBadge status={destination.status} />
            {words.value.accounts.count(destination.accounts)}
          </span>
        </div>
      ),
    },
    {
      key: 'condition',
      title: words.value.accounts.status,
      width: '11rem',
      wide: true,
      cell: ({ status }) => <DestinationBadge status={status} />,
    },
    {
      key: 'accounts',
      title: words.value.accounts.title,
      width: '8rem',
      align: 'end',
      wide: true,
      roomy: true,
      cell: ({ accounts }) => number(accounts),
    },
    {
      key: 'read',
      title: words.value.mail.read,
      width: '8.5rem',
      align: 'end',
      bare: true,
      cell: (destination) => (
        <a href={inboxOf(destination.id)} aria-label={words.value.mail.readOf(destinationName(destination))}>
          {words.value.mail.read}
        </a>
      ),
    },
  ]
  return (
    <Page
      title={say.title}
      lead={say.lead}
      actions={
        may('admin') &&
        ownerOf() === null && (
          <DialogButton kind="main" dialog={(close) => <NewDestination onClose={close} />}>
            {say.add}
          </DialogButton>
        )
      }
    >
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
    </Page>
  )
}
