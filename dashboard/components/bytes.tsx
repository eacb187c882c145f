import { bytes, number } from '../intl.ts'
import { words } from '../words/index.ts'

/** `1.2 MB`, and to the octet for whoever points at it. */
export function Bytes({ octets }: { readonly octets: number }) {
  return <span title={`${number(octets)} ${words.value.common.octets}`}>{bytes(octets)}</span>
}
