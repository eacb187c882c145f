/** Says in one sentence how everything is. */
import { Icon, type IconName } from '../../components/icon.tsx'
import type { Tone } from '../../components/status-badge.tsx'
import type { Stats } from '../../shapes.ts'
import { words } from '../../words/index.ts'

export function Verdict({ stats }: { readonly stats: Stats }) {
  const { overview: say } = words.value
  const { accounts: all, mail, health, quarantined } = stats
  const persons = all.needsPerson
  const failing = Math.max(0, (all.byStatus['failing'] ?? 0) - all.failingNeedsPerson)
  const down = !health.redis.ok || !health.store.ok || health.workers === 0
  const [tone, icon, title, hint]: readonly [Tone, IconName, string, string] = down
    ? ['bad', 'stop', say.partsDown, say.partsDownHint]
    : persons > 0
      ? ['bad', 'stop', say.needYou(persons), say.needYouHint(persons)]
      : all.overdue > 0
        ? ['bad', 'warning', say.overdue(all.overdue), say.overdueHint(all.overdue)]
        : failing > 0
          ? ['warning', 'warning', say.someFail(failing), say.someFailHint(failing)]
          : quarantined.messages > 0
            ? ['warning', 'aside', say.setAside(quarantined.messages), say.setAsideVerdict]
            : [
                'good',
                'check',
                say.allWell,
                say.allWellHint(
                  all.total,
                  mail.hours.slice(-24).reduce((sum, { messages }) => sum + messages, 0),
                ),
              ]
  return (
    <div class={`verdict ${tone}`} role="status">
      <span class="verdict-sign">
        <Icon name={icon} />
      </span>
      <div>
        <p class="verdict-title">{title}</p>
        <p>{hint}</p>
      </div>
    </div>
  )
}
