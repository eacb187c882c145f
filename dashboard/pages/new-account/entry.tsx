/** The choice of how Tributary gets into the new account. */
import { Entry as EntryChoice } from '../../components/sign-in/entry.tsx'
import { may } from '../../session.ts'
import { words } from '../../words/index.ts'
import type { Adding } from './new-account.ts'

export function Entry({ adding: { draft, applications, found } }: { readonly adding: Adding }) {
  const { signing: say, guide, guides } = words.value
  if (applications.length > 0) return <EntryChoice applications={applications} {...draft.of('entry', 'auth')} />
  // Microsoft lets nobody in by a password.
  return found.state === 'answered' && found.guide === 'microsoft' ? (
    <p class="found">
      {say.noApplicationYet} {may('admin') && <a href="/guides/microsoft">{guide.of(guides.microsoft.name)}</a>}
    </p>
  ) : null
}
