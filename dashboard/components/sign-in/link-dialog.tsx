/** Makes a link by which the owner of a mailbox signs in without an administrator. */
import { call } from '../../client.ts'
import { moment } from '../../intl.ts'
import { useResource } from '../../resource.ts'
import type { SignInLink } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { Button } from '../button.tsx'
import { Copyable } from '../copyable.tsx'
import { Dialog } from '../dialog.tsx'
import { Loaded } from '../states.tsx'

const made = async (path: string) => await call<SignInLink>('POST', path)

export function LinkDialog({
  path,
  name,
  onClose,
}: {
  readonly path: string
  readonly name: string
  readonly onClose: () => void
}) {
  const { signing: say, common } = words.value
  const link = useResource(`${path}/oauth/link`, made)
  return (
    <Dialog
      title={say.linkTitle(name)}
      onClose={onClose}
      actions={
        <Button kind="main" onClick={onClose}>
          {common.close}
        </Button>
      }
    >
      <Loaded of={link}>
        {({ url, expiresAt }) => (
          <>
            <p>{say.linkHint(moment(expiresAt))}</p>
            <p class="secret">
              <Copyable label={say.link} text={url} />
            </p>
          </>
        )}
      </Loaded>
    </Dialog>
  )
}
