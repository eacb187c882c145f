/** The actions for one account. */
import { useSignal } from '@preact/signals'
import { call } from '../../client.ts'
import { Button } from '../../components/button.tsx'
import { Confirm } from '../../components/dialog.tsx'
import { Menu } from '../../components/menu.tsx'
import { attempt } from '../../components/toast.tsx'
import { follow } from '../../live.ts'
import { forget, learn } from '../../roster.ts'
import { navigate } from '../../router.ts'
import { may } from '../../session.ts'
import type { Account, Run } from '../../shapes.ts'
import { words } from '../../words/index.ts'

export function Actions({
  account: { id, address, paused },
  isRunning,
  onEdit,
}: {
  readonly account: Account
  readonly isRunning: boolean
  readonly onEdit: () => void
}) {
  const { account: say, accounts: listWords } = words.value
  const removing = useSignal(false)
  const check = async () =>
    await attempt(async () => follow(await call<Run>('POST', `/accounts/${id}/pull`)), say.checking)
  const change = async (verb: 'pause' | 'resume', done: string) =>
    await attempt(async () => learn([await call<Account>('POST', `/accounts/${id}/${verb}`)]), done)
  const remove = async () => {
    if (!(await attempt(async () => await call('DELETE', `/accounts/${id}`), say.removed))) return
    navigate('/accounts')
    forget(id)
  }
  if (!may('operate')) return null
  return (
    <>
      <Button kind="main" icon="refresh" disabled={isRunning} onClick={() => void check()}>
        {listWords.checkNow}
      </Button>
      {paused ? (
        <Button icon="play" onClick={() => void change('resume', say.resumed)}>
          {listWords.resume}
        </Button>
      ) : (
        <Button icon="pause" onClick={() => void change('pause', say.paused)}>
          {listWords.pause}
        </Button>
      )}
      {may('admin') && (
        <Menu
          label={listWords.actionsOf(address)}
          icon="more"
          entries={[
            { label: listWords.edit, icon: 'edit', onChoose: onEdit },
            {
              label: listWords.remove,
              icon: 'remove',
              kind: 'danger',
              onChoose: () => {
                removing.value = true
              },
            },
          ]}
        />
      )}
      {removing.value && (
        <Confirm
          title={listWords.removeTitle(1)}
          action={listWords.remove}
          kind="danger"
          onConfirm={() => void remove()}
          onClose={() => {
            removing.value = false
          }}
        >
          <p>{listWords.removeHint}</p>
        </Confirm>
      )}
    </>
  )
}
