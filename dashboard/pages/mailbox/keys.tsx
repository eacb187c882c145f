/** What single keys do while mail is read, and the dialog that tells of them. They do nothing where somebody types, and can be turned off. */
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Dialog } from '../../components/dialog.tsx'
import { keep, kept } from '../../kept.ts'
import { may } from '../../session.ts'
import { words } from '../../words/index.ts'

const name = 'letter-keys'
/** Who speaks to the machine, or hits keys by mistake, can do without them (WCAG 2.2, 2.1.4). */
const areOn = signal(kept(name) !== 'off')

export interface Deeds {
  /** Goes to the next message, or to the one before. */
  readonly step: (by: 1 | -1) => void
  readonly search: () => void
  readonly help: () => void
  /** Leaves what is open. */
  readonly leave: () => void
  /** Writes a new message, or answers the open one, or passes it on. */
  readonly write?: (kind: 'new' | 'reply' | 'all' | 'forward') => void
}

export function useKeys(deeds: Deeds): void {
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      const { key, target, defaultPrevented, ctrlKey, metaKey, altKey } = event
      if (defaultPrevented || ctrlKey || metaKey || altKey) return
      if (document.querySelector('dialog[open], [popover]:popover-open') !== null) return
      const isTyping =
        target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null
      if (isTyping && key !== 'Escape') return
      if (!areOn.value && key !== 'Escape' && !key.startsWith('Arrow')) return
      // A row moves by itself; elsewhere the arrows scroll.
      const isNowhere = target === document.body || (target instanceof Element && target.matches('h1, h2, main'))
      const act = {
        j: () => deeds.step(1),
        k: () => deeds.step(-1),
        '/': deeds.search,
        '?': deeds.help,
        Escape: deeds.leave,
        ...(deeds.write === undefined
          ? {}
          : {
              c: () => deeds.write?.('new'),
              r: () => deeds.write?.('reply'),
              a: () => deeds.write?.('all'),
              f: () => deeds.write?.('forward'),
            }),
        ...(isNowhere ? { ArrowDown: () => deeds.step(1), ArrowUp: () => deeds.step(-1) } : {}),
      }[key]
      if (act === undefined) return
      event.preventDefault()
      act()
    }
    document.addEventListener('keydown', hear)
    return () => document.removeEventListener('keydown', hear)
  })
}

export function KeysDialog({ onClose }: { readonly onClose: () => void }) {
  const { keys: say } = words.value.mail
  const rows: readonly (readonly [string, ...string[]])[] = [
    [say.next, 'j', '↓'],
    [say.previous, 'k', '↑'],
    [say.ends, 'Home', 'End'],
    [say.open, 'Enter'],
    [say.search, '/'],
    ...(may('operate')
      ? ([
          [say.reply, 'r'],
          [say.replyAll, 'a'],
          [say.forward, 'f'],
          [say.write, 'c'],
        ] as const)
      : []),
    [say.leave, 'Esc'],
    [say.help, '?'],
  ]
  return (
    <Dialog title={say.title} onClose={onClose}>
      <table class="keys">
        <tbody>
          {rows.map(([what, ...keys]) => (
            <tr key={what}>
              <td>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </td>
              <th scope="row">{what}</th>
            </tr>
          ))}
        </tbody>
      </table>
      <label class="keys-on">
        <input
          type="checkbox"
          checked={areOn.value}
          onChange={({ currentTarget: { checked } }) => {
            areOn.value = checked
            keep(name, checked ? null : 'off')
          }}
        />
        {say.on}
      </label>
    </Dialog>
  )
}
