/** Where and how an account or a mailbox elsewhere logs in, to be changed; with its password where the change needs it (CONTRACT section 10). */
import { everyOne } from '../client.ts'
import type { Draft } from '../draft.ts'
import { useResource } from '../resource.ts'
import type { Account, Application } from '../shapes.ts'
import { words } from '../words/index.ts'
import { CertificateFields, sentTrust, type Trust, trustOf } from './certificate-fields.tsx'
import { Field } from './field.tsx'
import { isOlder, type Line, LineFields, lineOf, sentLine, type Way } from './line-fields.tsx'
import { imapPorts, pop3Ports, type Server, ServerRow } from './server-fields.tsx'
import { byPassword, Entry } from './sign-in/entry.tsx'

export interface TypedLogin extends Server, Line, Trust {
  readonly password: string
  /** The application by which its owner signs in, or `password`. */
  readonly entry: string
}

type Login = Pick<
  Account,
  | 'hostUnicode'
  | 'port'
  | 'tls'
  | 'tlsVerify'
  | 'tlsFingerprint'
  | 'user'
  | 'oauth'
  | 'sasl'
  | 'tlsMinVersion'
  | 'tlsLegacy'
  | 'proxy'
>
type Protocol = Way['protocol']

export const typedLogin = (of: Login): TypedLogin => ({
  host: of.hostUnicode,
  port: String(of.port),
  tls: of.tls,
  user: of.user,
  password: '',
  entry: of.oauth?.applicationId ?? byPassword,
  ...lineOf(of),
  ...trustOf(of),
})

/** As the API takes it, without the password. */
function sentLogin(typed: TypedLogin, protocol: Protocol) {
  const signsIn = typed.entry !== byPassword
  return {
    host: typed.host.trim(),
    port: Number(typed.port),
    tls: typed.tls,
    user: typed.user,
    auth: signsIn ? ('oauth2' as const) : ('password' as const),
    oauth: signsIn ? { applicationId: typed.entry } : null,
    ...sentLine(typed, { protocol, signsIn }),
    ...sentTrust(typed),
  }
}

/** The fields that are another than before, and the password if one is typed and there is one at all. */
export function changedLogin(before: Login, typed: TypedLogin, protocol: Protocol): object {
  const was = sentLogin(typedLogin(before), protocol)
  const is = sentLogin(typed, protocol)
  const names = Object.keys(is) as (keyof typeof is)[]
  const changed = names.filter((name) => JSON.stringify(is[name]) !== JSON.stringify(was[name]))
  return {
    ...Object.fromEntries(changed.map((name) => [name, is[name]])),
    ...(is.auth === 'oauth2' || typed.password === '' ? {} : { password: typed.password }),
  }
}

/**
 * Whether the API takes this change only from somebody who knows the password.
 *
 * @param shown the fingerprints that tests of it have met.
 */
export function needsPassword(
  before: Login,
  typed: TypedLogin,
  protocol: Protocol,
  shown: readonly string[] = [],
): boolean {
  const was = sentLogin(typedLogin(before), protocol)
  const is = sentLogin(typed, protocol)
  if (is.auth === 'oauth2') return false
  const isElsewhere = is.host.toLowerCase() !== was.host.toLowerCase()
  const isOther = (['port', 'user', 'auth', 'sasl', 'proxy'] as const).some((name) => is[name] !== was[name])
  const isWeaker = is.tls === 'none' || isOlder(is.tlsMinVersion, was.tlsMinVersion) || (is.tlsLegacy && !was.tlsLegacy)
  const pin = is.tlsFingerprint
  const isUnknown = pin !== null && pin !== was.tlsFingerprint && !shown.includes(pin)
  const isUnchecked = !is.tlsVerify && pin === null && (was.tlsVerify || was.tlsFingerprint !== null)
  return isElsewhere || isOther || (was.tls !== 'none' && (isWeaker || isUnknown || isUnchecked))
}

export function LoginFields({
  draft,
  before,
  protocol,
  shown = [],
}: {
  readonly draft: Draft<TypedLogin>
  readonly before: Login
  readonly protocol: Protocol
  readonly shown?: readonly string[]
}) {
  const { form, destinations } = words.value
  const { value: known } = useResource('/oauth/applications', everyOne<Application>).now
  const applications = known.state === 'ready' ? known.value : []
  const isNeeded = needsPassword(before, draft.values, protocol, shown)
  const signsIn = draft.values.entry !== byPassword
  const isPop3 = protocol === 'POP3'
  return (
    <>
      <div class="fields-row">
        <Field label={form.user} required autocomplete="off" {...draft.of('user')} />
        {!signsIn && (
          <Field
            label={form.password}
            type="password"
            autocomplete="new-password"
            required={isNeeded}
            hint={isNeeded ? <strong>{form.passwordNeeded}</strong> : form.passwordKept}
            {...draft.of('password')}
          />
        )}
      </div>
      {(applications.length > 0 || before.oauth !== null) && (
        <Entry applications={applications} {...draft.of('entry', 'auth')} />
      )}
      <ServerRow
        label={isPop3 ? form.host : destinations.imapServer}
        draft={draft}
        ports={isPop3 ? pop3Ports : imapPorts}
      />
      {draft.values.tls !== 'none' && <CertificateFields draft={draft} />}
      <LineFields draft={draft} way={{ protocol, signsIn }} />
    </>
  )
}
