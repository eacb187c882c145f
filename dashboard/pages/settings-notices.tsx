/** The page of settings for webhooks and the bulletin. */
import { SettingsFrame } from '../components/settings-frame.tsx'
import { may, ownerOf } from '../session.ts'
import { MailBulletin } from './settings/mail-bulletin.tsx'
import { Webhooks } from './settings/webhooks.tsx'

export default function SettingsNotices() {
  return (
    <SettingsFrame>
      <Webhooks />
      {may('admin') && ownerOf() === null && <MailBulletin />}
    </SettingsFrame>
  )
}
