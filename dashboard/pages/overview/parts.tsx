/** Shows Tributary's parts, and whether each works. */
import { Section } from '../../components/page.tsx'
import { Badge } from '../../components/status-badge.tsx'
import type { Health, Stats } from '../../shapes.ts'
import { words } from '../../words/index.ts'

export function Parts({ stats: { health, destinations, unreadable } }: { readonly stats: Stats }) {
  const { overview: say } = words.value
  const part = (name: string, { ok, detail }: Health) => (
    <li key={name}>
      <div class="rows-name">
        {name}
        {!ok && <p class="quiet">{detail}</p>}
      </div>
      <Badge tone={ok ? 'good' : 'bad'} icon={ok ? 'check' : 'stop'}>
        {ok ? say.works : say.fails}
      </Badge>
    </li>
  )
  return (
    <Section title={say.health}>
      <ul class="rows tight">
        {part(say.redis, health.redis)}
        {part(say.store, health.store)}
        <li>
          <span class="rows-name">{say.workers}</span>
          <Badge tone={health.workers > 0 ? 'good' : 'bad'} icon={health.workers > 0 ? 'check' : 'stop'}>
            {health.workers > 0 ? say.workersWork(health.workers) : say.noWorkers}
          </Badge>
        </li>
      </ul>
      {unreadable.length > 0 && (
        <p class="note warning">
          {say.unreadable(unreadable.length)}{' '}
          {unreadable
            .slice(0, 5)
            .map(({ kind, id }) => `${kind} ${id}`)
            .join(', ')}
        </p>
      )}
      {destinations.paused > 0 && <p class="note warning">{say.destinationsPaused(destinations.paused)}</p>}
    </Section>
  )
}
