/** Shows what was found for an address: the servers, the best first, and what has to be known. It has room for that from the start: nothing moves when the answer comes. */
import { AdviceNote } from '../../components/advice.tsx'
import { Button } from '../../components/button.tsx'
import type { Discovery } from '../../discovery.ts'
import { Choice } from '../../components/field.tsx'
import { Icon } from '../../components/icon.tsx'
import type { Candidate } from '../../shapes.ts'
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
    <div class="found-room">
      {candidates.length > 0 && (
        <Choice
          label={say.found(candidates.length)}
          value={chosen.value}
          options={[
            ...candidates.map(({ hostUnicode, port, tls }, nth) => ({
              value: String(nth),
              text: `${hostUnicode}, ${say.portAndTls(port, tls)}`,
            })),
            { value: byHand, text: say.byHand },
          ]}
          onChange={(value) => {
            const candidate = candidates[Number(value)]
            chosen.value = value
            if (candidate !== undefined) draft.set(serverOf(candidate))
          }}
        />
      )}
      <div class="found" role="status">
        <Told of={found} candidate={candidates[Number(chosen.value)]} />
      </div>
      <Meant adding={adding} />
      <a class="small" href={id === null ? '/guides' : `/guides/${id}`}>
        {id === null ? guide.all : guide.of(guides[id].name)}
      </a>
    </div>
  )
}

/** @param candidate the chosen one; undefined where there is none, or the server is entered by hand. */
function Told({ of: found, candidate }: { readonly of: Discovery; readonly candidate: Candidate | undefined }) {
  const { add: say } = words.value
  switch (found.state) {
    case 'nothing asked':
      return <>{say.foundHere}</>
    case 'looking':
      return (
        <>
          <Icon name="busy" /> {say.looking}
        </>
      )
    case 'away':
    case 'failed':
      return <>{whyNot(found)}</>
    case 'answered':
      if (found.candidates.length === 0)
        return (
          <>
            {whyNot(found)} <AdviceNote advice={found.advice} note={null} />
          </>
        )
      if (candidate === undefined) return <>{say.byHandHint}</>
      return (
        <>
          <span class={candidate.verified ? 'sure' : ''}>{candidate.verified ? say.verified : say.unverified}</span>
          {' · '}
          {say.sources[candidate.source]}
          <AdviceNote advice={candidate.advice} note={candidate.note} />
        </>
      )
  }
}
