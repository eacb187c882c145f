/** Shows how many accounts stand how. */
import { Section } from '../../components/page.tsx'
import { StatusBadge, toneOf } from '../../components/status-badge.tsx'
import { number } from '../../intl.ts'
import type { Stats } from '../../shapes.ts'
import { narrowings } from '../../standing.ts'
import { words } from '../../words/index.ts'

export function ByStatus({ stats: { accounts: all, quarantined } }: { readonly stats: Stats }) {
  const { overview: say, accounts: accountWords } = words.value
  const counts = {
    ...all.byStatus,
    'needs attention': all.needsPerson,
    failing: Math.max(0, (all.byStatus['failing'] ?? 0) - all.failingNeedsPerson),
    'set aside': quarantined.accounts,
  } as Readonly<Record<(typeof narrowings)[number], number>>
  const some = narrowings.filter((standing) => counts[standing] > 0)
  return (
    <Section title={say.byStatus} aside={<a href="/accounts">{accountWords.count(all.total)}</a>}>
      <div class="parts" aria-hidden="true">
        {some.map((standing) => (
          <span key={standing} class={toneOf(standing)} style={{ flexGrow: counts[standing] }} />
        ))}
      </div>
      <ul class="rows tight">
        {some.map((standing) => (
          <li key={standing}>
            <a href={`/accounts?status=${encodeURIComponent(standing)}`}>
              <StatusBadge status={standing} />
            </a>
            <span class="end">{number(counts[standing])}</span>
          </li>
        ))}
      </ul>
    </Section>
  )
}
