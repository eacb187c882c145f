/** Shows how many accounts have which status. */
import { Section } from '../../components/page.tsx'
import { StatusBadge, statuses, toneOf } from '../../components/status-badge.tsx'
import type { Stats } from '../../shapes.ts'
import { words } from '../../words/index.ts'

export function ByStatus({ stats: { accounts: all } }: { readonly stats: Stats }) {
  const { overview: say, accounts: accountWords } = words.value
  const some = statuses.filter((status) => (all.byStatus[status] ?? 0) > 0)
  return (
    <Section title={say.byStatus} aside={<a href="/accounts">{accountWords.count(all.total)}</a>}>
      <div class="parts" aria-hidden="true">
        {some.map((status) => (
          <span key={status} class={toneOf(status)} style={{ flexGrow: all.byStatus[status] ?? 0 }} />
        ))}
      </div>
      <ul class="rows tight">
        {some.map((status) => (
          <li key={status}>
            <a href={`/accounts?status=${encodeURIComponent(status)}`}>
              <StatusBadge status={status} />
            </a>
            <span class="end">{all.byStatus[status]?.toLocaleString()}</span>
          </li>
        ))}
      </ul>
    </Section>
  )
}
