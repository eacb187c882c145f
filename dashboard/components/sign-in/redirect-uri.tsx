/** The redirect URI of this instance, to be copied into a provider's form, and whether a provider will take it. */
import { useResource } from '../../resource.ts'
import type { OAuthProviders } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { Copyable } from '../copyable.tsx'
import { Icon } from '../icon.tsx'

export function RedirectUri() {
  const { signing: say } = words.value
  const { value: loaded } = useResource<OAuthProviders>('/oauth/providers').now
  if (loaded.state !== 'ready') return null
  const { redirectUri } = loaded.value
  return (
    <div class="redirect-uri">
      <b>{say.redirectUri}</b>
      <Copyable label={say.redirectUri} text={redirectUri} />
      {!isTaken(redirectUri) && (
        <p class="checked bad">
          <Icon name="warning" />
          <span>{say.notTaken}</span>
        </p>
      )}
    </div>
  )
}

/** Providers take https, and http of this machine alone; Microsoft's form takes 127.0.0.1 only over https. */
const isTaken = (uri: string) => uri.startsWith('https:') || new URL(uri).hostname === 'localhost'
