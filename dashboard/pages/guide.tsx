/** The page of one provider: what works there, and each step with its clicks, links, texts to be copied, and a check where one can be made. */
import { Page, Section } from '../components/page.tsx'
import { EmptyState } from '../components/states.tsx'
import { guideOf, isGuide } from '../guides.ts'
import type { PageProps } from '../router.ts'
import type { GuideId } from '../shapes.ts'
import { words } from '../words/index.ts'
import { Steps } from './guide/steps.tsx'

export default function GuidePage({ params: { id = '' } }: PageProps) {
  const { guide: say, shell } = words.value
  const back = { to: '/guides', name: say.title }
  if (isGuide(id)) return <Guide id={id} />
  return (
    <Page title={shell.noPage} back={back}>
      <EmptyState icon="search" title={shell.noPageHint}>
        <a href={back.to}>{say.title}</a>
      </EmptyState>
    </Page>
  )
}

function Guide({ id }: { readonly id: GuideId }) {
  const { guide: say, guides } = words.value
  const { host, ways } = guideOf(id)
  const { name, lead } = guides[id]
  return (
    <Page title={name} lead={lead} back={{ to: '/guides', name: say.title }}>
      {host !== null && <p class="guide-server">{say.server(host)}</p>}
      <div class="guide">
        {ways.map((one) => (
          <Section key={one.way} title={say.ways[one.way]}>
            <Steps id={id} way={one} />
          </Section>
        ))}
      </div>
    </Page>
  )
}
