/** Says in short how mail is answered as the address that it came to. */
import { Page, Section } from '../components/page.tsx'
import { Skeleton } from '../components/states.tsx'
import { words } from '../words/index.ts'
import { sending, useSendingWords } from '../words/sending.ts'

const parts = ['happens', 'begin', 'verify', 'refused', 'programs', 'where'] as const

export default function Answering() {
  const hasWords = useSendingWords()
  if (!hasWords) return <Skeleton lines={8} />
  const { help: say } = sending.value
  return (
    <Page title={say.title} lead={say.lead} back={{ to: '/accounts', name: words.value.accounts.title }}>
      <div class="guide">
        {parts.map((part) => (
          <Section key={part} title={say.parts[part].title}>
            <p>{say.parts[part].text}</p>
          </Section>
        ))}
      </div>
    </Page>
  )
}
