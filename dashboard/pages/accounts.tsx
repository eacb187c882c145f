/** The page of all accounts: search, order, and actions for one or for many at once. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { AccountEditor } from '../components/account-editor.tsx'
import { at } from '../below.ts'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/dialog.tsx'
import { Menu, type MenuEntry } from '../components/menu.tsx'
import { Page } from '../components/page.tsx'
import { EmptyState, ErrorState, Skeleton } from '../components/states.tsx'
import { Table } from '../components/table.tsx'
import { accounts, loadAll, roster } from '../roster.ts'
import { ask } from '../router.ts'
import { may, ownerOf } from '../session.ts'
import type { Account } from '../shapes.ts'
import { words } from '../words/index.ts'
import { Bar } from './accounts/bar.tsx'
import { ChangeMany } from './accounts/change-many.tsx'
import { columns } from './accounts/columns.tsx'
import { chosen, doAll, type Verb } from './accounts/deeds.ts'
import { Filter } from './accounts/filter.tsx'
import { found, sort } from './accounts/found.ts'
import { ImportFile } from './accounts/import-file.tsx'

export default function Accounts() {
  const { accounts: say } = words.value
  const editing = useSignal<Account | undefined>(undefined)
  const removing = useSignal<readonly Account[]>([])
  useEffect(() => {
    void loadAll()
    chosen.value = new Set()
  }, [])
  const changing = useSignal<readonly Account[]>([])
  const importing = useSignal(false)
  const start = (verb: Verb | 'edit' | 'change', some: readonly Account[]) => {
    if (verb === 'edit') [editing.value] = some
    else if (verb === 'change') changing.value = some
    else if (verb === 'remove') removing.value = some
    else void doAll(verb, some)
  }
  const { value: rows } = found
  const { value: state } = roster
  const known = accounts.value.size
  const none = state.state === 'all' && known === 0
  return (
    <Page
      title={say.title}
      lead={
        known > 0 && (
          <span aria-live="polite">{rows.length === known ? say.count(known) : say.filtered(rows.length, known)}</span>
        )
      }
      actions={
        may('admin') && (
          <>
            {!none && (
              <a class="button main" href="/accounts/new">
                {say.add}
              </a>
            )}
            <Menu label={say.allActions} icon="more" entries={fileEntries(() => (importing.value = true))} />
          </>
        )
      }
    >
      {none ? (
        <EmptyState icon="accounts" title={say.none}>
          <p>{say.noneHint}</p>
          {may('admin') && (
            <a class="button main" href="/welcome">
              {say.add}
            </a>
          )}
        </EmptyState>
      ) : (
        <>
          <Filter />
          {state.state === 'failed' && <ErrorState problem={state.problem} retry={() => void loadAll()} />}
          {known === 0 && state.state === 'loading' && <Skeleton lines={8} />}
          {known > 0 && rows.length === 0 && (
            <EmptyState icon="search" title={say.noneFound}>
              <p>{say.noneFoundHint}</p>
              <Button onClick={() => ask({ q: '', status: '', reason: '', host: '' })}>{say.clearFilter}</Button>
            </EmptyState>
          )}
          {rows.length > 0 && (
            <Table
              label={say.title}
              rows={rows}
              keyOf={({ id }) => id}
              columns={columns(start)}
              sort={sort.value}
              onSort={({ by, down }) => ask({ sort: by, order: down ? 'down' : '' })}
              busy={state.state === 'loading'}
              {...(may('operate')
                ? {
                    selection: {
                      chosen: chosen.value,
                      nameOf: (id) => say.choose(accounts.value.get(id)?.address ?? ''),
                      onChange: (next) => {
                        chosen.value = next
                      },
                    },
                  }
                : {})}
            />
          )}
        </>
      )}
      <Bar those={rows.filter(({ id }) => chosen.value.has(id))} onStart={start} />
      {removing.value.length > 0 && (
        <Confirm
          title={say.removeTitle(removing.value.length)}
          action={say.remove}
          kind="danger"
          onConfirm={() => void doAll('remove', removing.value)}
          onClose={() => {
            removing.value = []
          }}
        >
          <p>{say.removeHint}</p>
          <ul class="names">
            {removing.value.slice(0, 5).map(({ id, address }) => (
              <li key={id}>{address}</li>
            ))}
            {removing.value.length > 5 && <li>…</li>}
          </ul>
        </Confirm>
      )}
      {changing.value.length > 0 && (
        <ChangeMany
          those={changing.value}
          onClose={() => {
            changing.value = []
          }}
        />
      )}
      {importing.value && (
        <ImportFile
          onClose={() => {
            importing.value = false
          }}
        />
      )}
      {editing.value && (
        <AccountEditor
          account={editing.value}
          onClose={() => {
            editing.value = undefined
          }}
        />
      )}
    </Page>
  )
}

/** Accounts from a file, and into one. */
function fileEntries(onImport: () => void): MenuEntry[] {
  const { accounts: say } = words.value
  // The answer is a download: the page stays.
  const exportTo = (query: string) => location.assign(at(`/api/v1/accounts/export${query}`))
  return [
    { label: say.importFile, icon: 'folder', onChoose: onImport },
    { label: say.exportFile, icon: 'download', onChoose: () => exportTo('') },
    ...(ownerOf() === null
      ? [{ label: say.exportSealed, icon: 'key' as const, onChoose: () => exportTo('?secrets=sealed') }]
      : []),
  ]
}
