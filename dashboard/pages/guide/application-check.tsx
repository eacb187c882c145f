/** Whether an application of this provider is saved, and the form to save it. */
import { everyOne } from '../../client.ts'
import { Button } from '../../components/button.tsx'
import { Checked } from '../../components/checked.tsx'
import { DialogButton } from '../../components/dialog.tsx'
import { ApplicationForm } from '../../components/sign-in/application-form.tsx'
import { Loaded } from '../../components/states.tsx'
import { useResource } from '../../resource.ts'
import { may, ownerOf } from '../../session.ts'
import type { Application, OAuthProvider } from '../../shapes.ts'
import { words } from '../../words/index.ts'

export function ApplicationCheck({ provider }: { readonly provider: OAuthProvider }) {
  const { guide: say, signing } = words.value
  const applications = useResource('/oauth/applications', everyOne<Application>)
  return (
    <div class="guide-try">
      <Loaded of={applications} lines={1}>
        {(all) => {
          const own = all.filter((one) => one.provider === provider)
          return own.length === 0 ? (
            <Checked state="open">{say.noApplication}</Checked>
          ) : (
            own.map(({ id, clientId }) => (
              <Checked key={id} state="good">
                {say.applicationSaved(clientId)}
              </Checked>
            ))
          )
        }}
      </Loaded>
      <div class="form-do">
        {may('admin') && ownerOf() === null && (
          <DialogButton
            kind="main"
            dialog={(close) => (
              <ApplicationForm provider={provider} onSaved={() => applications.reload()} onClose={close} />
            )}
          >
            {signing.add}
          </DialogButton>
        )}
        <Button icon="refresh" onClick={() => applications.reload()}>
          {say.lookAgain}
        </Button>
      </div>
    </div>
  )
}
