/** Shows the servers that were found, the best first, and offers to enter another one. */
import { Icon } from '../../components/icon.tsx'
import { Options } from '../../components/options.tsx'
import { words } from '../../words/index.ts'
import { type Adding, byHand, isNotFound, serverOf } from './new-account.ts'

export function Found({ adding: { draft, found, chosen } }: { readonly adding: Adding }) {
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
        ) : isNotFound(found) ? (
          `${say.notFound} ${found.state === 'answered' ? (found.note ?? '') : ''}`
        ) : (
          ''
        )}
      </p>
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
                  {candidate.note !== null && <b class="candidate-note">{candidate.note}</b>}
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
