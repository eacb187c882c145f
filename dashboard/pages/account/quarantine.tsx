/** Shows the messages in quarantine. Without any it shows nothing: most people never see it. */
import { useSignal } from '@preact/signals'
import { Button } from '../../components/button.tsx'
import { More } from '../../components/more.tsx'
import { Section } from '../../components/page.tsx'
import { SetAside } from '../../components/set-aside.tsx'
import type { Resource } from '../../resource.ts'
import { refresh } from '../../roster.ts'
import { may } from '../../session.ts'
import type { Account, List, QuarantineEntry } from '../../shapes.ts'
import { words } from '../../words/index.ts'

const shownAtFirst = 3

export function Quarantine({
  of,
  account: { id, maxMessageBytes, quarantined },
}: {
  readonly of: Resource<List<QuarantineEntry>>
  readonly account: Account
}) {
  const { account: say, aside, common } = words.value
  const shown = useSignal(shownAtFirst)
  const { value: loaded } = of.now
  if (loaded.state !== 'ready' || loaded.value.items.length === 0) return null
  const { items } = loaded.value
  const done = () => {
    of.reload()
    refresh(id)
  }
  const more = Math.max(quarantined, items.length) - shown.value
  return (
    <Section
      title={say.quarantine}
      aside={may('operate') && quarantined > 1 && <a href={`/set-aside?accountId=${id}`}>{aside.settleAll}</a>}
    >
      <p class="quiet">{say.quarantineHint}</p>
      <ul class="rows">
        {items.slice(0, shown.value).map((entry) => (
          <SetAside key={entry.id} entry={entry} accountId={id} limit={maxMessageBytes} onDone={done} />
        ))}
      </ul>
      {items.length > shown.value ? (
        <Button
          onClick={() => {
            shown.value = Infinity
          }}
        >
          {`${common.showMore} (${more.toLocaleString()})`}
        </Button>
      ) : (
        <More of={of} />
      )}
    </Section>
  )
}
