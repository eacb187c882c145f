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

import { composePath, draftPath, messagePath, placeWith } from './place.ts'
import { SentState } from './sent-state.tsx'

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
          isDraft={isIn(folders, loaded.value, 'drafts')}
          isSent={isIn(folders, loaded.value, 'sent')}
          onMark={(changed) => void mark(shown, loaded.value, changed)}
        />
      )
  }
}

function Opened({
  destination,
  message,
  isDraft,
  isSent,
  onMark,
}: {
  readonly destination: string
  readonly message: Message
  readonly isDraft: boolean
  readonly isSent: boolean
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
          {may('operate') && <Answers destination={destination} message={message} isDraft={isDraft} />}
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
        {isSent && message.messageId !== null && <SentState destination={destination} messageId={message.messageId} />}
        <Attachments destination={destination} message={message} />
      </header>
      <Body destination={destination} message={message} />
    </>
  )
}

function isIn({ now }: Shown['folders'], { folder }: Message, use: 'drafts' | 'sent'): boolean {
  const { value: loaded } = now
  return loaded.state === 'ready' && loaded.value.items.some((one) => one.path === folder && one.use === use)
}

function Answers({
  destination,
  message: { to, cc, replyTo, listPost },
  isDraft,
}: {
  readonly destination: string
  readonly message: Message
  readonly isDraft: boolean
}) {
  const { mail: say } = words.value
  if (isDraft)
    return (
      <a class="button main" href={draftPath(destination)}>
        <Icon name="edit" />
        {say.goOn}
      </a>
    )
  const isForMore = to.length + cc.length > 1 || replyTo.length > 1 || listPost !== null
  return (
    <>
      <a class="button main" href={composePath(destination, 'reply')}>
        <Icon name="answered" />
        {say.keys.reply}
      </a>
      {isForMore && (
        <a class="button plain" href={composePath(destination, 'all')}>
          <Icon name="replyAll" />
          {say.keys.replyAll}
        </a>
      )}
      {listPost !== null && (
        <a class="button plain" href={composePath(destination, 'list')}>
          <Icon name="answered" />
          {say.replyList}
        </a>
      )}
      <a class="button plain" href={composePath(destination, 'forward')}>
        <Icon name="forward" />
        {say.keys.forward}
      </a>
    </>
  )
}
