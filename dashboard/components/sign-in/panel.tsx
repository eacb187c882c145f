/** How far an account or a destination is signed in at its provider, and everything that can be done about it. */
import { useSignal } from '@preact/signals'
import { call } from '../../client.ts'
import { moment } from '../../intl.ts'
import { useResource } from '../../resource.ts'
import { may } from '../../session.ts'
import type { Destination, OAuthProviders, SignIn } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { Button } from '../button.tsx'
import { Confirm, DialogButton } from '../dialog.tsx'
import { Icon } from '../icon.tsx'
import { Section } from '../page.tsx'
import { attempt } from '../toast.tsx'
import { DeviceDialog } from './device-dialog.tsx'
import { LinkDialog } from './link-dialog.tsx'
import { signInNow } from './sign-in-now.ts'

export interface SigningIn {
  /** Of the account or destination in the API. */
  readonly path: string
  /** What people call it. */
  readonly name: string
  readonly oauth: SignIn
  readonly onChanged: () => void
}

export function SignInPanel(props: SigningIn) {
  const { signing: say } = words.value
  const { path, name, oauth, onChanged } = props
  const { state, signedInAs, expiresAt, warning, provider, reason } = oauth
  const busy = useSignal(false)
  const { value: known } = useResource<OAuthProviders>('/oauth/providers').now
  const flows = known.state === 'ready' ? known.value.items.find(({ id }) => id === provider)?.flows : undefined
  const isIn = state === 'signed in'
  const begin = async () => {
    busy.value = true
    await attempt(async () => await signInNow(path))
    busy.value = false
  }
  const out = async () => {
    await attempt(async () => await call('DELETE', `${path}/oauth`), say.signedOut)
    onChanged()
  }
  return (
    <Section title={say.title}>
      <div class={`callout ${isIn ? 'good' : state === 'refused' ? 'bad' : 'warning'}`} role="status">
        <Icon name={isIn ? 'check' : 'key'} />
        <div>
          <p class="callout-title">{isIn && signedInAs !== null ? say.signedInAs(signedInAs) : say.states[state]}</p>
          <p>
            {provider === null ? say.gone : say.stateHints[state]}{' '}
            {isIn && expiresAt !== null && say.until(moment(expiresAt))}
          </p>
          {/* The API's words: who has signed in in place of the owner, or what the provider said. */}
          {reason !== null && (
            <p class="callout-said" lang="en">
              {say.refused(reason)}
            </p>
          )}
          {warning !== null && (
            <p class="checked bad">
              <Icon name="warning" />
              <span>{say.warnings[warning.code](moment(warning.at))}</span>
            </p>
          )}
        </div>
      </div>
      {may('admin') && provider !== null && (
        <div class="form-do sign-in-do">
          <Button kind={isIn ? 'plain' : 'main'} icon="key" busy={busy.value} onClick={() => void begin()}>
            {isIn ? say.again : say.signIn(say.providers[provider])}
          </Button>
          {flows?.includes('device') === true && (
            <DialogButton dialog={(close) => <DeviceDialog path={path} onDone={onChanged} onClose={close} />}>
              {say.byCode}
            </DialogButton>
          )}
          <DialogButton icon="copy" dialog={(close) => <LinkDialog path={path} name={name} onClose={close} />}>
            {say.makeLink}
          </DialogButton>
          {isIn && (
            <DialogButton
              dialog={(close) => (
                <Confirm
                  title={say.signOutTitle(name)}
                  action={say.signOut}
                  kind="danger"
                  onConfirm={() => void out()}
                  onClose={close}
                >
                  <p>{say.signOutHint}</p>
                </Confirm>
              )}
            >
              {say.signOut}
            </DialogButton>
          )}
        </div>
      )}
    </Section>
  )
}

/** What a page of a destination shows: nothing where it is not signed in at all. */
export function signInOf(destination: Destination): SignIn | null {
  return destination.kind === 'imap' ? destination.oauth : null
}
