import { Icon, type IconName } from '../../components/icon.tsx'
import { number } from '../../intl.ts'
import type { Folder } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { folder as open, placeWith } from './place.ts'

const icons: Readonly<Record<NonNullable<Folder['use']>, IconName>> = {
  inbox: 'destination',
  sent: 'sent',
  drafts: 'edit',
  junk: 'stop',
  trash: 'remove',
  archive: 'archive',
}

export function folderName({ use, name }: Pick<Folder, 'use' | 'name'>): string {
  return use === null ? name : words.value.mail.uses[use]
}

export function FolderList({ items }: { readonly items: readonly Folder[] }) {
  const { mail: say } = words.value
  return (
    <ul class="folders">
      {items.map((folder) => {
        const { path, depth, use, unseen, selectable } = folder
        const name = (
          <>
            <Icon name={use === null ? 'folder' : icons[use]} />
            <span class="folder-name" title={folderName(folder)}>
              {folderName(folder)}
            </span>
          </>
        )
        return (
          <li key={path} style={{ '--depth': depth }}>
            {selectable ? (
              <a
                class="folder"
                href={placeWith({ folder: path, uid: '', uidValidity: '', search: '' })}
                {...(path === open.value ? { 'aria-current': 'true' } : {})}
              >
                {name}
                {unseen > 0 && (
                  <span class="folder-count">
                    {number(unseen)}
                    <span class="unseen"> {say.unread}</span>
                  </span>
                )}
              </a>
            ) : (
              <span class="folder quiet">{name}</span>
            )}
          </li>
        )
      })}
    </ul>
  )
}
