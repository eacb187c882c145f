/** A button that opens a list of actions. The list is in the browser's top layer, so that no table cuts it off. */
import { useSignal } from '@preact/signals'
import { useLayoutEffect, useId, useRef } from 'preact/hooks'
import { Icon, type IconName } from './icon.tsx'

export interface MenuEntry {
  readonly label: string
  readonly icon?: IconName
  readonly kind?: 'danger'
  /** Whether this is the chosen one of several. */
  readonly chosen?: boolean
  readonly onChoose: () => void
}

export function Menu({
  label,
  icon,
  entries,
}: {
  readonly label: string
  readonly icon: IconName
  readonly entries: readonly MenuEntry[]
}) {
  const id = useId()
  const open = useSignal(false)
  const button = useRef<HTMLButtonElement>(null)
  const panel = useRef<HTMLDivElement>(null)
  const choices = () => [...(panel.current?.querySelectorAll<HTMLButtonElement>('button') ?? [])]

  const place = () => {
    const [at, list] = [button.current?.getBoundingClientRect(), panel.current]
    if (at === undefined || list === null) return
    const { offsetHeight: height, offsetWidth: width } = list
    const below = at.bottom + 4 + height < innerHeight
    list.style.top = `${below ? at.bottom + 4 : Math.max(8, at.top - 4 - height)}px`
    list.style.left = `${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`
  }
  const { value: isOpen } = open
  // Before it is seen: keys that are pressed at once are the list's.
  useLayoutEffect(() => {
    if (!isOpen) return
    place()
    choices()[0]?.focus()
    const hide = () => panel.current?.hidePopover()
    addEventListener('scroll', hide, { passive: true })
    return () => removeEventListener('scroll', hide)
  }, [isOpen])
  const close = () => {
    panel.current?.hidePopover()
    button.current?.focus()
  }
  const move = (event: KeyboardEvent) => {
    const all = choices()
    const at = all.indexOf(document.activeElement as HTMLButtonElement)
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key]
    if (event.key === 'Tab') close()
    if (to === undefined) return
    event.preventDefault()
    all[to % all.length]?.focus()
  }

  return (
    <>
      <button
        ref={button}
        type="button"
        class="icon-button"
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open.value}
        aria-controls={id}
        popovertarget={id}
      >
        <Icon name={icon} />
      </button>
      <div
        ref={panel}
        id={id}
        popover="auto"
        role="menu"
        aria-label={label}
        class="menu"
        tabIndex={-1}
        onKeyDown={move}
        onToggle={(event) => {
          open.value = event.newState === 'open'
        }}
      >
        {open.value &&
          entries.map(({ label: text, icon: picture, kind, chosen, onChoose }) => (
            <button
              key={text}
              type="button"
              role={chosen === undefined ? 'menuitem' : 'menuitemradio'}
              {...(chosen === undefined ? {} : { 'aria-checked': chosen })}
              class={kind ?? ''}
              tabIndex={-1}
              onClick={() => {
                close()
                onChoose()
              }}
            >
              {picture && <Icon name={picture} />}
              <span>{text}</span>
              {chosen === true && <Icon name="check" />}
            </button>
          ))}
      </div>
    </>
  )
}
