/** Shows a status by a word, a shape and a colour. Any one of them is enough to understand it. */
import { words } from '../words/index.ts'
import type { AccountStatus, Destination, Run } from '../shapes.ts'
import { Icon, type IconName } from './icon.tsx'

export type Tone = 'good' | 'busy' | 'calm' | 'warning' | 'bad'

const looks: Readonly<Record<AccountStatus, readonly [Tone, IconName]>> = {
  'needs attention': ['bad', 'stop'],
  failing: ['warning', 'warning'],
  running: ['busy', 'busy'],
  waiting: ['calm', 'clock'],
  idle: ['good', 'check'],
  paused: ['calm', 'pause'],
}
/** The order of statuses: those that need somebody come first. */
export const statuses = Object.keys(looks) as readonly AccountStatus[]
const runLooks: Readonly<Record<Run['state'], readonly [Tone, IconName]>> = {
  queued: ['calm', 'clock'],
  running: ['busy', 'busy'],
  done: ['good', 'check'],
  failed: ['warning', 'warning'],
}

export function toneOf(status: AccountStatus): Tone {
  return looks[status][0]
}

export function Badge({
  tone,
  icon,
  children,
}: {
  readonly tone: Tone
  readonly icon: IconName
  readonly children: string
}) {
  return (
    <span class={`badge ${tone}`}>
      <Icon name={icon} />
      {children}
    </span>
  )
}

/** @param hasMore its last run left mail for the next one: that is not up to date. */
export function StatusBadge({
  status,
  hasMore = false,
}: {
  readonly status: AccountStatus
  readonly hasMore?: boolean
}) {
  const [tone, icon] = looks[status]
  if (hasMore && status === 'idle')
    return (
      <Badge tone="calm" icon="clock">
        {words.value.account.moreTitle}
      </Badge>
    )
  return (
    <Badge tone={tone} icon={icon}>
      {words.value.statuses[status]}
    </Badge>
  )
}

export function RunBadge({ state }: { readonly state: Run['state'] }) {
  const [tone, icon] = runLooks[state]
  return (
    <Badge tone={tone} icon={icon}>
      {words.value.runStates[state]}
    </Badge>
  )
}

export function DestinationBadge({ status }: { readonly status: Destination['status'] }) {
  const { destinations: say } = words.value
  switch (status) {
    case 'ok':
      return (
        <Badge tone="good" icon="check">
          {say.works}
        </Badge>
      )
    case 'failing':
      return (
        <Badge tone="warning" icon="warning">
          {words.value.statuses.failing}
        </Badge>
      )
    case 'paused':
      return (
        <Badge tone="warning" icon="pause">
          {say.paused}
        </Badge>
      )
  }
}
