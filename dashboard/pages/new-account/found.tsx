/** Shows the servers that were found, the best first, and offers to enter another one. */
import { AdviceNote } from '../../components/advice.tsx'
import { Button } from '../../components/button.tsx'
import type { Discovery } from '../../discovery.ts'
import { Icon } from '../../components/icon.tsx'
import { Options } from '../../components/options.tsx'
import { words } from '../../words/index.ts'
import { type Adding, byHand, serverOf } from './new-account.ts'

/** Why no server is shown; empty if there is one, or if nothing was asked. */
export function whyNot(found: Discovery): string {
  const { add: say } = words.value
  if (found.state === 'away') return say.noAnswer
  if (found.state === 'failed') return say.notFound.unknown
  return found.state === 'answered' && found.reason !== null ? say.notFound[found.reason] : ''
}

/** Asks back where an address is one letter away from a common one. */
export function Meant({ adding: { draft, found } }: { readonly adding: Adding }) {
  const { add: say } = words.value
  const meant = found.state === 'answered' ? found.suggestion : null
  if (meant === null) return null
  return (
    <p class="note warning" role="status">
      {say.meant(meant)} <Button onClick={() => draft.set({ address: meant, user: '' })}>{say.takeMeant}</Button>
    </p>
  )
}

export function Found({ adding }: { readonly adding: Adding }) {
  const { draft, found, chosen } = adding
  const { add: say, guide, guides } = words.value
  const id = found.state === 'answered' ? found.guide : null
  const candidates = found.state === 'answered' ? found.candidates : []
  return (
    <>
      <p class="found" role="status">
        {found.state === 'looking' ? (
          <>
            <Icon name="busy" />
            {say.looking}
          </>
        ) : (
          whyNot(found)
        )}
      </p>
      <Meant adding={adding} />
      {found.state === 'answered' && found.candidates.length === 0 && <AdviceNote advice={found.advice} note={null} />}
      <p class="found">
        <a href={id === null ? '/guides' : `/guides/${id}`}>{id === null ? guide.all : guide.of(guides[id].name)}</a>
      </p>
      {candidates.length > 0 && (
        <Options
          label={say.found(candidates.length)}
          value={chosen.value}
          options={[
            ...candidates.map((candidate, nth) => ({
              value: String(nth),
              text: `${candidate.hostUnicode}, ${say.portAndTls(candidate.port, candidate.tls)}`,
              hint: (
                <>
                  <span class={candidate.verified ? 'sure' : ''}>
                    {candidate.verified ? say.verified : say.unverified}
                  </span>
                  {' · '}
                  {say.sources[candidate.source]}
                  <AdviceNote advice={candidate.advice} note={candidate.note} />
                </>
              ),
            })),
            { value: byHand, text: say.byHand, hint: say.byHandHint },
          ]}
          onChange={(value) => {
            const candidate = candidates[Number(value)]
            chosen.value = value
            if (candidate !== undefined) draft.set(serverOf(candidate))
          }}
        />
      )}
    </>
  )
}
