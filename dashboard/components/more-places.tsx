/** Where the navigation has no room for all pages, a button opens the others. They lie in the browser's top layer, which Esc closes. */
import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useId, useRef } from 'preact/hooks'
import { words } from '../words/index.ts'
import { Icon } from './icon.tsx'

export function MorePlaces({
  isHere,
  count,
  children,
}: {
  /** Whether the page that is shown is one of them. */
  readonly isHere: boolean
  /** What waits on one of them. */
  readonly count: ComponentChildren
  readonly children: ComponentChildren
}) {
  const id = useId()
  const open = useSignal(false)
  const button = useRef<HTMLButtonElement>(null)
  const panel = useRef<HTMLDivElement>(null)
  const { value: isOpen } = open
  useLayoutEffect(() => {
    const [at, list] = [button.current?.getBoundingClientRect(), panel.current]
    if (!isOpen || at === undefined || list === null) return
    const { offsetHeight: height, offsetWidth: width } = list
    list.style.top = `${at.bottom + 4 + height < innerHeight ? at.bottom + 4 : at.top - 4 - height}px`
    list.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`
    const hide = () => list.hidePopover()
    addEventListener('resize', hide)
    return () => removeEventListener('resize', hide)
  }, [isOpen])
  return (
    <>
      <button
        ref={button}
        type="button"
        class={`nav-more${isHere ? ' here' : ''}`}
        aria-expanded={open.value}
        aria-controls={id}
        popovertarget={id}
      >
        <Icon name="more" />
        <span>{words.value.shell.more}</span>
        {count}
      </button>
      <div
        ref={panel}
        id={id}
        popover="auto"
        class="nav-rest"
        onClick={() => panel.current?.hidePopover()}
        onToggle={(event) => {
          open.value = event.newState === 'open'
        }}
      >
        {open.value && children}
      </div>
    </>
  )
}
