/** A form that is sent as a whole, and that shows what the API says is wrong with it. It also exists as a dialog. */
import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import type { Draft } from '../draft.ts'
import { problemTold } from '../mistakes.ts'
import { leave } from '../unsaved.ts'
import { words } from '../words/index.ts'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { InWords } from './in-words.tsx'

export function Form({
  draft,
  class: look = 'fields',
  children,
  ...rest
}: {
  readonly draft: Draft<object>
  readonly class?: string
  readonly id?: string
  readonly children: ComponentChildren
}) {
  return (
    <form
      {...rest}
      class={look}
      onSubmit={(event) => {
        event.preventDefault()
        void draft.send()
      }}
    >
      {children}
    </form>
  )
}

export function Wrong({ draft: { problem, elsewhere } }: { readonly draft: Draft<object> }) {
  return problem === undefined ? null : (
    <div class="note bad" role="alert">
      <InWords told={problemTold(problem)} />
      {elsewhere.map((told) => (
        <div key={told.text}>
          <InWords told={told} />
        </div>
      ))}
    </div>
  )
}

export function FormDialog({
  title,
  draft,
  action,
  disabled = false,
  onClose,
  children,
}: {
  readonly title: string
  readonly draft: Draft<object>
  /** The label of the button that sends the form. */
  readonly action: string
  readonly disabled?: boolean
  readonly onClose: () => void
  readonly children: ComponentChildren
}) {
  const id = useId()
  return (
    <Dialog
      title={title}
      onClose={() => leave(onClose)}
      actions={
        <>
          <Button onClick={onClose}>{words.value.common.cancel}</Button>
          <Button kind="main" type="submit" form={id} busy={draft.busy} disabled={disabled}>
            {action}
          </Button>
        </>
      }
    >
      <Form id={id} draft={draft}>
        {children}
        <Wrong draft={draft} />
      </Form>
    </Dialog>
  )
}
