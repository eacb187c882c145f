/** The form for an application: what this instance is registered as at a provider. */
import { call } from '../../client.ts'
import { useDraft } from '../../draft.ts'
import type { Application, NewApplication, OAuthProvider } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { Choice, Field } from '../field.tsx'
import { FormDialog } from '../form.tsx'
import { tell } from '../toast.tsx'
import { IssuerCheck } from './issuer-check.tsx'
import { RedirectUri } from './redirect-uri.tsx'

const providers = ['microsoft', 'google', 'fastmail', 'custom'] as const satisfies readonly OAuthProvider[]
/** The bases of Microsoft's sovereign clouds, by which an application names one; empty: the usual. */
const clouds = ['', 'https://login.microsoftonline.us', 'https://login.partner.microsoftonline.cn'] as const

interface Typed {
  readonly provider: OAuthProvider
  readonly clientId: string
  readonly clientSecret: string
  readonly tenant: string
  readonly issuer: string
  readonly cloud: (typeof clouds)[number]
  readonly scopes: string
  readonly addresses: string
}

const listIn = (text: string) => text.split(/[\s,]+/).filter((part) => part !== '')
const orNull = (text: string) => (text.trim() === '' ? null : text.trim())

function bodyOf({ provider, clientId, clientSecret, tenant, issuer, cloud, scopes, addresses }: Typed): NewApplication {
  const asked = listIn(scopes)
  const base = provider === 'microsoft' ? orNull(cloud) : provider === 'custom' ? orNull(issuer) : null
  return {
    provider,
    clientId: clientId.trim(),
    ...(clientSecret === '' ? {} : { clientSecret }),
    ...(base === null ? {} : { issuer: base }),
    ...(provider === 'microsoft' ? { tenant: orNull(tenant) } : {}),
    scopes: asked.length === 0 ? null : asked,
    addresses: listIn(addresses),
  }
}

export function ApplicationForm({
  application,
  provider = application?.provider ?? 'microsoft',
  onSaved,
  onClose,
}: {
  /** The one that is to be changed. */
  readonly application?: Application
  readonly provider?: OAuthProvider
  readonly onSaved: () => void
  readonly onClose: () => void
}) {
  const { signing: say, common } = words.value
  const first: Typed = {
    provider,
    clientId: application?.clientId ?? '',
    clientSecret: '',
    tenant: application?.tenant ?? '',
    issuer: application?.issuer ?? '',
    cloud: clouds.find((cloud) => cloud === application?.issuer) ?? '',
    scopes: application?.scopes?.join(' ') ?? '',
    addresses: application?.addresses.join(', ') ?? '',
  }
  const draft = useDraft(first, async (typed) => {
    const { provider: _provider, issuer: _issuer, ...changes } = bodyOf(typed)
    if (application === undefined) await call('POST', '/oauth/applications', bodyOf(typed))
    else await call('PATCH', `/oauth/applications/${application.id}`, changes)
    tell(say.saved)
    onClose()
    onSaved()
  })
  const { provider: chosen } = draft.values
  const isNew = application === undefined
  return (
    <FormDialog title={isNew ? say.add : say.change} draft={draft} action={common.save} onClose={onClose}>
      {isNew && (
        <Choice
          label={say.provider}
          options={providers.map((value) => ({ value, text: say.providers[value] }))}
          {...draft.of('provider')}
        />
      )}
      <RedirectUri />
      <Field label={say.clientId} required autocomplete="off" spellcheck={false} {...draft.of('clientId')} />
      {chosen !== 'fastmail' && (
        <Field
          label={say.secret}
          hint={isNew ? say.secretHints[chosen] : say.secretKept}
          type="password"
          autocomplete="new-password"
          required={isNew && chosen === 'google'}
          {...draft.of('clientSecret')}
        />
      )}
      {chosen === 'microsoft' && (
        <div class="fields-row">
          {isNew && (
            <Choice
              label={say.cloud}
              options={clouds.map((value) => ({ value, text: say.clouds[value] }))}
              {...draft.of('cloud', 'issuer')}
            />
          )}
          <Field label={say.tenant} hint={say.tenantHint} autocomplete="off" {...draft.of('tenant')} />
        </div>
      )}
      {chosen === 'custom' && isNew && (
        <>
          <Field
            label={say.issuer}
            hint={say.issuerHint}
            required
            autocapitalize="none"
            autocomplete="off"
            spellcheck={false}
            {...draft.of('issuer')}
          />
          <IssuerCheck issuer={draft.values.issuer.trim()} />
        </>
      )}
      <details class="by-hand">
        <summary>{say.further}</summary>
        <div class="fields">
          <Field label={say.scopes} hint={say.scopesHint} autocomplete="off" {...draft.of('scopes')} />
          <Field label={say.addresses} hint={say.addressesHint} autocomplete="off" {...draft.of('addresses')} />
        </div>
      </details>
    </FormDialog>
  )
}
