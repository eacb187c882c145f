/** The page of settings for the sealing keys and for the whole instance. */
import { SettingsFrame } from '../components/settings-frame.tsx'
import { EmptyState } from '../components/states.tsx'
import { may, ownerOf } from '../session.ts'
import { words } from '../words/index.ts'
import { KeyRing } from './settings/key-ring.tsx'
import { Limits } from './settings/limits.tsx'

export default function SettingsInstance() {
  return (
    <SettingsFrame>
      {may('admin') && ownerOf() === null ? (
        <>
          <Limits />
          <KeyRing />
        </>
      ) : (
        <EmptyState icon="settings" title={words.value.problems.forbidden} />
      )}
    </SettingsFrame>
  )
}
