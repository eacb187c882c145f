/** Shows a QR code (ISO/IEC 18004), dark on light in either theme, as readers expect. The library that draws it is loaded with the first one. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

export function QrCode({ text, label }: { readonly text: string; readonly label: string }) {
  const modules = useSignal<readonly (readonly boolean[])[]>([])
  useEffect(() => {
    void import('uqr').then(({ encode }) => {
      // The border of four light modules that section 9.1 asks for.
      modules.value = encode(text, { ecc: 'M', border: 4 }).data
    })
  }, [text, modules])
  const { value: rows } = modules
  const path = rows.flatMap((row, y) => row.flatMap((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : []))).join('')
  return (
    <svg class="qr" role="img" aria-label={label} viewBox={`0 0 ${rows.length} ${rows.length}`}>
      <path d={path} />
    </svg>
  )
}
