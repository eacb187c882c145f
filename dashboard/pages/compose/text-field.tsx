/** The text of a message: plain, or with a few formats, in which only these can be pasted. */
import { useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { Confirm } from '../../components/dialog.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Button, IconButton } from '../../components/button.tsx'
import { Field } from '../../components/field.tsx'
import { Icon, type IconName } from '../../components/icon.tsx'
import { words } from '../../words/index.ts'
import { sending } from '../../words/sending.ts'
import { filesIn } from './attaching.ts'
import { cleanHtml, htmlOf, isFormatted, isLink, textOf } from './html.ts'
import { PassedOnFrame } from './passed-on-frame.tsx'
import type { Values } from './wire.ts'
import type { Writing } from './writing.ts'

export function TextField({ of: writing, hasFocus }: { readonly of: Writing; readonly hasFocus: boolean }) {
  const say = sending.value
  const { format, passedOn } = writing.values.value
  const asks = useSignal(false)
  const isToggled = useSignal(false)
  const { value: turn } = writing.textTurn
  const isHtml = format === 'html'
  const change = () => {
    const { values } = writing
    writing.set(isHtml ? asPlain(values.value) : asFormatted(values.value))
    isToggled.value = true
    writing.textTurn.value += 1
  }
  return (
    <>
      <div class="text-tools">
        <button
          type="button"
          class="icon-button"
          aria-pressed={isHtml}
          aria-label={say.formatting}
          title={say.formatting}
          onClick={() => {
            if (isHtml && (isFormatted(writing.values.value.html) || passedOn !== undefined)) asks.value = true
            else change()
          }}
        >
          <Icon name="letters" />
        </button>
        {isHtml && <Tools />}
      </div>
      {isHtml ? (
        <Formatted key={turn} of={writing} hasFocus={turn === 0 ? hasFocus : isToggled.value} />
      ) : (
        <Plain key={turn} of={writing} hasFocus={turn === 0 ? hasFocus : isToggled.value} />
      )}
      {isHtml && passedOn !== undefined && <PassedOnFrame of={writing} passedOn={passedOn} />}
      {asks.value && (
        <Confirm
          title={say.plainTitle}
          action={say.plainDo}
          onConfirm={change}
          onClose={() => {
            asks.value = false
          }}
        >
          <p>{say.plainHint}</p>
        </Confirm>
      )}
    </>
  )
}

/** What is passed on becomes words, and is what it was if nobody has changed them. */
function asPlain({ html, passedOn }: Values): Partial<Values> {
  const text = textOf(html)
  return { format: 'plain', text: passedOn === undefined ? text : `${text}\n\n${passedOn.text}` }
}

function asFormatted({ text, passedOn }: Values): Partial<Values> {
  if (passedOn === undefined || !text.endsWith(passedOn.text))
    return { format: 'html', html: htmlOf(text), passedOn: undefined }
  return { format: 'html', html: htmlOf(text.slice(0, -passedOn.text.length).replace(/\n+$/, '\n')) }
}

interface TextProps {
  readonly of: Writing
  readonly hasFocus: boolean
}

function Plain({ of: writing, hasFocus }: TextProps) {
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    const { current } = field
    if (!hasFocus || current === null) return
    current.focus({ preventScroll: true })
    // What is written stands above the quote.
    current.setSelectionRange(0, 0)
    current.scrollTop = 0
  }, [])
  return (
    <textarea
      ref={field}
      class="text-field"
      aria-label={sending.value.text}
      value={writing.values.value.text}
      onInput={({ currentTarget: { value } }) => writing.set({ text: value })}
    />
  )
}

const modifies = ({ ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent) => (ctrlKey || metaKey) && !altKey && !shiftKey

function Formatted({ of: writing, hasFocus }: TextProps) {
  const field = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const { current } = field
    if (current === null) return
    current.innerHTML = cleanHtml(writing.values.peek().html)
    command('defaultParagraphSeparator', 'div')
    command('styleWithCSS', 'false')
    if (hasFocus) current.focus({ preventScroll: true })
  }, [])
  return (
    <div
      ref={field}
      class="text-field formatted"
      contentEditable
      role="textbox"
      tabIndex={0}
      aria-multiline="true"
      aria-label={sending.value.text}
      onInput={({ currentTarget }) => writing.set({ html: cleanHtml(currentTarget.innerHTML) })}
      onPaste={(event) => {
        const { clipboardData } = event
        if (clipboardData === null || filesIn(clipboardData).length > 0) return
        event.preventDefault()
        const html = clipboardData.getData('text/html')
        if (html === '') command('insertText', clipboardData.getData('text/plain'))
        else command('insertHTML', cleanHtml(html))
      }}
      onDrop={(event) => {
        if (event.dataTransfer?.types.includes('text/html') !== true) return
        event.preventDefault()
        command('insertText', event.dataTransfer.getData('text/plain'))
      }}
      onKeyDown={(event) => {
        // Other programs underline with it; there is no such format here.
        if (modifies(event) && event.key === 'u') event.preventDefault()
      }}
    />
  )
}

/** There is nothing else that edits as the browser's own undo knows it. */
// oxlint-disable-next-line typescript/no-deprecated
const command = (name: string, value?: string) => document.execCommand(name, false, value)
// oxlint-disable-next-line typescript/no-deprecated
const isOn = (name: string) => document.queryCommandState(name)

const tools = [
  { name: 'bold', icon: 'bold' },
  { name: 'italic', icon: 'italic' },
  { name: 'insertUnorderedList', icon: 'list' },
] as const satisfies readonly { readonly name: string; readonly icon: IconName }[]

function Tools() {
  const say = sending.value
  const on = useSignal<ReadonlySet<string>>(new Set())
  const asksLink = useSignal(false)
  const selected = useRef<Range | undefined>(undefined)
  useEffect(() => {
    const look = () => {
      if (document.activeElement?.classList.contains('formatted') !== true) return
      on.value = new Set(tools.map(({ name }) => name).filter(isOn))
    }
    document.addEventListener('selectionchange', look)
    return () => document.removeEventListener('selectionchange', look)
  }, [])
  const editor = () => document.querySelector<HTMLElement>('.text-field.formatted')
  return (
    <div class="text-formats" role="toolbar" aria-label={say.formats}>
      {tools.map(({ name, icon }) => (
        <button
          key={name}
          type="button"
          class="icon-button"
          aria-pressed={on.value.has(name)}
          aria-label={say.tools[name]}
          title={say.tools[name]}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => {
            editor()?.focus()
            command(name)
          }}
        >
          <Icon name={icon} />
        </button>
      ))}
      <IconButton
        icon="link"
        label={say.tools.link}
        onClick={() => {
          const selection = getSelection()
          const range = selection?.rangeCount ? selection.getRangeAt(0) : undefined
          selected.current = range !== undefined && editor()?.contains(range.startContainer) ? range : undefined
          asksLink.value = true
        }}
      />
      {asksLink.value && (
        <LinkDialog
          onClose={() => {
            asksLink.value = false
          }}
          onLink={(address) => {
            asksLink.value = false
            // The dialog gives the focus back when it is gone.
            window.setTimeout(() => {
              editor()?.focus()
              const selection = getSelection()
              if (selected.current !== undefined) {
                selection?.removeAllRanges()
                selection?.addRange(selected.current)
              }
              if (selection?.isCollapsed !== false) command('insertHTML', linkOf(address))
              else command('createLink', address)
            })
          }}
        />
      )}
    </div>
  )
}

function linkOf(address: string): string {
  const link = document.createElement('a')
  link.href = address
  link.textContent = address
  return link.outerHTML
}

function LinkDialog({ onLink, onClose }: { readonly onLink: (address: string) => void; readonly onClose: () => void }) {
  const say = sending.value
  const address = useSignal('https://')
  const isWrong = useSignal(false)
  return (
    <Dialog
      title={say.tools.link}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{words.value.common.cancel}</Button>
          <Button kind="main" type="submit" form="link-form">
            {say.addLink}
          </Button>
        </>
      }
    >
      <form
        id="link-form"
        class="fields"
        onSubmit={(event) => {
          event.preventDefault()
          const given = address.value.trim()
          const whole = /^[a-z]+:/i.test(given) ? given : given.includes('@') ? `mailto:${given}` : `https://${given}`
          if (isLink(whole) && URL.canParse(whole)) onLink(whole)
          else isWrong.value = true
        }}
      >
        <Field
          label={say.linkTo}
          value={address.value}
          spellcheck={false}
          autocapitalize="none"
          inputMode="url"
          error={isWrong.value ? { text: say.noLink } : undefined}
          onChange={(value) => {
            address.value = value
            isWrong.value = false
          }}
        />
      </form>
    </Dialog>
  )
}
