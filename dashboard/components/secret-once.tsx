/** Shows a secret that was just made. It is shown now and never again. */
import { settings } from '../words/settings.ts'
import { Button } from './button.tsx'
import { Copyable } from './copyable.tsx'
import { Dialog } from './dialog.tsx'

export function SecretOnce({
  title,
  label,
  secret,
  onClose,
}: {
  readonly title: string
  readonly label: string
  readonly secret: string
  readonly onClose: () => void
}) {
  const { value: say } = settings
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <Button kind="main" onClick={onClose}>
          {say.kept}
        </Button>
      }
    >
      <p>{say.once}</p>
      <p class="secret">
        <Copyable label={label} text={secret} />
      </p>
    </Dialog>
  )
}
