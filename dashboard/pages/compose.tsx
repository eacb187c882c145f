/** The page on which a message is written: a new one, an answer, or a draft. What is answered stands beside it where there is room. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { isAborted, problemOf } from '../client.ts'
import { Button, IconButton } from '../components/button.tsx'
import { Icon } from '../components/icon.tsx'
import { Page } from '../components/page.tsx'
import { EmptyState, ErrorState, Skeleton } from '../components/states.tsx'
import { useResource } from '../resource.ts'
import { ask, navigate, type PageProps, query } from '../router.ts'
import type { Message, Problem } from '../shapes.ts'
import { leave } from '../unsaved.ts'
import { words } from '../words/index.ts'
import { sending, useSendingWords } from '../words/sending.ts'
import { begun, type Desk, deskOf, kindIn } from './compose/beginning.ts'
import { WritingForm } from './compose/form.tsx'
import { useIsWide } from './compose/wide.ts'
import type { Writing } from './compose/writing.ts'
import { Attachments } from './mailbox/attachments.tsx'
import { Body } from './mailbox/body.tsx'
import { Envelope } from './mailbox/envelope.tsx'
import { inboxOf, messagePath, place } from './mailbox/place.ts'

export default function Compose({ params: { destination: id = '' } }: PageProps) {
  const hasWords = useSendingWords()
  return hasWords ? <Composing destination={id} /> : <Skeleton lines={8} />
}

interface Begun {
  readonly desk: Desk
  /** Undefined: nobody can send from here. */
  readonly writing: Writing | undefined
}

function Composing({ destination }: { readonly destination: string }) {
  const say = sending.value
  const there = useSignal<Begun | undefined>(undefined)
  const problem = useSignal<Problem | undefined>(undefined)
  const turn = useRef(new AbortController())
  const begin = async () => {
    const mine = (turn.current = new AbortController())
    problem.value = undefined
    try {
      const desk = await deskOf(destination, mine.signal)
      const writing = await begun(destination, query.peek(), desk, sending.peek(), mine.signal)
      if (mine.signal.aborted) writing?.end()
      else there.value = { desk, writing }
    } catch (error) {
      if (!mine.signal.aborted && !isAborted(error)) problem.value = problemOf(error)
    }
  }
  const end = () => {
    turn.current.abort()
    there.peek()?.writing?.end()
    there.value = undefined
  }
  useEffect(() => end, [])
  useAddress(there.value?.writing, () => {
    end()
    void begin()
  })
  const kind = kindIn(query.value)
  const title = say.titles[query.value.has('draft') && kind === undefined ? 'draft' : (kind ?? 'new')]
  const back = backTo(destination)
  const close = async () => {
    const { writing } = there.value ?? {}
    await writing?.save()
    // What could not be saved is asked about.
    leave(() => navigate(back))
  }
  const { value: now } = there
  return (
    <Page
      title={title}
      actions={
        <>
          {/* What is being written stays where it is. */}
          <a
            class="icon-button"
            href="/answering"
            target="_blank"
            rel="noreferrer"
            aria-label={say.help.link}
            title={say.help.link}
          >
            <Icon name="help" />
          </a>
          <IconButton icon="close" label={say.close} onClick={() => void close()} />
        </>
      }
    >
      {problem.value !== undefined ? (
        <ErrorState problem={problem.value} retry={() => void begin()} />
      ) : now === undefined ? (
        <Skeleton lines={8} />
      ) : now.writing === undefined ? (
        <EmptyState icon="sent" title={say.nobodySends}>
          <p>{say.nobodySendsHint}</p>
          <p>
            <a href="/answering">{say.help.link}</a>
          </p>
          <Button onClick={() => navigate('/accounts')}>{words.value.shell.accounts}</Button>
        </EmptyState>
      ) : (
        <div class="writer">
          <WritingForm of={now.writing} desk={now.desk} kind={kind} back={back} onClose={close} />
          {kind !== undefined && <Beside destination={destination} />}
        </div>
      )}
    </Page>
  )
}

function backTo(destination: string): string {
  const { folder, uid, uidValidity } = place.value
  const drafts = query.value.get('drafts')
  if (folder === '') return drafts === null ? inboxOf(destination) : folderPath(destination, { folder: drafts })
  return folderPath(destination, { folder, uid, uidValidity })
}

function folderPath(destination: string, asked: Readonly<Record<string, string>>): string {
  return `/mail/${destination}?${new URLSearchParams(Object.entries(asked).filter(([, value]) => value !== '')).toString()}`
}

/** Another address is another message. That of the present one names its draft once there is one, so that the page can be loaded anew. */
function useAddress(writing: Writing | undefined, begin: () => void): void {
  const of = useRef<string | undefined>(undefined)
  const state = writing?.state.value
  useEffect(() => {
    const draft = writing?.draft
    // Somebody may have gone on while it was saved.
    if (of.current !== query.peek().toString()) begin()
    else if (state === 'saved' && draft !== undefined) ask({ drafts: draft.folder, draft: String(draft.uid) })
    of.current = query.peek().toString()
  }, [query.value, state, writing])
}

/** The mail that is answered. */
function Beside({ destination }: { readonly destination: string }) {
  const isWide = useIsWide()
  return isWide ? <Original destination={destination} /> : null
}

function Original({ destination }: { readonly destination: string }) {
  const { account } = words.value
  const { value: loaded } = useResource<Message>(messagePath(destination)).now
  return (
    <aside class="writer-mail" aria-label={sending.value.answered}>
      {loaded.state === 'loading' && <Skeleton lines={8} />}
      {loaded.state === 'failed' && <ErrorState problem={loaded.problem} />}
      {loaded.state === 'ready' && (
        <>
          <header class="message-head">
            <h2>{loaded.value.subject || account.noSubject}</h2>
            <Envelope destination={destination} message={loaded.value} />
            <Attachments destination={destination} message={loaded.value} />
          </header>
          <Body destination={destination} message={loaded.value} />
        </>
      )}
    </aside>
  )
}
