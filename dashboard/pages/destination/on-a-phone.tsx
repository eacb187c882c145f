/** This page as a QR code. Not the profile itself: a phone that scans is not signed in, and an API's 401 helps nobody. */
import { QrCode } from '../../components/qr-code.tsx'
import { words } from '../../words/index.ts'

/** Where only this machine gets to, a phone does not. */
const isLoopback = (host: string) => /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(host)

export function OnAPhone({ id, login }: { readonly id: string; readonly login: string }) {
  const { destinations: say } = words.value
  if (isLoopback(location.hostname)) return <p class="quiet small">{say.phoneCannot(location.host)}</p>
  return (
    <div class="on-a-phone">
      <QrCode text={`${location.origin}/destinations/${id}`} label={say.qrCode} />
      <div>
        <h3>{say.phone}</h3>
        <p class="quiet">{say.phoneHint(login)}</p>
      </div>
    </div>
  )
}
