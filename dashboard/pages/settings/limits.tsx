/** Shows and changes the settings of the whole instance. */
import { call } from '../../client.ts'
import { Button } from '../../components/button.tsx'
import { Check, Field } from '../../components/field.tsx'
import { Form, Wrong } from '../../components/form.tsx'
import { megabytesOf, octetsIn } from '../../components/import-budget.tsx'
import { Section } from '../../components/page.tsx'
import { Loaded } from '../../components/states.tsx'
import { tell } from '../../components/toast.tsx'
import { useDraft } from '../../draft.ts'
import { useResource } from '../../resource.ts'
import type { InstanceSettings } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { settings } from '../../words/settings.ts'

export function Limits() {
  const resource = useResource<InstanceSettings>('/settings')
  return (
    <Section title={settings.value.limits}>
      <Loaded of={resource} lines={6}>
        {(now) => <LimitsForm now={now} onSaved={(saved) => resource.set(saved)} />}
      </Loaded>
    </Section>
  )
}

const kinds = ['pop3', 'imap', 'smtp', 'web'] as const
const quotas = ['accountsMax', 'intervalMinSeconds', 'runsMax', 'requestsMax'] as const

function LimitsForm({
  now,
  onSaved,
}: {
  readonly now: InstanceSettings
  readonly onSaved: (saved: InstanceSettings) => void
}) {
  const { value: say } = settings
  const { common } = words.value
  const { ownerPorts, owners, adminMayReachPrivate, arrivedKeptDays, transcriptsKept } = now
  const { setAsideAfterSeconds, importBytesPerHour } = now
  const draft = useDraft(
    {
      pop3: ownerPorts.pop3.join(', '),
      imap: ownerPorts.imap.join(', '),
      smtp: ownerPorts.smtp.join(', '),
      web: ownerPorts.web.join(', '),
      accountsMax: String(owners.accountsMax),
      intervalMinSeconds: String(owners.intervalMinSeconds),
      runsMax: String(owners.runsMax),
      requestsMax: String(owners.requestsMax),
      adminMayReachPrivate,
      arrivedKeptDays: String(arrivedKeptDays),
      transcriptsKept: String(transcriptsKept),
      setAsideAfterSeconds: String(setAsideAfterSeconds),
      budgets: Object.entries(importBytesPerHour)
        .map(([host, octets]) => `${host} ${megabytesOf(octets)}`)
        .join(', '),
    },
    async ({ pop3, imap, smtp, web, budgets, ...rest }) => {
      const gone = Object.fromEntries(Object.keys(importBytesPerHour).map((host) => [host, null]))
      const body = {
        ownerPorts: { pop3: portsIn(pop3), imap: portsIn(imap), smtp: portsIn(smtp), web: portsIn(web) },
        owners: Object.fromEntries(quotas.map((name) => [name, Number(rest[name])])),
        adminMayReachPrivate: rest.adminMayReachPrivate,
        arrivedKeptDays: Number(rest.arrivedKeptDays),
        transcriptsKept: Number(rest.transcriptsKept),
        setAsideAfterSeconds: Number(rest.setAsideAfterSeconds),
        importBytesPerHour: { ...gone, ...budgetsIn(budgets) },
      }
      onSaved(await call<InstanceSettings>('PATCH', '/settings', body))
      tell(words.value.account.saved)
    },
  )
  return (
    <Form draft={draft}>
      <p class="quiet">{say.ownerPorts}</p>
      <div class="fields-row">
        {kinds.map((kind) => (
          <Field key={kind} label={say.portsOf[kind]} {...draft.of(kind, `ownerPorts/${kind}`)} />
        ))}
      </div>
      <p class="quiet">{say.ownerQuotas}</p>
      <div class="fields-row">
        {quotas.map((name) => (
          <Field
            key={name}
            label={say.quotaOf[name]}
            inputMode="numeric"
            required
            {...draft.of(name, `owners/${name}`)}
          />
        ))}
      </div>
      <Check label={say.reachesPrivate} {...draft.of('adminMayReachPrivate')} />
      <div class="fields-row">
        <Field label={say.arrivedKept} inputMode="numeric" required {...draft.of('arrivedKeptDays')} />
        <Field label={say.transcriptsKept} inputMode="numeric" required {...draft.of('transcriptsKept')} />
        <Field label={say.setAsideAfter} inputMode="numeric" required {...draft.of('setAsideAfterSeconds')} />
      </div>
      <Field
        label={say.importsOf}
        hint={say.importsOfHint}
        pattern="\s*([^\s,]+\s+\d{1,6}(\.\d{1,6})?\s*(,\s*|$))*"
        title={say.importsOfHint}
        autocapitalize="none"
        autocomplete="off"
        spellcheck={false}
        {...draft.of('budgets', 'importBytesPerHour')}
      />
      <Wrong draft={draft} />
      <div class="form-do">
        <Button kind="main" type="submit" busy={draft.busy}>
          {common.save}
        </Button>
      </div>
    </Form>
  )
}

/** Reads `pop.example.net 50, pop.example.org 0.5`. */
const budgetsIn = (text: string) =>
  Object.fromEntries(
    text.split(',').flatMap((part) => {
      const [host = '', megabytes = ''] = part.trim().split(/\s+/)
      return host === '' ? [] : [[host, octetsIn(megabytes)]]
    }),
  )

const portsIn = (text: string) => text.split(/[\s,;]+/).flatMap((part) => (part === '' ? [] : [Number(part)]))
