/** Asks whether what was typed is to be lost. */
import { leaving } from '../unsaved.ts'
import { words } from '../words/index.ts'
import { Confirm } from './dialog.tsx'

export function Leaving() {
  const { form } = words.value
  const { value: leave } = leaving
  if (leave === undefined) return null
  return (
    <Confirm
      title={form.leaveTitle}
      action={form.leave}
      kind="danger"
      stay={form.stay}
      onConfirm={leave}
      onClose={() => {
        leaving.value = undefined
      }}
    >
      <p>{form.leaveHint}</p>
    </Confirm>
  )
}
