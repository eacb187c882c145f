/** A text to be copied as it is, such as a host or a token. */
import { tell } from './toast.tsx'
import { IconButton } from './button.tsx'
import { words } from '../words/index.ts'

export function Copyable({ label, text }: { readonly label: string; readonly text: string }) {
  const { common } = words.value
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      tell(common.copied)
    } catch {
      // Browsers let a page copy only over HTTPS or on a loopback address.
      tell(common.copyByHand, 'bad')
    }
  }
  return (
    <span class="copyable">
      <code>{text}</code>
      <IconButton icon="copy" label={common.copy(label)} onClick={() => void copy()} />
    </span>
  )
}
