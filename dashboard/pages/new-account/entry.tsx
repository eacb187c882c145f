/** The choice of how Tributary gets into the new account. */
import { Entry as EntryChoice } from '../../components/sign-in/entry.tsx'
import { may } from '../../session.ts'
import { words } from '../../words/index.ts'
import type { Adding } from './new-account.ts'

export function Entry({ adding: { draft, applications, found, isClosed } }: { readonly adding: Adding }) {
  const { signing: say, guide, guides } = words.value
  if (applications.length > 0) return <EntryChoice applications={applications} {...draft.of('entry', 'auth')} />
  if (!isClosed || found.state !== 'answered') return null
  const id = found.guide ?? 'custom'
  return (
    <p class="note warning">
      {say.noApplicationYet} {may('admin') && <a href={`/guides/${id}`}>{guide.of(guides[id].name)}</a>}
    </p>
  )
}
