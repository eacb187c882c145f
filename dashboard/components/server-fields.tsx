/** Host, port, encryption and user of a server, all of it by hand. */
import type { Account, Problem } from '../shapes.ts'
import { words } from '../words/index.ts'
import { Choice, Field } from './field.tsx'
import { mistakeIn } from './wrong.tsx'

export type TlsMode = Account['tls']

export interface Server {
  readonly host: string
  /** As it is typed. */
  readonly port: string
  readonly tls: TlsMode
  readonly user: string
}

export const pop3Ports: Readonly<Record<TlsMode, number>> = { implicit: 995, starttls: 110, none: 110 }
export const imapPorts: Readonly<Record<TlsMode, number>> = { implicit: 993, starttls: 143, none: 143 }
export const smtpPorts: Readonly<Record<TlsMode, number>> = { implicit: 465, starttls: 587, none: 25 }

const modes = ['implicit', 'starttls', 'none'] as const

export function ServerFields({
  label,
  server,
  ports,
  problem,
  userHint,
  needsUser = true,
  onChange,
}: {
  /** Of the host. */
  readonly label: string
  readonly server: Server
  /** The usual one of each mode. */
  readonly ports: Readonly<Record<TlsMode, number>>
  readonly problem: Problem | undefined
  readonly userHint?: string
  readonly needsUser?: boolean
  readonly onChange: (server: Server) => void
}) {
  const { form } = words.value
  const set = (part: Partial<Server>) => onChange({ ...server, ...part })
  return (
    <div class="fields">
      <div class="fields-row server">
        <Field
          label={label}
          required
          autocapitalize="none"
          spellcheck={false}
          value={server.host}
          error={mistakeIn(problem, 'host')}
          onInput={(host) => set({ host })}
        />
        <Field
          label={form.port}
          required
          inputMode="numeric"
          value={server.port}
          error={mistakeIn(problem, 'port')}
          onInput={(port) => set({ port })}
        />
        <Choice
          label={form.tls}
          value={server.tls}
          options={modes.map((value) => ({ value, text: form.tlsModes[value] }))}
          onChoose={(tls) =>
            set({ tls, ...(server.port === String(ports[server.tls]) ? { port: String(ports[tls]) } : {}) })
          }
        />
      </div>
      <Field
        label={form.user}
        required={needsUser}
        autocapitalize="none"
        autocomplete="off"
        spellcheck={false}
        {...(userHint === undefined ? {} : { hint: userHint })}
        value={server.user}
        error={mistakeIn(problem, 'user')}
        onInput={(user) => set({ user })}
      />
    </div>
  )
}
