/** The page on which a mailbox is read: its folders, the mail of one folder, and one message. What is moved or sorted, mail programs do. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { get } from '../client.ts'
import { IconButton } from '../components/button.tsx'
import { Icon } from '../components/icon.tsx'
import { Missing } from '../components/missing.tsx'
import { destinationName } from '../components/new-mailbox.tsx'
import { Page } from '../components/page.tsx'
import { EmptyState, ErrorState, Loaded } from '../components/states.tsx'
import { attempt } from '../components/toast.tsx'
import { onTold } from '../live.ts'
import { readSoon } from '../pace.ts'
import { type Resource, useResource } from '../resource.ts'
import { accounts } from '../roster.ts'
import { navigate, type PageProps } from '../router.ts'
import { may } from '../session.ts'
import type { Destination, Folders, Run } from '../shapes.ts'
import { words } from '../words/index.ts'
import { Finder } from './mailbox/finder.tsx'
import { folderName, FolderList } from './mailbox/folders.tsx'
import { KeysDialog, useKeys } from './mailbox/keys.tsx'
import { LetterList } from './mailbox/letters.tsx'
import { letterAt, type Listing, placeOf, useListing } from './mailbox/listing.ts'
import { OpenMessage } from './mailbox/message.tsx'
import { composePath, folder, messagesPath, place, placeWith } from './mailbox/place.ts'

/** How long after the end of a run the folder is read again, because the run may have brought mail. */
const askedAfterMs = 3000

export default function Mailbox({ params: { destination: id = '' } }: PageProps) {
  const { mail: say, destinations } = words.value
  const destination = useResource<Destination>(`/destinations/${id}`)
  const folders = useResource<Folders>(`/destinations/${id}/folders`)
  const letters = useListing(messagesPath(id), place.value.uid)
  const helps = useSignal(false)
  const reload = () => {
    folders.reload()
    letters.reload()
  }
  useMailThatComes(id, folders, letters)
  // Only somebody who asked is told that nobody answers.
  const look = async () => {
    folders.set(await get<Folders>(folders.path))
    letters.reload()
  }

  useKeys({
    step: (by) => step(letters, by),
    search: () => {
      const field = document.querySelector<HTMLInputElement>('.finder input[type=search]')
      field?.focus()
      field?.select()
    },
    help: () => {
      helps.value = true
    },
    ...(may('operate')
      ? {
          write: (kind: 'new' | 'reply' | 'all' | 'forward') => {
            if (kind === 'new') navigate(composePath(id))
            else if (place.value.uid !== '') navigate(composePath(id, kind))
          },
        }
      : {}),
    leave: () => {
      const { activeElement } = document
      if (activeElement instanceof HTMLInputElement) letters.point(letters.place ?? letters.top)
      else if (place.value.uid !== '') navigate(closed())
    },
  })

  const { value: loaded } = destination.now
  if (loaded.state !== 'ready')
    return <Missing of={destination} title={say.title} back={{ to: '/mail', name: say.title }} say={destinations} />
  const { value: found } = folders.now
  const { folder: chosen, uid } = place.value
  const here = found.state === 'ready' ? found.value.items.find(({ path }) => path === folder.value) : undefined
  const unread = found.state === 'ready' ? (found.value.items.find(({ use }) => use === 'inbox')?.unseen ?? 0) : 0
  const name = here === undefined ? folder.value : folderName(here)
  const close = closed()
  return (
    <Page
      title={destinationName(loaded.value)}
      unread={unread}
      actions={
        <>
          <a href={`/destinations/${id}`}>{destinations.connect}</a>
          {may('operate') && (
            <a class="button main" href={composePath(id)}>
              <Icon name="edit" />
              {say.keys.write}
            </a>
          )}
        </>
      }
    >
      {found.state === 'failed' ? (
        <ErrorState problem={found.problem} retry={reload} />
      ) : (
        <div class="reader" data-shows={uid !== '' ? 'message' : chosen !== '' ? 'letters' : 'folders'}>
          <nav class="reader-folders" aria-label={say.folders}>
            <Loaded of={folders} lines={5}>
              {({ items }) => <FolderList items={items} />}
            </Loaded>
            <a class="folder outbox-link" style={{ '--depth': 0 }} href={`/mail/${id}/outbox`}>
              <Icon name="up" />
              <span class="folder-name">{say.outbox}</span>
            </a>
          </nav>
          <section class="reader-letters" aria-label={name}>
            <header class="reader-head">
              <a class="reader-back to-folders" href={placeWith({ folder: '', search: '', unread: '' })}>
                ‹ {say.folders}
              </a>
              <h2>{name}</h2>
              <span class="quiet" aria-live="polite">
                {letters.now.value.state === 'ready' && say.count(letters.now.value.value.total)}
              </span>
              <span class="keys-button">
                <IconButton
                  icon="keys"
                  label={say.keys.title}
                  onClick={() => {
                    helps.value = true
                  }}
                />
              </span>
              <IconButton icon="refresh" label={say.look} onClick={() => void attempt(look)} />
              <Finder onDay={(day) => void attempt(async () => await letters.goToDay(day))} />
            </header>
            <Looked letters={letters} />
            <LetterList of={letters} />
          </section>
          <article class="reader-message" aria-label={say.message}>
            {uid === '' ? (
              <EmptyState icon="mail" title={say.chooseOne} />
            ) : (
              <>
                <a class="reader-back" href={close} aria-label={say.backTo(name)} title={say.backTo(name)}>
                  <span class="narrow-only">‹ {name}</span>
                  <Icon name="close" />
                </a>
                <OpenMessage key={`${folder.value} ${uid}`} destination={id} folders={folders} letters={letters} />
              </>
            )}
          </article>
        </div>
      )}
      {helps.value && (
        <KeysDialog
          onClose={() => {
            helps.value = false
          }}
        />
      )}
    </Page>
  )
}

const closed = () => placeWith({ uid: '', uidValidity: '' })

/** Opens the next message where one is open; else the next row has the focus. */
function step(letters: Listing, by: 1 | -1): void {
  const { value: loaded } = letters.now
  if (loaded.state !== 'ready') return
  const { uid } = place.value
  if (uid === '') {
    const at = letters.place === undefined ? letters.top : letters.place + by
    if (at >= 0 && at < loaded.value.total) letters.point(at)
    return
  }
  const at = placeOf(loaded.value, Number(uid))
  const next = at === undefined ? undefined : letterAt(loaded.value, at + by)
  if (next === undefined) return
  navigate(placeWith({ uid: String(next.uid), uidValidity: String(loaded.value.uidValidity) }), 'replace')
}

/** Says where the words were looked for. */
function Looked({ letters }: { readonly letters: Listing }) {
  const { value: loaded } = letters.now
  const searched = loaded.state === 'ready' ? loaded.value.searched : null
  return (
    <p class="looked" role="status">
      {searched !== null && words.value.mail.looked(searched)}
    </p>
  )
}

function useMailThatComes(destination: string, { again: folders }: Resource<Folders>, { again: letters }: Listing) {
  useEffect(() => {
    let soon: number | undefined
    const unsubscribe = onTold('run', (told) => {
      if (soon !== undefined || !told.some((run) => run.finishedAt !== null && run.stored > 0 && mayFeed(run))) return
      soon = window.setTimeout(() => {
        soon = undefined
        readSoon(letters)
        readSoon(folders)
      }, askedAfterMs)
    })
    const mayFeed = ({ accountId }: Run) =>
      [undefined, destination].includes(accounts.value.get(accountId)?.destinationId)
    return () => {
      window.clearTimeout(soon)
      unsubscribe()
    }
  }, [destination, folders, letters])
}
