import { bytes, number } from '../intl.ts'
import { words } from '../words/index.ts'

/** Shows a size as `1.2 MB`, and exactly to the octet when somebody points at it. */
export function Bytes({ octets }: { readonly octets: number }) {
  return (
    <span class="size" title={`${number(octets)} ${words.value.common.octets}`}>
      {bytes(octets)}
    </span>
  )
}
