/** The actions for a destination. */
import { useSignal } from '@preact/signals'
import { call } from '../../client.ts'
import { Confirm, DialogButton } from '../../components/dialog.tsx'
import { Check } from '../../components/field.tsx'
import { Menu } from '../../components/menu.tsx'
import { destinationName } from '../../components/new-mailbox.tsx'
import { attempt } from '../../components/toast.tsx'
import { navigate } from '../../router.ts'
import { may, ownerOf } from '../../session.ts'
import type { Destination } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { NewLimit, NewLogin, NewPassword } from './changes.tsx'

export function Actions({
  destination,
  onChanged,
}: {
  readonly destination: Destination
  readonly onChanged: () => void
}) {
  const { destinations: say, accounts: listWords } = words.value
  const removing = useSignal(false)
  const limiting = useSignal(false)
  const editing = useSignal(false)
  if (!may('admin')) return null
  return (
    <>
      {(destination.kind === 'hosted' || destination.auth === 'password') && (
        <DialogButton
          icon="edit"
          dialog={(close) => <NewPassword destination={destination} onDone={onChanged} onClose={close} />}
        >
          {say.changePassword}
        </DialogButton>
      )}
      <Menu
        label={listWords.actionsOf(destinationName(destination))}
        icon="more"
        entries={[
          ...(destination.kind === 'imap'
            ? [
                {
                  label: listWords.edit,
                  icon: 'edit' as const,
                  onChoose: () => {
                    editing.value = true
                  },
                },
              ]
            : []),
          {
            label: say.limitImports,
            icon: 'edit',
            onChoose: () => {
              limiting.value = true
            },
          },
          ...(ownerOf() === null && destination.accounts === 0
            ? [
                {
                  label: say.remove,
                  icon: 'remove' as const,
                  kind: 'danger' as const,
                  onChoose: () => {
                    removing.value = true
                  },
                },
              ]
            : []),
        ]}
      />
      {limiting.value && (
        <NewLimit
          destination={destination}
          onDone={onChanged}
          onClose={() => {
            limiting.value = false
          }}
        />
      )}
      {editing.value && destination.kind === 'imap' && (
        <NewLogin
          destination={destination}
          onDone={onChanged}
          onClose={() => {
            editing.value = false
          }}
        />
      )}
      {removing.value && (
        <Removal
          destination={destination}
          onClose={() => {
            removing.value = false
          }}
        />
      )}
    </>
  )
}

function Removal({ destination, onClose }: { readonly destination: Destination; readonly onClose: () => void }) {
  const { destinations: say } = words.value
  const { id, kind } = destination
  const purge = useSignal(false)
  const remove = async () => {
    const query = purge.value ? '?purge=true' : ''
    if (await attempt(async () => await call('DELETE', `/destinations/${id}${query}`), say.removed))
      navigate('/destinations')
  }
  return (
    <Confirm
      title={say.removeTitle(destinationName(destination))}
      action={say.remove}
      kind="danger"
      onConfirm={() => void remove()}
      onClose={onClose}
    >
      <p>{kind === 'hosted' ? say.removeHint : say.removeForeignHint}</p>
      {kind === 'hosted' && (
        <Check
          label={say.purge}
          value={purge.value}
          onChange={(value) => {
            purge.value = value
          }}
        />
      )}
    </Confirm>
  )
}
