import { call, everyOne } from '../../client.ts'
import { CertificateFields, sentTrust, usualTrust } from '../../components/certificate-fields.tsx'
import { Field } from '../../components/field.tsx'
import { FormDialog } from '../../components/form.tsx'
import { ImportBudget, octetsIn } from '../../components/import-budget.tsx'
import { MailboxFields, makeMailbox } from '../../components/new-mailbox.tsx'
import { Options } from '../../components/options.tsx'
import { LineFields, sentLine, usualLine } from '../../components/line-fields.tsx'
import type { TypedLogin } from '../../components/login-fields.tsx'
import { MailboxTrial } from '../../components/mailbox-trial.tsx'
import { imapPorts, ServerFields } from '../../components/server-fields.tsx'
import { byPassword, Entry, entryOf } from '../../components/sign-in/entry.tsx'
import { signInNow } from '../../components/sign-in/sign-in-now.ts'
import { attempt } from '../../components/toast.tsx'
import { useDraft } from '../../draft.ts'
import { useResource } from '../../resource.ts'
import { navigate } from '../../router.ts'
import type { Application, Destination } from '../../shapes.ts'
import { words } from '../../words/index.ts'

interface Typed extends TypedLogin {
  readonly kind: Destination['kind']
  /** The login of a hosted destination. */
  readonly login: string
  /** What first imports may bring in an hour, in MB. */
  readonly budget: string
}

const nothing: Typed = {
  kind: 'hosted',
  login: '',
  password: '',
  entry: byPassword,
  budget: '',
  host: '',
  port: String(imapPorts.implicit),
  tls: 'implicit',
  user: '',
  ...usualLine,
  ...usualTrust,
}

/** As the API takes a mailbox elsewhere. */
const foreignOf = ({ kind, password, entry, host, port, tls, user, budget, ...rest }: Typed) => ({
  kind,
  host: host.trim(),
  port: Number(port),
  tls,
  user: user.trim(),
  ...sentLine(rest, { protocol: 'IMAP', signsIn: entry !== byPassword }),
  ...sentTrust(rest),
  ...entryOf(entry, password),
  importBytesPerHour: octetsIn(budget),
})

export function NewDestination({ onClose }: { readonly onClose: () => void }) {
  const { destinations: say, form } = words.value
  const draft = useDraft(nothing, async (typed) => {
    const { kind, login, password, entry } = typed
    const made =
      kind === 'hosted'
        ? await makeMailbox(login, password)
        : await call<Destination>('POST', '/destinations', foreignOf(typed))
    onClose()
    navigate(`/destinations/${made.id}`)
    if (kind === 'imap' && entry !== byPassword) await attempt(async () => await signInNow(`/destinations/${made.id}`))
  })
  const password = draft.of('password')
  const { value: known } = useResource('/oauth/applications', everyOne<Application>).now
  const applications = known.state === 'ready' ? known.value : []
  return (
    <FormDialog title={say.add} draft={draft} action={say.make} onClose={onClose}>
      <Options
        label={say.kind}
        options={[
          { value: 'hosted', text: say.kinds.hosted, hint: say.kindHints.hosted },
          { value: 'imap', text: say.kinds.imap, hint: say.kindHints.imap },
        ]}
        {...draft.of('kind')}
      />
      {draft.values.kind === 'hosted' ? (
        <div class="fields-row">
          <MailboxFields login={draft.of('login')} password={password} />
        </div>
      ) : (
        <>
          <ServerFields label={say.imapServer} draft={draft} ports={imapPorts} />
          {applications.length > 0 && <Entry applications={applications} {...draft.of('entry', 'auth')} />}
          {draft.values.entry === byPassword && (
            <Field label={form.password} type="password" required autocomplete="new-password" {...password} />
          )}
          {draft.values.tls !== 'none' && <CertificateFields draft={draft} />}
          <LineFields draft={draft} way={{ protocol: 'IMAP', signsIn: draft.values.entry !== byPassword }} />
          {draft.values.entry === byPassword && (
            <MailboxTrial path="/destinations/test" draft={draft} body={() => foreignOf(draft.values)} />
          )}
          <ImportBudget hint={say.limitImportsHint} {...draft.of('budget', 'importBytesPerHour')} />
        </>
      )}
    </FormDialog>
  )
}
