/** Asks when a message is to go out: a few times that people mean, or any other. */
import { useSignal } from '@preact/signals'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { moment } from '../../intl.ts'
import { words } from '../../words/index.ts'
import { sending } from '../../words/sending.ts'
import { latestMs, presets } from './times.ts'

export function LaterDialog({
  onChoose,
  onClose,
}: {
  readonly onChoose: (atMs: number) => void
  readonly onClose: () => void
}) {
  const say = sending.value
  const now = new Date()
  const given = useSignal('')
  const fault = useSignal<'past' | 'far' | undefined>(undefined)
  const choose = (atMs: number) => {
    onClose()
    onChoose(atMs)
  }
  return (
    <Dialog
      title={say.laterTitle}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{words.value.common.cancel}</Button>
          <Button kind="main" type="submit" form="later-form" disabled={given.value === ''}>
            {say.laterDo}
          </Button>
        </>
      }
    >
      <ul class="later-presets">
        {presets(now).map(({ name, at }) => (
          <li key={name}>
            <button type="button" class="later-preset" onClick={() => choose(at.getTime())}>
              <span>{say.presets[name]}</span>
              <span class="quiet">{moment(at.getTime())}</span>
            </button>
          </li>
        ))}
      </ul>
      <form
        id="later-form"
        class="fields"
        onSubmit={(event) => {
          event.preventDefault()
          const atMs = new Date(given.value).getTime()
          if (!(atMs > Date.now())) fault.value = 'past'
          else if (atMs > Date.now() + latestMs) fault.value = 'far'
          else choose(atMs)
        }}
      >
        <div class="field">
          <label for="later-at">{say.otherTime}</label>
          <input
            id="later-at"
            type="datetime-local"
            value={given.value}
            {...(fault.value === undefined ? {} : { 'aria-invalid': true, 'aria-describedby': 'later-error' })}
            onInput={({ currentTarget: { value } }) => {
              given.value = value
              fault.value = undefined
            }}
          />
          {fault.value !== undefined && (
            <small id="later-error" class="error" role="alert">
              {fault.value === 'past' ? say.inThePast : say.tooFar}
            </small>
          )}
        </div>
      </form>
    </Dialog>
  )
}
