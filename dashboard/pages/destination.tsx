/** The page of one destination: how a mail program reads it, how much mail it holds, and which accounts feed it. */
import { FailureNote } from '../components/failure.tsx'
import { Icon } from '../components/icon.tsx'
import { Missing } from '../components/missing.tsx'
import { WeakLine } from '../components/line-fields.tsx'
import { destinationName } from '../components/new-mailbox.tsx'
import { Page, Section } from '../components/page.tsx'
import { SignInPanel, signInOf } from '../components/sign-in/panel.tsx'
import { DestinationBadge } from '../components/status-badge.tsx'
import { bytes, moment } from '../intl.ts'
import { useResource } from '../resource.ts'
import type { PageProps } from '../router.ts'
import type { Destination } from '../shapes.ts'
import { words } from '../words/index.ts'
import { Actions } from './destination/actions.tsx'
import { Connect } from './destination/connect.tsx'
import { Feeders } from './destination/feeders.tsx'
import { Mail } from './destination/mail.tsx'
import { inboxOf } from './mailbox/place.ts'

export default function DestinationPage({ params: { id = '' } }: PageProps) {
  const { destinations: say, accounts: listWords, account: accountWords, mail } = words.value
  const asked = useResource<Destination>(`/destinations/${id}`)
  const back = { to: '/destinations', name: say.title }
  const { value: loaded } = asked.now
  if (loaded.state !== 'ready') return <Missing of={asked} title={say.title} back={back} say={say} />
  const { value: destination } = loaded
  const oauth = signInOf(destination)
  const { kind, status, failure, importBytesPerHour } = destination
  return (
    <Page
      title={destinationName(destination)}
      back={back}
      lead={
        <span class="lead-line">
          <DestinationBadge status={status} />
          {say.kinds[kind]}
        </span>
      }
      actions={
        <>
          <a class="button main" href={inboxOf(id)}>
            <Icon name="mail" />
            {mail.read}
          </a>
          <Actions destination={destination} onChanged={() => asked.reload()} />
        </>
      }
    >
      <div class="columns">
        <div class="columns-main">
          {failure !== null && <FailureNote failure={failure} />}
          {oauth !== null && (
            <SignInPanel
              path={`/destinations/${id}`}
              name={destinationName(destination)}
              oauth={oauth}
              onChanged={() => asked.reload()}
            />
          )}
          {destination.kind === 'imap' && <WeakLine of={destination} />}
          <Connect destination={destination} />
          <Feeders destination={destination} />
        </div>
        <div class="columns-side">
          {kind === 'hosted' && <Mail id={id} />}
          <Section title={accountWords.facts}>
            <dl class="facts">
              <div>
                <dt>{listWords.title}</dt>
                <dd>{destination.accounts}</dd>
              </div>
              <div>
                <dt>{accountWords.firstImport}</dt>
                <dd>
                  {importBytesPerHour === null
                    ? accountWords.importFree
                    : accountWords.importAtMost(bytes(importBytesPerHour))}
                </dd>
              </div>
              <div>
                <dt>{accountWords.since}</dt>
                <dd>{moment(destination.createdAt)}</dd>
              </div>
            </dl>
          </Section>
        </div>
      </div>
    </Page>
  )
}
