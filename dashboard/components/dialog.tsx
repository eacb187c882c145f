/** Shows a question or a form in front of everything else. The browser keeps the focus inside and closes it on Escape. */
import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'
import { words } from '../words/index.ts'
import { Button, type ButtonProps, IconButton } from './button.tsx'

export function Dialog({
  title,
  onClose,
  children,
  actions,
}: {
  readonly title: string
  readonly onClose: () => void
  readonly children: ComponentChildren
  readonly actions?: ComponentChildren
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  const heading = useId()
  useLayoutEffect(() => {
    const { activeElement } = document
    const { current } = dialog
    current?.showModal()
    current?.querySelector<HTMLElement>('.dialog-body :is(input, select), footer button')?.focus()
    return () => {
      // While the dialog is open, everything else is inert.
      current?.close()
      if (activeElement instanceof HTMLElement) activeElement.focus()
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onMouseDown={(event) => {
        if (event.target === event.currentTarget) onClose()
      }}
    >
      <div class="dialog-card">
        <header>
          <h2 id={heading}>{title}</h2>
          <IconButton icon="close" label={words.value.common.close} onClick={onClose} />
        </header>
        <div class="dialog-body">{children}</div>
        {actions && <footer>{actions}</footer>}
      </div>
    </dialog>
  )
}

/** Asks one question before something is done. */
export function Confirm({
  title,
  action,
  kind = 'main',
  stay = words.value.common.cancel,
  onConfirm,
  onClose,
  children,
}: {
  readonly title: string
  readonly action: string
  readonly kind?: ButtonProps['kind'] & string
  /** The label of the button that does nothing. */
  readonly stay?: string
  readonly onConfirm: () => void
  readonly onClose: () => void
  readonly children: ComponentChildren
}) {
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{stay}</Button>
          <Button
            kind={kind}
            onClick={() => {
              onConfirm()
              onClose()
            }}
          >
            {action}
          </Button>
        </>
      }
    >
      {children}
    </Dialog>
  )
}

/** A button together with the dialog that it opens. */
export function DialogButton({
  dialog,
  ...button
}: Omit<ButtonProps, 'onClick'> & { readonly dialog: (close: () => void) => ComponentChildren }) {
  const open = useSignal(false)
  return (
    <>
      <Button
        {...button}
        onClick={() => {
          open.value = true
        }}
      />
      {open.value &&
        dialog(() => {
          open.value = false
        })}
    </>
  )
}
