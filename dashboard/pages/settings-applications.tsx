/** The page of settings for the applications by which people sign in at providers. */
import { SettingsFrame } from '../components/settings-frame.tsx'
import { EmptyState } from '../components/states.tsx'
import { may, ownerOf } from '../session.ts'
import { words } from '../words/index.ts'
import { Applications } from './settings/applications.tsx'

export default function SettingsApplications() {
  return (
    <SettingsFrame>
      {may('admin') && ownerOf() === null ? (
        <Applications />
      ) : (
        <EmptyState icon="key" title={words.value.problems.forbidden} />
      )}
    </SettingsFrame>
  )
}
