/** The steps of one way into a provider's mailboxes. */
import { Copyable } from '../../components/copyable.tsx'
import { RedirectUri } from '../../components/sign-in/redirect-uri.tsx'
import { guideOf, type GuideStep, type GuideWay, type StepText } from '../../guides.ts'
import type { GuideId, OAuthProvider } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { ApplicationCheck } from './application-check.tsx'
import { SignedInCheck } from './signed-in-check.tsx'
import { TryIt } from './try-it.tsx'

export function Steps({ id, way: { steps, provider } }: { readonly id: GuideId; readonly way: GuideWay }) {
  const texts: Readonly<Record<string, StepText>> = words.value.guides[id].steps
  return (
    <ol class="guide-steps">
      {steps.map((step) => {
        const text = texts[step.code]
        return text === undefined ? null : (
          <Step key={step.code} step={step} text={text} provider={provider} host={guideOf(id).host} />
        )
      })}
    </ol>
  )
}

function Step({
  step: { link, copies = [], copiesUri, check },
  text: { title, acts },
  provider,
  host,
}: {
  readonly step: GuideStep
  readonly text: StepText
  readonly provider: OAuthProvider | undefined
  readonly host: string | null
}) {
  return (
    <li>
      <h3>{title}</h3>
      {link !== undefined && (
        <p>
          <a href={link} target="_blank" rel="noreferrer">
            {link.replace(/^https:\/\//, '').replace(/#view.*$/, '')}
          </a>
        </p>
      )}
      <ul>
        {acts.map((act) => (
          <li key={act}>{act}</li>
        ))}
      </ul>
      {copies.map((text) => (
        <p key={text}>
          <Copyable label={text} text={text} />
        </p>
      ))}
      {copiesUri === true && <RedirectUri />}
      {check === 'login' && <TryIt />}
      {check === 'application' && provider !== undefined && <ApplicationCheck provider={provider} />}
      {check === 'signed in' && provider !== undefined && <SignedInCheck provider={provider} host={host} />}
    </li>
  )
}
