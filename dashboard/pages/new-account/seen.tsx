/** Shows the result of a test of the account that is to be added. */
import { groups, sentTrust } from '../../components/certificate-fields.tsx'
import { Examined } from '../../components/examined.tsx'
import type { Examination } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import type { Adding } from './new-account.ts'

export function Seen({ seen, adding: { draft, create } }: { readonly seen: Examination; readonly adding: Adding }) {
  const { tls, address } = draft.values
  return (
    <Examined
      seen={seen}
      isPlain={tls === 'none'}
      user={address.trim()}
      trusted={sentTrust(draft.values).tlsFingerprint}
      onTrust={(fingerprint) => draft.set({ trust: 'pinned', fingerprint: groups(fingerprint) })}
      anyway={{ text: words.value.add.anyway, act: () => void create() }}
    />
  )
}
