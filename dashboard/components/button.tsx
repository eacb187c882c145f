import type { ComponentChildren } from 'preact'
import { Icon, type IconName } from './icon.tsx'

export interface ButtonProps {
  readonly icon?: IconName
  /** `main` is the one thing that a page is for; `danger` is what cannot be taken back. */
  readonly kind?: 'main' | 'plain' | 'danger'
  readonly type?: 'button' | 'submit'
  readonly busy?: boolean
  readonly disabled?: boolean
  readonly form?: string
  readonly 'aria-label'?: string
  readonly onClick?: () => void
  readonly children: ComponentChildren
}

export function Button({ icon, kind = 'plain', type = 'button', busy = false, children, ...rest }: ButtonProps) {
  return (
    <button {...rest} type={type} class={`button ${kind}`} aria-busy={busy} disabled={busy || rest.disabled === true}>
      {icon && !busy && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  )
}

/** A button that shows only an icon. Its label is read out by screen readers, and shown to whoever points at it. */
export function IconButton({
  icon,
  label,
  onClick,
  disabled = false,
}: {
  readonly icon: IconName
  readonly label: string
  readonly onClick: () => void
  readonly disabled?: boolean
}) {
  return (
    <button type="button" class="icon-button" aria-label={label} title={label} disabled={disabled} onClick={onClick}>
      <Icon name={icon} />
    </button>
  )
}
