/** Endpoints that are told of what happens. */
import { useSignal } from '@preact/signals'
import { call, everyOne } from '../../client.ts'
import { Confirm, DialogButton } from '../../components/dialog.tsx'
import { Field } from '../../components/field.tsx'
import { FormDialog } from '../../components/form.tsx'
import { Menu } from '../../components/menu.tsx'
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
import { NewsChecks, news } from './news.tsx'

export function Webhooks() {
  const { settings: say } = words.value
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

const looks = { ok: ['good', 'check'], failing: ['warning', 'warning'], disabled: ['calm', 'pause'] } as const

function WebhookRow({
  webhook: { id, url, description, events, status, reason },
  onChanged,
}: {
  readonly webhook: Webhook
  readonly onChanged: () => void
}) {
  const { settings: say, accounts: listWords } = words.value
  const removing = useSignal(false)
  const [tone, icon] = looks[status]
  const name = description === '' ? url : description
  const test = async () => {
    const { state, answer } = await call<Delivery>('POST', `/webhooks/${id}/test`)
    const said = answer === null ? '' : `${answer.status ?? ''} ${answer.text}`.trim()
    if (state === 'delivered') tell(say.delivered(said))
    else tell(say.notDelivered(said), 'bad')
  }
  const act = async (what: () => Promise<unknown>, done?: string) => {
    await attempt(what, done)
    onChanged()
  }
  const enable = async (enabled: boolean) => await act(async () => await call('PATCH', `/webhooks/${id}`, { enabled }))
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
      <Badge tone={tone} icon={icon}>
        {say.webhookStatus[status]}
      </Badge>
      {may('admin') && (
        <Menu
          label={listWords.actionsOf(name)}
          icon="more"
          entries={[
            { label: say.sendTest, icon: 'refresh', onChoose: () => void act(test) },
            status === 'disabled'
              ? { label: say.enable, icon: 'play', onChoose: () => void enable(true) }
              : { label: say.disable, icon: 'pause', onChoose: () => void enable(false) },
            {
              label: say.remove,
              icon: 'remove',
              kind: 'danger',
              onChoose: () => {
                removing.value = true
              },
            },
          ]}
        />
      )}
      {removing.value && (
        <Confirm
          title={say.removeWebhookTitle}
          action={say.remove}
          kind="danger"
          onConfirm={() => void act(async () => await call('DELETE', `/webhooks/${id}`), say.webhookRemoved)}
          onClose={() => {
            removing.value = false
          }}
        >
          <p>{url}</p>
          <p>{say.removeWebhookHint}</p>
        </Confirm>
      )}
    </li>
  )
}

function NewWebhook({ onMade, onClose }: { readonly onMade: () => void; readonly onClose: () => void }) {
  const { settings: say } = words.value
  const made = useSignal<WebhookWithSecret | undefined>(undefined)
  const draft = useDraft({ url: '', description: '', events: news }, async ({ url, description, events }) => {
    const body = { url: url.trim(), description: description.trim(), events }
    made.value = await call<WebhookWithSecret>('POST', '/webhooks', body)
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
