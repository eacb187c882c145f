/** What has to be known before the first login at a provider, in the reader's language, with the page where it is done. */
import type { Candidate } from '../shapes.ts'
import { words } from '../words/index.ts'

export type Advice = NonNullable<Candidate['advice']>

/** @param note the same in English, for advice that has no code. */
export function AdviceNote({ advice, note }: { readonly advice: Advice | null; readonly note: string | null }) {
  const { advice: say } = words.value
  if (advice === null)
    return note === null ? null : (
      <b class="candidate-note" lang="en">
        {note}
      </b>
    )
  return (
    <b class="candidate-note">
      {say.texts[advice.code](advice.provider ?? say.aProvider)}{' '}
      {advice.url !== null && <AdvicePage url={advice.url} />}
    </b>
  )
}

export function AdvicePage({ url }: { readonly url: string }) {
  return (
    <a href={url} target="_blank" rel="noreferrer noopener">
      {words.value.advice.page(new URL(url).hostname)}
    </a>
  )
}
