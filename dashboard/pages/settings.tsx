/** The page of settings for language, theme, tokens and the admin's password. */
import { SettingsFrame } from '../components/settings-frame.tsx'
import { may, ownerOf } from '../session.ts'
import { AdminPassword } from './settings/admin-password.tsx'
import { Looks } from './settings/looks.tsx'
import { Tokens } from './settings/tokens.tsx'

export default function Settings() {
  return (
    <SettingsFrame>
      <Looks />
      {may('admin') && ownerOf() === null && (
        <>
          <Tokens />
          <AdminPassword />
        </>
      )}
    </SettingsFrame>
  )
}
