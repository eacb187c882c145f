/** The page of settings for language and colours. */
import { SettingsFrame } from '../components/settings-frame.tsx'
import { Looks } from './settings/looks.tsx'

export default function SettingsPage() {
  return (
    <SettingsFrame>
      <Looks />
    </SettingsFrame>
  )
}
