/** The fields for host, port, encryption and user of a server. */
import type { ComponentProps } from 'preact'
import type { Draft } from '../draft.ts'
import type { Account } from '../shapes.ts'
import { words } from '../words/index.ts'
import { Choice, Field } from './field.tsx'

export type TlsMode = Account['tls']

export interface Server {
  readonly host: string
  /** The port as it is typed, a text. */
  readonly port: string
  readonly tls: TlsMode
  readonly user: string
}

export const pop3Ports: Readonly<Record<TlsMode, number>> = { implicit: 995, starttls: 110, none: 110 }
export const imapPorts: Readonly<Record<TlsMode, number>> = { implicit: 993, starttls: 143, none: 143 }
export const smtpPorts: Readonly<Record<TlsMode, number>> = { implicit: 465, starttls: 587, none: 25 }

const modes = ['implicit', 'starttls', 'none'] as const

/** The fields without the user. */
export function ServerRow({
  label,
  draft,
  ports,
  required = true,
}: {
  /** An example of a host. */
  readonly label: string
  readonly draft: Draft<Server>
  /** The usual port of each mode. */
  readonly ports: Readonly<Record<TlsMode, number>>
  readonly required?: boolean
}) {
  const { form } = words.value
  const { port, tls: before } = draft.values
  return (
    <div class="fields-row server">
      <Field label={label} required={required} autocapitalize="none" spellcheck={false} {...draft.of('host')} />
      <Field label={form.port} required={required} inputMode="numeric" {...draft.of('port')} />
      <Choice
        label={form.tls}
        options={modes.map((value) => ({ value, text: form.tlsModes[value] }))}
        {...draft.of('tls')}
        onChange={(tls) => draft.set({ tls, ...(port === String(ports[before]) ? { port: String(ports[tls]) } : {}) })}
      />
    </div>
  )
}

export function ServerFields({
  userHint,
  required = true,
  needsUser = required,
  ...row
}: ComponentProps<typeof ServerRow> & { readonly userHint?: string; readonly needsUser?: boolean }) {
  return (
    <div class="fields">
      <ServerRow {...row} required={required} />
      <Field
        label={words.value.form.user}
        required={needsUser}
        autocapitalize="none"
        autocomplete="off"
        spellcheck={false}
        {...(userHint === undefined ? {} : { hint: userHint })}
        {...row.draft.of('user')}
      />
    </div>
  )
}
