/** Settings: what secrets are sealed with, and what holds for everybody. */
import { useSignal } from '@preact/signals'
import { call, get, problemOf } from '../client.ts'
import { Button } from '../components/button.tsx'
import { Confirm } from '../components/dialog.tsx'
import { Field } from '../components/field.tsx'
import { Section } from '../components/page.tsx'
import { SettingsFrame } from '../components/settings-frame.tsx'
import { EmptyState, Loaded } from '../components/states.tsx'
import { Badge } from '../components/status-badge.tsx'
import { attempt, tell } from '../components/toast.tsx'
import { mistakeIn, Wrong } from '../components/wrong.tsx'
import { moment } from '../intl.ts'
import { useResource } from '../resource.ts'
import { may, ownerOf } from '../session.ts'
import type { InstanceSettings, Keys, Problem } from '../shapes.ts'
import { words } from '../words/index.ts'

export default function SettingsInstance() {
  return (
    <SettingsFrame>
      {may('admin') && ownerOf() === null ? (
        <>
          <Limits />
          <KeyRing />
        </>
      ) : (
        <EmptyState icon="settings" title={words.value.problems.forbidden} />
      )}
    </SettingsFrame>
  )
}

const looks = { sealing: ['good', 'check'], opening: ['calm', 'clock'], missing: ['bad', 'stop'] } as const

function KeyRing() {
  const { settings: say } = words.value
  const asking = useSignal(false)
  const keys = useResource(async (signal) => await get<Keys>('/keys', signal), [])
  const act = async (verb: 'rotate' | 'prune', done: string) => {
    await attempt(async () => keys.set(await call<Keys>('POST', `/keys/${verb}`)), done)
  }
  return (
    <Section
      title={say.keys}
      aside={
        <Button
          onClick={() => {
            asking.value = true
          }}
        >
          {say.rotate}
        </Button>
      }
    >
      <p class="quiet lead">{say.keysHint}</p>
      <Loaded of={keys}>
        {({ items, resealing }) => (
          <>
            <ul class="rows">
              {items.map(({ id, createdAt, state, records }) => {
                const [tone, icon] = looks[state]
                return (
                  <li key={id}>
                    <div class="rows-name">
                      <code>{id}</code>
                      <p class="facts-line">
                        {createdAt !== null && <span>{moment(createdAt)}</span>}
                        <span>{say.records(records)}</span>
                      </p>
                    </div>
                    <Badge tone={tone} icon={icon}>
                      {say.keyStates[state]}
                    </Badge>
                  </li>
                )
              })}
            </ul>
            {resealing && <p class="quiet">{say.resealing}</p>}
            {items.some(({ state, records }) => state === 'opening' && records === 0) && (
              <div class="form-do">
                <Button onClick={() => void act('prune', say.pruned)}>{say.prune}</Button>
              </div>
            )}
          </>
        )}
      </Loaded>
      {asking.value && (
        <Confirm
          title={say.rotateTitle}
          action={say.rotate}
          onConfirm={() => void act('rotate', say.rotated)}
          onClose={() => {
            asking.value = false
          }}
        >
          <p>{say.rotateHint}</p>
        </Confirm>
      )}
    </Section>
  )
}

function Limits() {
  const settings = useResource(async (signal) => await get<InstanceSettings>('/settings', signal), [])
  return (
    <Section title={words.value.settings.limits}>
      <Loaded of={settings} lines={6}>
        {(now) => <LimitsForm now={now} onSaved={(saved) => settings.set(saved)} />}
      </Loaded>
    </Section>
  )
}

const kinds = ['pop3', 'imap', 'web'] as const

function LimitsForm({
  now,
  onSaved,
}: {
  readonly now: InstanceSettings
  readonly onSaved: (saved: InstanceSettings) => void
}) {
  const { settings: say, common } = words.value
  const { ownerPorts } = now
  const ports = useSignal({
    pop3: ownerPorts.pop3.join(', '),
    imap: ownerPorts.imap.join(', '),
    web: ownerPorts.web.join(', '),
  })
  const reachesPrivate = useSignal(now.adminMayReachPrivate)
  const days = useSignal(String(now.arrivedKeptDays))
  const transcripts = useSignal(String(now.transcriptsKept))
  const busy = useSignal(false)
  const problem = useSignal<Problem | undefined>(undefined)
  const submit = async () => {
    busy.value = true
    problem.value = undefined
    const { pop3, imap, web } = ports.value
    const body = {
      ownerPorts: { pop3: portsIn(pop3), imap: portsIn(imap), web: portsIn(web) },
      adminMayReachPrivate: reachesPrivate.value,
      arrivedKeptDays: Number(days.value),
      transcriptsKept: Number(transcripts.value),
    }
    try {
      onSaved(await call<InstanceSettings>('PATCH', '/settings', body))
      tell(words.value.account.saved)
    } catch (error) {
      problem.value = problemOf(error)
    } finally {
      busy.value = false
    }
  }
  return (
    <form
      class="fields"
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      <p class="quiet">{say.ownerPorts}</p>
      <div class="fields-row">
        {kinds.map((kind) => (
          <Field
            key={kind}
            label={say.portsOf[kind]}
            value={ports.value[kind]}
            error={mistakeIn(problem.value, `ownerPorts/${kind}`)}
            onInput={(value) => {
              ports.value = { ...ports.value, [kind]: value }
            }}
          />
        ))}
      </div>
      <label class="check">
        <input
          type="checkbox"
          checked={reachesPrivate.value}
          onChange={(event) => {
            reachesPrivate.value = event.currentTarget.checked
          }}
        />
        {say.reachesPrivate}
      </label>
      <div class="fields-row">
        <Field
          label={say.arrivedKept}
          inputMode="numeric"
          required
          value={days.value}
          error={mistakeIn(problem.value, 'arrivedKeptDays')}
          onInput={(value) => {
            days.value = value
          }}
        />
        <Field
          label={say.transcriptsKept}
          inputMode="numeric"
          required
          value={transcripts.value}
          error={mistakeIn(problem.value, 'transcriptsKept')}
          onInput={(value) => {
            transcripts.value = value
          }}
        />
      </div>
      <Wrong problem={problem.value} />
      <div class="form-do">
        <Button kind="main" type="submit" busy={busy.value}>
          {common.save}
        </Button>
      </div>
    </form>
  )
}

const portsIn = (text: string) => text.split(/[\s,;]+/).flatMap((part) => (part === '' ? [] : [Number(part)]))
