/** Shows the message that is passed on as it looks, in the frame in which it is read: nothing of it runs or is fetched, and nobody edits it. */
import { useRef } from 'preact/hooks'
import { IconButton } from '../../components/button.tsx'
import { sending } from '../../words/sending.ts'
import { Frame } from '../mailbox/frame.tsx'
import { messagePathOf } from './beginning.ts'
import { showPassedOn } from './passed-on.ts'
import type { LetterPlace, PassedOn } from './wire.ts'
import type { Writing } from './writing.ts'

export function PassedOnFrame({ of: writing, passedOn }: { readonly of: Writing; readonly passedOn: PassedOn }) {
  const say = sending.value
  // The draft in which it lies is another one after each save; what was loaded stays.
  const first = useRef<LetterPlace | undefined>(undefined)
  first.current ??= passedOn.draft === undefined ? writing.origin.forward : writing.draft
  const { current: place } = first
  return (
    <section class="passed-on" aria-label={say.passedOn}>
      <header>
        <span class="quiet">{say.passedOnHint}</span>
        <IconButton
          icon="close"
          label={say.remove(say.passedOn)}
          onClick={() => writing.set({ passedOn: undefined })}
        />
      </header>
      {place !== undefined && (
        <Frame
          title={say.passedOn}
          src={`/api/v1${messagePathOf(writing.destination, place, '/html')}`}
          {...(passedOn.draft === undefined ? {} : { onPage: showPassedOn })}
        />
      )}
    </section>
  )
}
