import { Section } from '../../components/page.tsx'
import { Loaded } from '../../components/states.tsx'
import { bytes } from '../../intl.ts'
import { useResource } from '../../resource.ts'
import type { Usage } from '../../shapes.ts'
import { words } from '../../words/index.ts'

export function Mail({ id }: { readonly id: string }) {
  const { destinations: say } = words.value
  const usage = useResource<Usage>(`/destinations/${id}/usage`)
  return (
    <Section title={say.mail}>
      <Loaded of={usage}>
        {({ folders, messages, octets }) => (
          <>
            <p class="figure">{say.messages(messages)}</p>
            <p class="quiet">
              {say.folders(folders)}
              {octets !== null && octets > 0 && `, ${bytes(octets)}`}
            </p>
          </>
        )}
      </Loaded>
    </Section>
  )
}
