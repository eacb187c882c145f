/** Shows, adds, changes and removes the applications by which people sign in at providers. */
import { call, everyOne } from '../../client.ts'
import { ApplicationForm } from '../../components/sign-in/application-form.tsx'
import { Confirm, DialogButton } from '../../components/dialog.tsx'
import { Section } from '../../components/page.tsx'
import { Loaded } from '../../components/states.tsx'
import { attempt } from '../../components/toast.tsx'
import { moment } from '../../intl.ts'
import { useResource } from '../../resource.ts'
import type { Application } from '../../shapes.ts'
import { words } from '../../words/index.ts'

export function Applications() {
  const { signing: say } = words.value
  const applications = useResource('/oauth/applications', everyOne<Application>)
  const again = () => applications.reload()
  return (
    <Section
      title={say.applications}
      aside={
        <DialogButton dialog={(close) => <ApplicationForm onSaved={again} onClose={close} />}>{say.add}</DialogButton>
      }
    >
      <p class="quiet">{say.applicationsHint}</p>
      <p class="lead">
        <a href="/guides">{say.howTo}</a>
      </p>
      <Loaded of={applications}>
        {(items) =>
          items.length === 0 ? (
            <p class="quiet">{say.noApplications}</p>
          ) : (
            <ul class="rows">
              {items.map((application) => (
                <Row key={application.id} application={application} onChanged={again} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Section>
  )
}

function Row({ application, onChanged }: { readonly application: Application; readonly onChanged: () => void }) {
  const { signing: say, accounts } = words.value
  const { id, provider, clientId, tenant, issuer, addresses, hasClientSecret, createdAt } = application
  const remove = async () => {
    await attempt(async () => await call('DELETE', `/oauth/applications/${id}`), say.removed)
    onChanged()
  }
  return (
    <li>
      <div class="rows-name">
        <b>{say.providers[provider]}</b> <code>{clientId}</code>
        <p class="facts-line">
          {tenant !== null && <span>{tenant}</span>}
          {issuer !== null && <span>{issuer}</span>}
          <span>{hasClientSecret ? say.withSecret : say.withoutSecret}</span>
          {addresses.length > 0 && <span>{say.unattended(addresses.length)}</span>}
          <span>{moment(createdAt)}</span>
        </p>
      </div>
      <div class="rows-do">
        <DialogButton
          icon="edit"
          dialog={(close) => <ApplicationForm application={application} onSaved={onChanged} onClose={close} />}
        >
          {accounts.edit}
        </DialogButton>
        <DialogButton
          dialog={(close) => (
            <Confirm
              title={say.removeTitle(say.providers[provider])}
              action={accounts.remove}
              kind="danger"
              onConfirm={() => void remove()}
              onClose={close}
            >
              <p>{say.removeHint}</p>
            </Confirm>
          )}
        >
          {accounts.remove}
        </DialogButton>
      </div>
    </li>
  )
}
