/** The steps of one way into a provider's mailboxes. */
import { guides as data, type GuideStep, type GuideWay, type StepText } from '../../guides.ts'
import type { GuideId } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { TryIt } from './try-it.tsx'

export function Steps({ id, way: { steps } }: { readonly id: GuideId; readonly way: GuideWay }) {
  const texts: Readonly<Record<string, StepText>> = words.value.guides[id].steps
  return (
    <ol class="guide-steps">
      {steps.map((step) => {
        const text = texts[step.code]
        return text === undefined ? null : <Step key={step.code} id={id} step={step} text={text} />
      })}
    </ol>
  )
}

function Step({ step, text }: { readonly id: keyof typeof data; readonly step: GuideStep; readonly text: StepText }) {
  const { link, check } = step
  return (
    <li>
      <h3>{text.title}</h3>
      {link !== undefined && (
        <p>
          <a href={link} target="_blank" rel="noreferrer">
            {link.replace(/^https:\/\//, '')}
          </a>
        </p>
      )}
      <ul>
        {text.acts.map((act) => (
          <li key={act}>{act}</li>
        ))}
      </ul>
      {check === 'login' && <TryIt />}
    </li>
  )
}
