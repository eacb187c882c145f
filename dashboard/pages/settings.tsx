/** The page of settings for tokens and the admin's password. Whoever sets neither finds language and colours here. */
import { SettingsFrame } from '../components/settings-frame.tsx'
import { may, ownerOf } from '../session.ts'
import { AdminPassword } from './settings/admin-password.tsx'
import { Looks } from './settings/looks.tsx'
import { Tokens } from './settings/tokens.tsx'

export default function Settings() {
  return (
    <SettingsFrame>
      {may('admin') && ownerOf() === null ? (
        <>
          <Tokens />
          <AdminPassword />
        </>
      ) : (
        <Looks />
      )}
    </SettingsFrame>
  )
}
