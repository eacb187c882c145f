/** What the authorization server of an issuer says of itself (RFC 8414): whether people can sign in there, and by which flows. */
import { useSignal } from '@preact/signals'
import { get } from '../../client.ts'
import { list } from '../../intl.ts'
import type { ServerMetadata } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { Button } from '../button.tsx'
import { Checked } from '../checked.tsx'
import { attempt } from '../toast.tsx'

export function IssuerCheck({ issuer }: { readonly issuer: string }) {
  const { signing: say } = words.value
  const busy = useSignal(false)
  const seen = useSignal<{ readonly of: string; readonly said: ServerMetadata } | undefined>(undefined)
  const ask = async () => {
    busy.value = true
    await attempt(async () => {
      const said = await get<ServerMetadata>(`/oauth/metadata?issuer=${encodeURIComponent(issuer)}`)
      seen.value = { of: issuer, said }
    })
    busy.value = false
  }
  const said = seen.value?.of === issuer ? seen.value.said : undefined
  return (
    <div class="issuer-check">
      <Button icon="search" busy={busy.value} disabled={issuer === ''} onClick={() => void ask()}>
        {say.askServer}
      </Button>
      {said !== undefined && (
        <Checked state={said.ok ? 'good' : 'bad'}>
          {said.ok ? (
            say.serverAnswers(list(said.flows.map((flow) => say.flows[flow])))
          ) : (
            <>
              {say.serverFails} <span lang="en">{said.failure}</span>
            </>
          )}
        </Checked>
      )}
    </div>
  )
}
