/** Shows this page's address as a QR code. It is not the profile's address: a phone that scans is not signed in, and a 401 from the API helps nobody. */
import { at } from '../../below.ts'
import { QrCode } from '../../components/qr-code.tsx'
import { words } from '../../words/index.ts'

/** A phone cannot reach an address that only this machine reaches. */
const isLoopback = (host: string) => /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(host)

export function OnAPhone({ id, login }: { readonly id: string; readonly login: string }) {
  const { destinations: say } = words.value
  if (isLoopback(location.hostname)) return <p class="quiet small">{say.phoneCannot(location.host)}</p>
  return (
    <div class="on-a-phone">
      <QrCode text={`${location.origin}${at(`/destinations/${id}`)}`} label={say.qrCode} />
      <div>
        <h3>{say.phone}</h3>
        <p class="quiet">{say.phoneHint(login)}</p>
      </div>
    </div>
  )
}
