/** Leads to the mail that a run has brought: whoever has just watched it come wants to read it. */
import { Icon } from '../../components/icon.tsx'
import type { Account } from '../../shapes.ts'
import { words } from '../../words/index.ts'

export const folderOf = ({ destinationId, folder }: Pick<Account, 'destinationId' | 'folder'>) =>
  `/mail/${destinationId}?${new URLSearchParams({ folder }).toString()}`

export function ReadThem({ account }: { readonly account: Account }) {
  const { account: say } = words.value
  const { lastRun } = account
  if (lastRun === null || lastRun.finishedAt === null || lastRun.stored === 0) return null
  return (
    <div class="callout good" role="status">
      <Icon name="mail" />
      <div>
        <p class="callout-title">{say.isHere}</p>
        <div class="form-do">
          <a class="button" href={folderOf(account)}>
            {say.readThem}
          </a>
        </div>
      </div>
    </div>
  )
}
