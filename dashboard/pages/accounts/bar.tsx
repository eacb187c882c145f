/** The actions for the chosen accounts, and how far such an action is. */
import { Button, IconButton } from '../../components/button.tsx'
import { ProgressBar } from '../../components/progress-bar.tsx'
import { may } from '../../session.ts'
import type { Account } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { chosen, type Verb, verbs, work } from './deeds.ts'

export function Bar({
  those,
  onStart,
}: {
  readonly those: readonly Account[]
  readonly onStart: (verb: Verb | 'change', those: readonly Account[]) => void
}) {
  const { accounts: say } = words.value
  if (work.value !== undefined) {
    const { done, of } = work.value
    return (
      <div class="bar" role="status">
        <span>{say.working(done, of)}</span>
        <ProgressBar label={say.working(done, of)} value={done} max={of} />
      </div>
    )
  }
  if (those.length === 0) return null
  const icons = { checkNow: 'refresh', pause: 'pause', resume: 'play', remove: 'remove' } as const
  return (
    <div class="bar" role="region" aria-label={say.actions}>
      <span role="status">{say.chosen(those.length)}</span>
      <IconButton
        icon="close"
        label={say.clearChoice}
        onClick={() => {
          chosen.value = new Set()
        }}
      />
      {(Object.keys(verbs) as Verb[])
        .filter((verb) => may(verbs[verb].scope))
        .map((verb) => (
          <Button key={verb} icon={icons[verb]} onClick={() => onStart(verb, those)}>
            {say[verb]}
          </Button>
        ))}
      {may('admin') && (
        <Button icon="edit" onClick={() => onStart('change', those)}>
          {say.change}
        </Button>
      )}
    </div>
  )
}
