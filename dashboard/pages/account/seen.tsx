/** Shows what a run brought and its transcript; both are read when they are opened. */
import { get, problemOf } from '../../client.ts'
import { Bytes } from '../../components/bytes.tsx'
import { More } from '../../components/more.tsx'
import { Loaded } from '../../components/states.tsx'
import { clock, exact } from '../../intl.ts'
import { type Resource, useResource } from '../../resource.ts'
import type { Arrivals, Run, Transcript } from '../../shapes.ts'
import { words } from '../../words/index.ts'

/** Most runs have no transcript any more. */
async function transcriptAt(path: string, signal: AbortSignal): Promise<Transcript> {
  try {
    return await get<Transcript>(path, signal)
  } catch (error) {
    if (problemOf(error).status !== 404) throw error
    return { lines: [], truncated: false }
  }
}

export function Seen({ run: { id, stored, startedAt, queuedAt } }: { readonly run: Run }) {
  const { account: say } = words.value
  const arrivals = useResource<Arrivals>(`/runs/${id}/messages?limit=50`)
  const transcript = useResource(`/runs/${id}/transcript`, transcriptAt)
  return (
    <div class="seen">
      {stored > 0 && (
        <>
          <h3>{say.storedMail}</h3>
          <Loaded of={arrivals}>
            {(seen) =>
              seen.items.length === 0 ? (
                <p class="quiet">{say.noStoredMail}</p>
              ) : (
                <ArrivedMail of={arrivals} seen={seen} />
              )
            }
          </Loaded>
        </>
      )}
      <h3>{say.transcript}</h3>
      <Loaded of={transcript}>
        {({ lines, truncated }) =>
          lines.length === 0 ? (
            <p class="quiet">{say.noTranscript}</p>
          ) : (
            // The focus makes it scroll by keyboard too.
            <div
              class="transcript"
              tabIndex={0}
              role="group"
              aria-label={`${say.transcript}: ${exact(startedAt ?? queuedAt)}`}
            >
              <ol>
                {lines.map(({ at, side, text }, nth) => (
                  <li key={`${nth} ${at}`} class={side}>
                    <time dateTime={at}>{clock(at)}</time>
                    <b>{say.sides[side]}</b>
                    <code>{text}</code>
                  </li>
                ))}
              </ol>
              {truncated && <p class="quiet">{say.truncated}</p>}
            </div>
          )
        }
      </Loaded>
    </div>
  )
}

function ArrivedMail({
  of,
  seen: { items, next, omitted },
}: {
  readonly of: Resource<Arrivals>
  readonly seen: Arrivals
}) {
  const { account: say } = words.value
  return (
    <>
      <ul class="rows tight mail">
        {items.map(({ storedAt, from, subject, size }, nth) => (
          <li key={`${nth} ${storedAt}`}>
            <div class="rows-name">
              <span class="mail-subject">{subject || say.noSubject}</span>
              <p class="quiet">{from}</p>
            </div>
            <Bytes octets={size} />
          </li>
        ))}
      </ul>
      <More of={of} />
      {next === null && omitted > 0 && <p class="quiet">{say.omitted(omitted)}</p>}
    </>
  )
}
