/** The form of a message: who, what, its files, and the ways out: send, send later, keep as a draft, throw away. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { mistakeIn } from '../../draft.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { Confirm } from '../../components/dialog.tsx'
import { Icon } from '../../components/icon.tsx'
import { ProgressBar } from '../../components/progress-bar.tsx'
import { sentenceOf } from '../../components/states.tsx'
import { tell } from '../../components/toast.tsx'
import { call } from '../../client.ts'
import { navigate } from '../../router.ts'
import { sending } from '../../words/sending.ts'
import type { AnswerKind } from './answers.ts'
import { AttachedFiles } from './attached.tsx'
import { type Desk, messagePathOf } from './beginning.ts'
import { LaterDialog } from './later.tsx'
import { PeopleField } from './people-field.tsx'
import { filesIn } from './attaching.ts'
import { withHtmlSignature } from './html.ts'
import { signatureLines, withSignature } from './quoting.ts'
import { type Doubt, doubtOf, type Hindrance, hindranceOf } from './doubts.ts'
import { From, Subject } from './rows.tsx'
import { sendNow } from './sending.ts'
import { TextField } from './text-field.tsx'
import { type PeopleField as People, peopleFields } from './wire.ts'
import type { DraftState, Writing } from './writing.ts'

export function WritingForm({
  of: writing,
  desk,
  kind,
  back,
  onClose,
}: {
  readonly of: Writing
  readonly desk: Desk
  readonly kind: AnswerKind | undefined
  readonly back: string
  readonly onClose: () => Promise<void>
}) {
  const say = sending.value
  const { value: values } = writing.values
  const { value: problem } = writing.problem
  const form = useRef<HTMLFormElement>(null)
  const files = useRef<HTMLInputElement>(null)
  const shown = useSignal<ReadonlySet<People>>(
    new Set(peopleFields.filter((field) => field === 'to' || values[field].length > 0)),
  )
  const hindrance = useSignal<Hindrance | undefined>(undefined)
  const asked = useRef(new Set<Doubt>())
  const doubt = useSignal<{ readonly of: Doubt; readonly laterMs: number | undefined } | undefined>(undefined)
  const dialog = useSignal<'later' | 'discard' | undefined>(undefined)
  const isOver = useSignal(false)
  const { value: going } = writing.going

  const send = async (laterMs?: number) => {
    if (writing.going.peek() !== undefined) return
    // What is typed in a field of people becomes a chip when it is left.
    if (document.activeElement instanceof HTMLInputElement) document.activeElement.blur()
    const { value: what } = writing.values
    hindrance.value = hindranceOf(what)
    if (hindrance.value !== undefined) {
      const wrong = form.current?.querySelector<HTMLElement>('.people-field:has(.wrong) input, .people-field input')
      if (hindrance.value !== 'still reading') wrong?.focus()
      return
    }
    const doubted = doubtOf(what, asked.current)
    if (doubted !== undefined) {
      doubt.value = { of: doubted, laterMs }
      return
    }
    if (await sendNow(writing, laterMs)) navigate(back)
    else form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus()
  }
  const attach = (list: readonly File[]) => {
    if (list.length === 0) return false
    writing.attach(list)
    return true
  }
  const discard = async () => {
    const { draft } = writing
    writing.end()
    if (draft !== undefined)
      await call('DELETE', messagePathOf(writing.destination, draft).replace('/messages/', '/drafts/')).catch(() =>
        tell(say.draftStays, 'bad'),
      )
    navigate(back)
  }
  const identify = (identity: string) => {
    const [was, is] = [values.identity, identity].map((one) => desk.signatures.get(one) ?? '')
    const place = kind === undefined ? 'end' : 'before the quote'
    if (values.format === 'html') {
      const [before, after] = [was ?? '', is ?? ''].map((one) => signatureLines(one, place)) as [string, string]
      const html = withHtmlSignature(values.html, before, after, place === 'end')
      writing.set({ identity, ...(html === undefined ? {} : { html }) })
      if (html !== undefined) writing.textTurn.value += 1
      return
    }
    const text = withSignature(values.text, was ?? '', is ?? '', place)
    writing.set({ identity, ...(text === undefined ? {} : { text }) })
  }
  const errorOf = (field: People) =>
    field === 'to' && hindrance.value === 'nobody' ? say.nobody : mistakeIn(problem, field)?.text
  const isNamed = problem?.errors?.some(({ pointer }) => /^\/(?:to|cc|bcc|subject|identity)\b/.test(pointer)) === true

  return (
    <form
      ref={form}
      class={`writer-form${isOver.value ? ' over' : ''}`}
      aria-busy={going !== undefined}
      onSubmit={(event) => {
        event.preventDefault()
        void send()
      }}
      onKeyDown={(event) => {
        if (event.isComposing) return
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
          event.preventDefault()
          void send()
        } else if (event.key === 'Escape' && document.querySelector('dialog[open]') === null) {
          event.preventDefault()
          void onClose()
        }
      }}
      onDragOver={(event) => {
        if (event.dataTransfer?.types.includes('Files') !== true) return
        event.preventDefault()
        isOver.value = true
      }}
      onDragLeave={(event) => {
        if (!(event.relatedTarget instanceof Node) || !event.currentTarget.contains(event.relatedTarget))
          isOver.value = false
      }}
      onDrop={(event) => {
        isOver.value = false
        if (attach(filesIn(event.dataTransfer))) event.preventDefault()
      }}
      onPaste={(event) => {
        if (attach(filesIn(event.clipboardData))) event.preventDefault()
      }}
    >
      <div class="writer-fields">
        <From desk={desk} value={values.identity} error={mistakeIn(problem, 'identity')?.text} onChange={identify} />
        {peopleFields
          .filter((field) => shown.value.has(field))
          .map((field) => (
            <PeopleField
              key={field}
              label={say[field]}
              people={values[field]}
              error={errorOf(field)}
              hasFocus={field === 'to' ? values.to.length === 0 : values[field].length === 0}
              onChange={(people) => {
                hindrance.value = undefined
                writing.set({ [field]: people })
              }}
            />
          ))}
        {shown.value.size < peopleFields.length && (
          <div class="writer-more">
            {peopleFields
              .filter((field) => !shown.value.has(field))
              .map((field) => (
                <button
                  key={field}
                  type="button"
                  class="text-button"
                  aria-label={say.addField(say[field])}
                  onClick={() => {
                    shown.value = new Set([...shown.value, field])
                  }}
                >
                  {say[field]}
                </button>
              ))}
          </div>
        )}
        <Subject of={writing} error={mistakeIn(problem, 'subject')?.text} />
      </div>
      <TextField of={writing} hasFocus={values.to.length > 0 && kind !== 'forward'} />
      <footer class="writer-bottom">
        <AttachedFiles of={writing} />
        {problem !== undefined && !isNamed && (
          <p class="note bad" role="alert">
            {sentenceOf(problem)}
          </p>
        )}
        {hindrance.value === 'still reading' && (
          <p class="note" role="alert">
            {say.stillReading}
          </p>
        )}
        {going !== undefined && (
          <ProgressBar label={say.goingOut} {...(going.all === 0 ? {} : { value: going.sent, max: going.all })} />
        )}
        <div class="writer-do">
          <Button kind="main" type="submit" icon="sent" busy={going !== undefined}>
            {say.send}
          </Button>
          <IconButton
            icon="clock"
            label={say.later}
            onClick={() => {
              dialog.value = 'later'
            }}
          />
          <IconButton icon="clip" label={say.attach} onClick={() => files.current?.click()} />
          <input
            ref={files}
            type="file"
            multiple
            hidden
            tabIndex={-1}
            aria-hidden="true"
            onChange={({ currentTarget }) => {
              attach([...(currentTarget.files ?? [])])
              currentTarget.value = ''
            }}
          />
          <Saved state={writing.state.value} onSave={() => void writing.save()} />
          <IconButton
            icon="remove"
            label={say.discard}
            onClick={() => {
              if (writing.state.peek() === 'untouched' && writing.draft === undefined) void discard()
              else dialog.value = 'discard'
            }}
          />
        </div>
      </footer>
      {doubt.value !== undefined && (
        <Confirm
          title={say.doubts[doubt.value.of].title}
          action={say.sendAnyway}
          stay={say.doubts[doubt.value.of].stay}
          onConfirm={() => {
            const { of: doubted, laterMs } = doubt.value ?? {}
            if (doubted !== undefined) asked.current.add(doubted)
            // The dialog closes first.
            window.setTimeout(() => void send(laterMs))
          }}
          onClose={() => {
            doubt.value = undefined
          }}
        >
          <p>{say.doubts[doubt.value.of].hint}</p>
        </Confirm>
      )}
      {dialog.value === 'later' && (
        <LaterDialog
          onChoose={(atMs) => void send(atMs)}
          onClose={() => {
            dialog.value = undefined
          }}
        />
      )}
      {dialog.value === 'discard' && (
        <Confirm
          title={say.discardTitle}
          action={say.discardDo}
          kind="danger"
          onConfirm={() => void discard()}
          onClose={() => {
            dialog.value = undefined
          }}
        >
          <p>{say.discardHint}</p>
        </Confirm>
      )}
    </form>
  )
}

function Saved({ state, onSave }: { readonly state: DraftState; readonly onSave: () => void }) {
  const say = sending.value
  const told = useSignal<DraftState>(state)
  useEffect(() => {
    // Whoever types on need not read each change.
    if (state !== 'changed') told.value = state
  }, [state])
  return (
    <span class="writer-saved quiet" role="status">
      {told.value === 'failed' ? (
        <>
          <Icon name="warning" /> {say.notSaved}{' '}
          <button type="button" class="text-button" onClick={onSave}>
            {say.saveAgain}
          </button>
        </>
      ) : (
        say.saved[told.value]
      )}
    </span>
  )
}
