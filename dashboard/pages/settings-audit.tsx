/** The page of settings that shows who changed what, newest first. */
import { doneIn } from '../audit.ts'
import { More } from '../components/more.tsx'
import { Section } from '../components/page.tsx'
import { RelativeTime } from '../components/relative-time.tsx'
import { SettingsFrame } from '../components/settings-frame.tsx'
import { EmptyState, Loaded } from '../components/states.tsx'
import { accounts } from '../roster.ts'
import { useResource } from '../resource.ts'
import type { AuditEntry, List } from '../shapes.ts'
import { words } from '../words/index.ts'
import { settings } from '../words/settings.ts'

export default function SettingsAudit() {
  const { value: say } = settings
  const audit = useResource<List<AuditEntry>>('/audit?limit=50')
  return (
    <SettingsFrame>
      <Section title={say.audit}>
        <p class="quiet lead">{say.auditHint}</p>
        <Loaded of={audit} lines={8}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyState icon="clock" title={say.noAudit} />
            ) : (
              <ul class="rows">
                {items.map((entry) => (
                  <Entry key={entry.id} entry={entry} />
                ))}
              </ul>
            )
          }
        </Loaded>
        <More of={audit} />
      </Section>
    </SettingsFrame>
  )
}

function Entry({ entry }: { readonly entry: AuditEntry }) {
  const { value: say } = settings
  const { deeds } = words.value
  const { at, who, from, method, path, status, about, changed } = entry
  const { deed, link, id } = doneIn(entry)
  const name = about ?? (id === undefined ? null : (accounts.value.get(id)?.address ?? null))
  const line = (
    <code>
      {method} {path.replace('/api/v1', '')}
    </code>
  )
  return (
    <li>
      <div class="rows-name">
        <b>{who.name}</b> {deed === undefined ? line : deeds[deed]}
        {name !== null && (link === undefined ? <b> {name}</b> : <a href={link}> {name}</a>)}
        <p class="facts-line">
          <span>{from}</span>
          {status >= 400 && <span class="refused">{say.refused(status)}</span>}
          {changed.length > 0 && <span>{changed.join(', ')}</span>}
        </p>
        {deed !== undefined && (
          <details class="small">
            <summary>{say.rawLine}</summary>
            {line}
          </details>
        )}
      </div>
      <RelativeTime at={at} />
    </li>
  )
}
