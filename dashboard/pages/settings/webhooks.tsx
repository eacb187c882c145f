/** Shows, makes and changes webhooks. */
import { useSignal } from '@preact/signals'
import { call, everyOne } from '../../client.ts'
import { Confirm, DialogButton } from '../../components/dialog.tsx'
import { Field } from '../../components/field.tsx'
import { FormDialog } from '../../components/form.tsx'
import { Menu, type MenuEntry } from '../../components/menu.tsx'
import { Section } from '../../components/page.tsx'
import { SecretOnce } from '../../components/secret-once.tsx'
import { Loaded } from '../../components/states.tsx'
import { Badge } from '../../components/status-badge.tsx'
import { attempt, tell } from '../../components/toast.tsx'
import { useDraft } from '../../draft.ts'
import { useResource } from '../../resource.ts'
import { may } from '../../session.ts'
import type { Delivery, Webhook, WebhookWithSecret } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { settings } from '../../words/settings.ts'
import { Deliveries } from './deliveries.tsx'
import { NewsChecks, news } from './news.tsx'

export function Webhooks() {
  const { value: say } = settings
  const webhooks = useResource('/webhooks', everyOne<Webhook>)
  const reload = () => webhooks.reload()
  return (
    <Section
      title={say.webhooks}
      aside={
        may('admin') && (
          <DialogButton dialog={(close) => <NewWebhook onMade={reload} onClose={close} />}>
            {say.newWebhook}
          </DialogButton>
        )
      }
    >
      <p class="quiet lead">{say.webhooksHint}</p>
      <Loaded of={webhooks}>
        {(all) =>
          all.length === 0 ? (
            <p class="quiet">{say.noWebhooks}</p>
          ) : (
            <ul class="rows">
              {all.map((webhook) => (
                <WebhookRow key={webhook.id} webhook={webhook} onChanged={reload} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Section>
  )
}

const looks = {
  ok: ['good', 'check'],
  untried: ['calm', 'clock'],
  failing: ['warning', 'warning'],
  disabled: ['calm', 'pause'],
} as const

/** Sends a sample, and tells what came of it. */
async function sendTest(id: string): Promise<void> {
  const { value: say } = settings
  const { state, answer } = await call<Delivery>('POST', `/webhooks/${id}/test`)
  const said = answer === null ? '' : `${answer.status ?? ''} ${answer.text}`.trim()
  if (state === 'delivered') tell(say.delivered(said))
  else tell(say.notDelivered(said), 'bad')
}

function WebhookRow({
  webhook: { id, url, description, events, status: told, reason, lastDeliveredAt },
  onChanged,
}: {
  readonly webhook: Webhook
  readonly onChanged: () => void
}) {
  const { value: say } = settings
  const { accounts: listWords } = words.value
  const open = useSignal<'deliveries' | 'new secret' | 'removal' | undefined>(undefined)
  const show = (what: typeof open.value) => () => {
    open.value = what
  }
  const close = show(undefined)
  // Nothing has gone there yet, so nobody knows.
  const status = told === 'ok' && lastDeliveredAt === null ? 'untried' : told
  const [tone, icon] = looks[status]
  const name = description === '' ? url : description
  const test = async () => {
    await sendTest(id)
  }
  const act = async (what: () => Promise<unknown>, done?: string) => {
    await attempt(what, done)
    onChanged()
  }
  const enable = async (enabled: boolean) => await act(async () => await call('PATCH', `/webhooks/${id}`, { enabled }))
  const entries: MenuEntry[] = [{ label: say.deliveries, icon: 'clock', onChoose: show('deliveries') }]
  if (may('operate')) entries.push({ label: say.sendTest, icon: 'refresh', onChoose: () => void act(test) })
  if (may('admin'))
    entries.push(
      { label: say.newSecret, icon: 'key', onChoose: show('new secret') },
      status === 'disabled'
        ? { label: say.enable, icon: 'play', onChoose: () => void enable(true) }
        : { label: say.disable, icon: 'pause', onChoose: () => void enable(false) },
      { label: say.remove, icon: 'remove', kind: 'danger', onChoose: show('removal') },
    )
  return (
    <li>
      <div class="rows-name">
        <b>{name}</b>
        {description !== '' && <p class="quiet">{url}</p>}
        <p class="facts-line">
          {events.map((event) => (
            <span key={event}>{say.news[event]}</span>
          ))}
        </p>
        {reason !== null && <p class="quiet">{reason}</p>}
      </div>
      <div class="rows-do">
        <Badge tone={tone} icon={icon}>
          {say.webhookStatus[status]}
        </Badge>
        <Menu label={listWords.actionsOf(name)} icon="more" entries={entries} />
      </div>
      {open.value === 'deliveries' && <Deliveries webhookId={id} name={name} onClose={close} />}
      {open.value === 'new secret' && <NewSecret webhookId={id} onClose={close} />}
      {open.value === 'removal' && (
        <Confirm
          title={say.removeWebhookTitle}
          action={say.remove}
          kind="danger"
          onConfirm={() => void act(async () => await call('DELETE', `/webhooks/${id}`), say.webhookRemoved)}
          onClose={close}
        >
          <p>{url}</p>
          <p>{say.removeWebhookHint}</p>
        </Confirm>
      )}
    </li>
  )
}

function NewSecret({ webhookId, onClose }: { readonly webhookId: string; readonly onClose: () => void }) {
  const { value: say } = settings
  const made = useSignal<WebhookWithSecret | undefined>(undefined)
  const draft = useDraft({}, async () => {
    made.value = await call<WebhookWithSecret>('POST', `/webhooks/${webhookId}/rotate`)
  })
  const { webhookSecret: secret } = say
  if (made.value !== undefined)
    return <SecretOnce title={secret} label={secret} secret={made.value.secret} onClose={onClose} />
  return (
    <FormDialog title={say.newSecretTitle} draft={draft} action={say.newSecret} onClose={onClose}>
      <p>{say.newSecretHint}</p>
    </FormDialog>
  )
}

function NewWebhook({ onMade, onClose }: { readonly onMade: () => void; readonly onClose: () => void }) {
  const { value: say } = settings
  const made = useSignal<WebhookWithSecret | undefined>(undefined)
  const draft = useDraft({ url: '', description: '', events: news }, async ({ url, description, events }) => {
    const body = { url: url.trim(), description: description.trim(), events }
    const webhook = await call<WebhookWithSecret>('POST', '/webhooks', body)
    made.value = webhook
    onMade()
    await attempt(async () => await sendTest(webhook.id))
    onMade()
  })
  const { webhookSecret: secret } = say
  if (made.value !== undefined)
    return <SecretOnce title={secret} label={secret} secret={made.value.secret} onClose={onClose} />
  return (
    <FormDialog
      title={say.newWebhook}
      draft={draft}
      action={say.make}
      disabled={draft.values.events.length === 0}
      onClose={onClose}
    >
      <Field
        label="URL"
        required
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        placeholder="https://"
        {...draft.of('url')}
      />
      <Field label={say.description} maxLength={200} {...draft.of('description')} />
      <NewsChecks {...draft.of('events')} />
    </FormDialog>
  )
}
