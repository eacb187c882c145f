/** Shows a status by a word, a shape and a colour. Any one of them is enough to understand it. */
import { words } from '../words/index.ts'
import type { Account, Destination, Run } from '../shapes.ts'
import { type Standing, standingOf } from '../standing.ts'
import { Icon, type IconName } from './icon.tsx'

export type Tone = 'good' | 'busy' | 'calm' | 'warning' | 'bad'

const looks: Readonly<Record<Standing, readonly [Tone, IconName]>> = {
  'needs attention': ['bad', 'stop'],
  failing: ['warning', 'warning'],
  'set aside': ['warning', 'aside'],
  running: ['busy', 'busy'],
  waiting: ['calm', 'clock'],
  more: ['calm', 'clock'],
  new: ['calm', 'clock'],
  idle: ['good', 'check'],
  paused: ['calm', 'pause'],
}
/** Their order: those that need somebody come first. */
export const standings = Object.keys(looks) as readonly Standing[]
const runLooks: Readonly<Record<Run['state'], readonly [Tone, IconName]>> = {
  queued: ['calm', 'clock'],
  running: ['busy', 'busy'],
  done: ['good', 'check'],
  failed: ['warning', 'warning'],
}

export function toneOf(standing: Standing): Tone {
  return looks[standing][0]
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

/** How an account stands. */
export function AccountBadge({ account }: { readonly account: Account }) {
  const standing = standingOf(account)
  const [tone, icon] = looks[standing]
  const { standings: say, accounts } = words.value
  return (
    <Badge tone={tone} icon={icon}>
      {standing === 'set aside' ? accounts.setAside(account.quarantined) : say[standing]}
    </Badge>
  )
}

export function StatusBadge({ status }: { readonly status: Standing }) {
  const [tone, icon] = looks[status]
  return (
    <Badge tone={tone} icon={icon}>
      {words.value.standings[status]}
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
          {words.value.standings.failing}
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
