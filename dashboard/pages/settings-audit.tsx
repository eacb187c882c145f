/** Settings: who changed what, newest first. */
import { get } from '../client.ts'
import { Button } from '../components/button.tsx'
import { Section } from '../components/page.tsx'
import { RelativeTime } from '../components/relative-time.tsx'
import { SettingsFrame } from '../components/settings-frame.tsx'
import { EmptyState, Loaded } from '../components/states.tsx'
import { attempt } from '../components/toast.tsx'
import { useResource } from '../resource.ts'
import type { AuditEntry, List } from '../shapes.ts'
import { words } from '../words/index.ts'

const shown = 50

export default function SettingsAudit() {
  const { settings: say, common } = words.value
  const audit = useResource(async (signal) => await get<List<AuditEntry>>(`/audit?limit=${shown}`, signal), [])
  const more = async ({ items, next }: List<AuditEntry>) => {
    const list = await get<List<AuditEntry>>(`/audit?limit=${shown}&cursor=${next ?? ''}`)
    audit.set({ items: [...items, ...list.items], next: list.next })
  }
  return (
    <SettingsFrame>
      <Section title={say.audit}>
        <p class="quiet lead">{say.auditHint}</p>
        <Loaded of={audit} lines={8}>
          {(list) =>
            list.items.length === 0 ? (
              <EmptyState icon="clock" title={say.noAudit} />
            ) : (
              <>
                <ul class="rows">
                  {list.items.map((entry) => (
                    <Entry key={entry.id} entry={entry} />
                  ))}
                </ul>
                {list.next !== null && (
                  <Button onClick={() => void attempt(async () => await more(list))}>{common.showMore}</Button>
                )}
              </>
            )
          }
        </Loaded>
      </Section>
    </SettingsFrame>
  )
}

function Entry({ entry: { at, who, from, method, path, status, changed } }: { readonly entry: AuditEntry }) {
  const { settings: say } = words.value
  return (
    <li>
      <div class="rows-name">
        <b>{who.name}</b>{' '}
        <code>
          {method} {path.replace('/api/v1', '')}
        </code>
        <p class="facts-line">
          <span>{from}</span>
          {status >= 400 && <span class="refused">{say.refused(status)}</span>}
          {changed.length > 0 && <span>{changed.join(', ')}</span>}
        </p>
      </div>
      <RelativeTime at={at} />
    </li>
  )
}
