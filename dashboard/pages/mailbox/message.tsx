/** Shows one message. Showing it marks it as read, for every mail program as well. */
import { useEffect, useRef } from 'preact/hooks'
import { Button } from '../../components/button.tsx'
import { Icon } from '../../components/icon.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../components/states.tsx'
import { useResource } from '../../resource.ts'
import { navigate } from '../../router.ts'
import { may } from '../../session.ts'
import type { Message } from '../../shapes.ts'
import { useWindowTitle } from '../../window-title.ts'
import { words } from '../../words/index.ts'
import { Attachments } from './attachments.tsx'
import { Body } from './body.tsx'
import { Envelope } from './envelope.tsx'
import { mark, type Marks, type Shown } from './marks.ts'
import { messagePath, placeWith } from './place.ts'

export function OpenMessage({
  destination,
  folders,
  letters,
}: Omit<Shown, 'message'> & { readonly destination: string }) {
  const { mail: say } = words.value
  const message = useResource<Message>(messagePath(destination))
  const shown = { folders, letters, message }
  const { value: loaded } = message.now
  // An answer that comes later would be older than the marks set here.
  const isThere = loaded.state === 'ready' && [folders, letters].every(({ now }) => now.value.state !== 'loading')
  const wasRead = useRef(false)
  useEffect(() => {
    if (loaded.state !== 'ready' || !isThere || wasRead.current) return
    wasRead.current = true
    if (!loaded.value.seen && may('operate')) void mark(shown, loaded.value, { seen: true })
  }, [isThere])
  switch (loaded.state) {
    case 'loading':
      return <Skeleton lines={8} />
    case 'failed':
      return loaded.problem.status === 404 || loaded.problem.status === 409 ? (
        <EmptyState icon="search" title={say.gone}>
          <p>{say.goneHint}</p>
          <Button
            icon="refresh"
            onClick={() => {
              letters.reload()
              folders.reload()
              navigate(placeWith({ uid: '', uidValidity: '' }), 'replace')
            }}
          >
            {say.lookAgain}
          </Button>
        </EmptyState>
      ) : (
        <ErrorState problem={loaded.problem} retry={() => message.reload()} />
      )
    case 'ready':
      return (
        <Opened
          destination={destination}
          message={loaded.value}
          onMark={(changed) => void mark(shown, loaded.value, changed)}
        />
      )
  }
}

function Opened({
  destination,
  message,
  onMark,
}: {
  readonly destination: string
  readonly message: Message
  readonly onMark: (changed: Partial<Marks>) => void
}) {
  const { mail: say, account } = words.value
  const { uid, subject, seen, flagged } = message
  const title = subject || account.noSubject
  useWindowTitle(title)
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus({ preventScroll: true }), [])
  return (
    <>
      <header class="message-head">
        <h2 ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <Envelope destination={destination} message={message} />
        <div class="message-do">
          {may('operate') && (
            <>
              <Button icon="flag" onClick={() => onMark({ flagged: !flagged })}>
                {flagged ? say.unflag : say.flag}
              </Button>
              <Button icon={seen ? 'accounts' : 'mail'} onClick={() => onMark({ seen: !seen })}>
                {seen ? say.markUnread : say.markRead}
              </Button>
            </>
          )}
          <a
            class="button plain"
            href={`/api/v1${messagePath(destination, '/source')}`}
            download={`${uid}.eml`}
            aria-label={say.downloadOriginal}
          >
            <Icon name="download" />
            {say.original}
          </a>
        </div>
        <Attachments destination={destination} message={message} />
      </header>
      <Body destination={destination} message={message} />
    </>
  )
}
