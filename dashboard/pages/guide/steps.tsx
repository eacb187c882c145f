/** The steps of one way into a provider's mailboxes. */
import { Copyable } from '../../components/copyable.tsx'
import { Icon } from '../../components/icon.tsx'
import { RedirectUri } from '../../components/sign-in/redirect-uri.tsx'
import { guideOf, type GuideStep, type GuideWay, type StepText } from '../../guides.ts'
import type { GuideId, OAuthProvider } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { IssuerTry } from './issuer-try.tsx'
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
  step: { links = [], copies = [], copiesUri, check },
  text: { title, acts, done },
  provider,
  host,
}: {
  readonly step: GuideStep
  readonly text: StepText
  readonly provider: OAuthProvider | undefined
  readonly host: string | null
}) {
  const { guide: say } = words.value
  return (
    <li>
      <h3>{title}</h3>
      {links.length > 0 && (
        <ul class="guide-links">
          {links.map((link) => (
            <li key={link}>
              <a href={link} target="_blank" rel="noreferrer">
                {placeOf(link)}
              </a>
            </li>
          ))}
        </ul>
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
      {done !== undefined && (
        <p class="checked open">
          <Icon name="check" />
          <span>{say.doneWhen(done)}</span>
        </p>
      )}
      {check === 'login' && <TryIt />}
      {check === 'issuer' && <IssuerTry />}
      {check === 'application' && provider !== undefined && <ApplicationCheck provider={provider} />}
      {check === 'signed in' && provider !== undefined && <SignedInCheck provider={provider} host={host} />}
    </li>
  )
}

/** What people recognize of a link: the host, and the path where it is short. */
function placeOf(link: string): string {
  const { host, pathname, hash } = new URL(link)
  const path = `${pathname}${hash.startsWith('#view') ? '' : hash}`
  return path === '/' || path.length > 48 ? host : `${host}${path}`
}
