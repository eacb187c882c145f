/** Shows the messages in quarantine. Without any it shows nothing: most people never see it. */
import { useSignal } from '@preact/signals'
import { call } from '../../client.ts'
import { Button } from '../../components/button.tsx'
import { Bytes } from '../../components/bytes.tsx'
import { Section } from '../../components/page.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { attempt } from '../../components/toast.tsx'
import { nowMs } from '../../intl.ts'
import type { Resource } from '../../resource.ts'
import { may } from '../../session.ts'
import type { List, QuarantineEntry } from '../../shapes.ts'
import { words } from '../../words/index.ts'

const shownAtFirst = 3

export function Quarantine({
  of,
  accountId,
}: {
  readonly of: Resource<List<QuarantineEntry>>
  readonly accountId: string
}) {
  const { account: say, failures, common } = words.value
  const shown = useSignal(shownAtFirst)
  const { value: loaded } = of.now
  if (loaded.state !== 'ready' || loaded.value.items.length === 0) return null
  const act = async (entry: QuarantineEntry, verb: 'retry' | 'dismiss') => {
    const done = verb === 'retry' ? say.retried : say.dismissed
    await attempt(async () => await call('POST', `/accounts/${accountId}/quarantine/${entry.id}/${verb}`), done)
    of.reload()
  }
  return (
    <Section title={say.quarantine}>
      <p class="quiet">{say.quarantineHint}</p>
      <ul class="rows">
        {loaded.value.items.slice(0, shown.value).map((entry) => (
          <li key={entry.id} class="set-aside">
            <div class="rows-name">
              <p class="set-aside-why">{failures[entry.reason.kind].title}</p>
              {entry.subject !== null && <p dir="auto">{entry.subject === '' ? say.noSubject : entry.subject}</p>}
              {entry.from !== null && (
                <p class="quiet" dir="auto">
                  {entry.from}
                </p>
              )}
              <p class="quiet">
                {/* The API's words, and the server's. */}
                <span lang="en">{entry.reason.message}</span> {entry.passes && say.mayPass}
              </p>
              <p class="facts-line">
                <Bytes octets={entry.size} />
                <span>{say.attempts(entry.attempts)}</span>
                <RelativeTime at={entry.firstSeenAt} />
                <Again at={entry.nextAttemptAt} />
              </p>
            </div>
            <div class="set-aside-do">
              {may('operate') && (
                <>
                  <Button icon="refresh" onClick={() => void act(entry, 'retry')}>
                    {say.retry}
                  </Button>
                  <Button onClick={() => void act(entry, 'dismiss')}>{say.dismiss}</Button>
                </>
              )}
              <a
                class="button plain"
                href={`/api/v1/accounts/${accountId}/quarantine/${entry.id}/message`}
                download={`${entry.id}.eml`}
              >
                {say.download}
              </a>
            </div>
          </li>
        ))}
      </ul>
      {loaded.value.items.length > shown.value && (
        <Button
          onClick={() => {
            shown.value = loaded.value.items.length
          }}
        >
          {common.showMore} ({loaded.value.items.length - shown.value})
        </Button>
      )}
    </Section>
  )
}

/** Says when the message is tried again by itself. */
function Again({ at }: { readonly at: string | null }) {
  const { account: say } = words.value
  if (at === null) return <span>{say.onlyByHand}</span>
  // The time has come: the next run tries it.
  if (Date.parse(at) <= nowMs.value) return <span>{say.againNextRun}</span>
  return (
    <span>
      {say.again} <RelativeTime at={at} />
    </span>
  )
}
