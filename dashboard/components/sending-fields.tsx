/** The fields for sending as an account's address: whether, and by which server. Where nothing is typed, user and password are those of POP3. */
import type { ComponentChildren } from 'preact'
import type { Draft } from '../draft.ts'
import type { Account, AccountPatch } from '../shapes.ts'
import { words } from '../words/index.ts'
import { Check, Choice, Field } from './field.tsx'
import { smtpPorts, type TlsMode } from './server-fields.tsx'

export interface SendingTyped {
  readonly sends: boolean
  /** Empty: it is looked for. */
  readonly smtpHost: string
  readonly smtpPort: string
  readonly smtpTls: TlsMode
  readonly smtpUser: string
  readonly smtpPassword: string
  readonly senderName: string
}

export const usualSending: SendingTyped = {
  sends: true,
  smtpHost: '',
  smtpPort: String(smtpPorts.implicit),
  smtpTls: 'implicit',
  smtpUser: '',
  smtpPassword: '',
  senderName: '',
}

export function typedSending({ smtp, senderName }: Pick<Account, 'smtp' | 'senderName'>): SendingTyped {
  const named = { ...usualSending, senderName: senderName ?? '' }
  if (smtp === false) return { ...named, sends: false }
  if (smtp === null) return named
  const { host, port, tls, user } = smtp
  return { ...named, smtpHost: host, smtpPort: String(port), smtpTls: tls, smtpUser: user ?? '' }
}

/** As the API takes it: only what was typed anew. */
export function changedSending(before: SendingTyped, typed: SendingTyped): Pick<AccountPatch, 'smtp' | 'senderName'> {
  const names = ['sends', 'smtpHost', 'smtpPort', 'smtpTls', 'smtpUser', 'smtpPassword'] as const
  const name = typed.senderName.trim()
  return {
    ...(names.every((one) => typed[one] === before[one]) ? {} : { smtp: smtpOf(typed) }),
    ...(name === before.senderName ? {} : { senderName: name === '' ? null : name }),
  }
}

function smtpOf(typed: SendingTyped): NonNullable<AccountPatch['smtp']> | null {
  const [host, user] = [typed.smtpHost.trim(), typed.smtpUser.trim()]
  if (!typed.sends) return false
  if (host === '') return null
  const password = typed.smtpPassword === '' ? {} : { password: typed.smtpPassword }
  return { host, port: Number(typed.smtpPort), tls: typed.smtpTls, user: user === '' ? null : user, ...password }
}

export function SendingFields({
  draft,
  children,
}: {
  readonly draft: Draft<SendingTyped>
  readonly children?: ComponentChildren
}) {
  const { sending: say, form } = words.value
  const { sends, smtpPort, smtpTls } = draft.values
  const isWrong = draft.problem?.errors?.some(({ pointer }) => pointer.startsWith('/smtp')) === true
  const plain = { autocapitalize: 'none', autocomplete: 'off', spellcheck: false } as const
  return (
    <div class="fields">
      <Check label={say.wish} {...draft.of('sends', 'smtp')} />
      {sends && <p class="quiet">{say.wishHint}</p>}
      {sends && children}
      {sends && (
        <details class="by-hand" open={isWrong}>
          <summary>{say.byHand}</summary>
          <div class="fields">
            <div class="fields-row server">
              <Field label={say.host} hint={say.hostHint} {...plain} {...draft.of('smtpHost', 'smtp/host')} />
              <Field label={say.port} inputMode="numeric" {...draft.of('smtpPort', 'smtp/port')} />
              <Choice
                label={say.tls}
                options={(['implicit', 'starttls', 'none'] as const).map((value) => ({
                  value,
                  text: form.tlsModes[value],
                }))}
                {...draft.of('smtpTls', 'smtp/tls')}
                onChange={(tls) =>
                  draft.set({
                    smtpTls: tls,
                    ...(smtpPort === String(smtpPorts[smtpTls]) ? { smtpPort: String(smtpPorts[tls]) } : {}),
                  })
                }
              />
            </div>
            <div class="fields-row">
              <Field label={say.user} hint={say.asPop3} {...plain} {...draft.of('smtpUser', 'smtp/user')} />
              <Field
                label={say.password}
                hint={say.asPop3}
                type="password"
                autocomplete="off"
                {...draft.of('smtpPassword', 'smtp/password')}
              />
            </div>
            <Field label={say.name} hint={say.nameHint} autocomplete="name" {...draft.of('senderName')} />
          </div>
        </details>
      )}
    </div>
  )
}
