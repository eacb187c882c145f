/** Settings: who is told of what happens, by webhook and by e-mail. */
import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { call, get, problemOf } from '../client.ts'
import { Button } from '../components/button.tsx'
import { Confirm, Dialog } from '../components/dialog.tsx'
import { Field } from '../components/field.tsx'
import { Menu } from '../components/menu.tsx'
import { Checks } from '../components/options.tsx'
import { Section } from '../components/page.tsx'
import { SecretOnce } from '../components/secret-once.tsx'
import { type Server, ServerFields, smtpPorts } from '../components/server-fields.tsx'
import { SettingsFrame } from '../components/settings-frame.tsx'
import { Loaded } from '../components/states.tsx'
import { Badge } from '../components/status-badge.tsx'
import { attempt, tell } from '../components/toast.tsx'
import { mistakeIn, Wrong } from '../components/wrong.tsx'
import { moment } from '../intl.ts'
import { useResource } from '../resource.ts'
import { may, ownerOf } from '../session.ts'
import type { Delivery, List, News, Notice, Problem, Webhook, WebhookWithSecret } from '../shapes.ts'
import { words } from '../words/index.ts'

const news = [
  'run.failed',
  'account.needs_attention',
  'account.recovered',
  'message.quarantined',
  'first_import.finished',
] as const satisfies readonly News[]

export default function SettingsNotices() {
  return (
    <SettingsFrame>
      <Webhooks />
      {may('admin') && ownerOf() === null && <ByMail />}
    </SettingsFrame>
  )
}

function Webhooks() {
  const { settings: say } = words.value
  const open = useSignal<'new' | { readonly made: WebhookWithSecret } | { readonly remove: Webhook } | undefined>(
    undefined,
  )
  const close = () => {
    open.value = undefined
  }
  const webhooks = useResource(async (signal) => (await get<List<Webhook>>('/webhooks?limit=500', signal)).items, [])
  const remove = async ({ id }: Webhook) => {
    await attempt(async () => await call('DELETE', `/webhooks/${id}`), say.webhookRemoved)
    webhooks.reload()
  }
  return (
    <Section
      title={say.webhooks}
      aside={
        may('admin') && (
          <Button
            onClick={() => {
              open.value = 'new'
            }}
          >
            {say.newWebhook}
          </Button>
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
                <WebhookRow
                  key={webhook.id}
                  webhook={webhook}
                  onChanged={() => webhooks.reload()}
                  onRemove={() => {
                    open.value = { remove: webhook }
                  }}
                />
              ))}
            </ul>
          )
        }
      </Loaded>
      {open.value === 'new' && (
        <NewWebhook
          onClose={close}
          onMade={(made) => {
            open.value = { made }
            webhooks.reload()
          }}
        />
      )}
      {typeof open.value === 'object' && 'made' in open.value && (
        <SecretOnce
          title={say.webhookSecret}
          label={say.webhookSecret}
          secret={open.value.made.secret}
          onClose={close}
        />
      )}
      {typeof open.value === 'object' && 'remove' in open.value && (
        <Removal webhook={open.value.remove} onClose={close} onConfirm={remove} />
      )}
    </Section>
  )
}

function Removal({
  webhook,
  onClose,
  onConfirm,
}: {
  readonly webhook: Webhook
  readonly onClose: () => void
  readonly onConfirm: (webhook: Webhook) => Promise<void>
}) {
  const { settings: say } = words.value
  return (
    <Confirm
      title={say.removeWebhookTitle}
      action={say.remove}
      kind="danger"
      onConfirm={() => void onConfirm(webhook)}
      onClose={onClose}
    >
      <p>{webhook.url}</p>
      <p>{say.removeWebhookHint}</p>
    </Confirm>
  )
}

const looks = { ok: ['good', 'check'], failing: ['warning', 'warning'], disabled: ['calm', 'pause'] } as const

function WebhookRow({
  webhook: { id, url, description, events, status, reason },
  onChanged,
  onRemove,
}: {
  readonly webhook: Webhook
  readonly onChanged: () => void
  readonly onRemove: () => void
}) {
  const { settings: say, accounts: listWords } = words.value
  const [tone, icon] = looks[status]
  const test = async () => {
    const sent = await attempt(async () => {
      const { state, answer } = await call<Delivery>('POST', `/webhooks/${id}/test`)
      const said = answer === null ? '' : `${answer.status ?? ''} ${answer.text}`.trim()
      if (state === 'delivered') tell(say.delivered(said))
      else tell(say.notDelivered(said), 'bad')
    })
    if (sent) onChanged()
  }
  const enable = async (enabled: boolean) => {
    await attempt(async () => await call('PATCH', `/webhooks/${id}`, { enabled }))
    onChanged()
  }
  return (
    <li>
      <div class="rows-name">
        <b>{description === '' ? url : description}</b>
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
          label={listWords.actionsOf(description === '' ? url : description)}
          icon="more"
          entries={[
            { label: say.sendTest, icon: 'refresh', onChoose: () => void test() },
            status === 'disabled'
              ? { label: say.enable, icon: 'play', onChoose: () => void enable(true) }
              : { label: say.disable, icon: 'pause', onChoose: () => void enable(false) },
            { label: say.remove, icon: 'remove', kind: 'danger', onChoose: onRemove },
          ]}
        />
      )}
    </li>
  )
}

function NewWebhook({
  onClose,
  onMade,
}: {
  readonly onClose: () => void
  readonly onMade: (made: WebhookWithSecret) => void
}) {
  const { settings: say, common } = words.value
  const id = useId()
  const url = useSignal('')
  const description = useSignal('')
  const events = useSignal<readonly News[]>(news)
  const busy = useSignal(false)
  const problem = useSignal<Problem | undefined>(undefined)
  const submit = async () => {
    busy.value = true
    problem.value = undefined
    const body = { url: url.value.trim(), description: description.value.trim(), events: events.value }
    try {
      onMade(await call<WebhookWithSecret>('POST', '/webhooks', body))
    } catch (error) {
      problem.value = problemOf(error)
    } finally {
      busy.value = false
    }
  }
  return (
    <Dialog
      title={say.newWebhook}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{common.cancel}</Button>
          <Button kind="main" type="submit" form={id} busy={busy.value} disabled={events.value.length === 0}>
            {say.make}
          </Button>
        </>
      }
    >
      <form
        id={id}
        class="fields"
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <Field
          label="URL"
          required
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          placeholder="https://"
          value={url.value}
          error={mistakeIn(problem.value, 'url')}
          onInput={(value) => {
            url.value = value
          }}
        />
        <Field
          label={say.description}
          maxLength={200}
          value={description.value}
          error={mistakeIn(problem.value, 'description')}
          onInput={(value) => {
            description.value = value
          }}
        />
        <Checks
          label={say.tellOf}
          chosen={events.value}
          options={news.map((value) => ({ value, text: say.news[value] }))}
          onChange={(chosen) => {
            events.value = chosen
          }}
        />
        <Wrong problem={problem.value} />
      </form>
    </Dialog>
  )
}

/** Undefined: nobody is told. */
async function readNotice(signal?: AbortSignal): Promise<Notice | undefined> {
  try {
    return await get<Notice>('/notice', signal)
  } catch (error) {
    if (problemOf(error).status !== 404) throw error
    return undefined
  }
}

function ByMail() {
  const { settings: say } = words.value
  const notice = useResource(readNotice, [])
  return (
    <Section title={say.byMail}>
      <p class="quiet lead">{say.byMailHint}</p>
      <Loaded of={notice} lines={6}>
        {(now) => <NoticeForm key={String(now === undefined)} now={now} onChanged={() => notice.reload()} />}
      </Loaded>
    </Section>
  )
}

function NoticeForm({ now, onChanged }: { readonly now: Notice | undefined; readonly onChanged: () => void }) {
  const { settings: say, form, common } = words.value
  const server = useSignal<Server>({
    host: now?.host ?? '',
    port: String(now?.port ?? smtpPorts.implicit),
    tls: now?.tls ?? 'implicit',
    user: now?.user ?? '',
  })
  const password = useSignal('')
  const from = useSignal(now?.from ?? '')
  const to = useSignal(now?.to.join(', ') ?? '')
  const events = useSignal<readonly News[]>(now?.events ?? news)
  const busy = useSignal(false)
  const problem = useSignal<Problem | undefined>(undefined)
  const submit = async () => {
    busy.value = true
    problem.value = undefined
    const { host, port, tls, user } = server.value
    const body = {
      host: host.trim(),
      port: Number(port),
      tls,
      user: user.trim() === '' ? null : user.trim(),
      ...(password.value === '' ? {} : { password: password.value }),
      from: from.value.trim(),
      to: listIn(to.value),
      events: events.value,
    }
    try {
      await call('PUT', '/notice', body)
      password.value = ''
      tell(words.value.account.saved)
      onChanged()
    } catch (error) {
      problem.value = problemOf(error)
    } finally {
      busy.value = false
    }
  }
  const test = async () =>
    await attempt(async () => {
      const { ok, failure } = await call<{ ok: boolean; failure: string | null }>('POST', '/notice/test')
      if (ok) tell(say.mailSent)
      else tell(failure ?? '', 'bad')
    })
  const remove = async () => {
    await attempt(async () => await call('DELETE', '/notice'), say.nobodyTold)
    onChanged()
  }
  return (
    <form
      class="fields"
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      {now?.lastFailure != null && (
        <p class="note warning">
          {moment(now.lastFailure.at)}: {now.lastFailure.message}
        </p>
      )}
      <ServerFields
        label={say.smtpServer}
        server={server.value}
        ports={smtpPorts}
        problem={problem.value}
        needsUser={false}
        userHint={say.smtpUserHint}
        onChange={(changed) => {
          server.value = changed
        }}
      />
      <Field
        label={form.password}
        {...(now === undefined ? {} : { hint: form.passwordKept })}
        type="password"
        autocomplete="new-password"
        value={password.value}
        error={mistakeIn(problem.value, 'password')}
        onInput={(value) => {
          password.value = value
        }}
      />
      <div class="fields-row">
        <Field
          label={say.from}
          type="email"
          required
          value={from.value}
          error={mistakeIn(problem.value, 'from')}
          onInput={(value) => {
            from.value = value
          }}
        />
        <Field
          label={say.to}
          hint={say.toHint}
          required
          value={to.value}
          error={mistakeIn(problem.value, 'to')}
          onInput={(value) => {
            to.value = value
          }}
        />
      </div>
      <Checks
        label={say.tellOf}
        chosen={events.value}
        options={news.map((value) => ({ value, text: say.news[value] }))}
        onChange={(chosen) => {
          events.value = chosen
        }}
      />
      <Wrong problem={problem.value} />
      <div class="form-do">
        <Button kind="main" type="submit" busy={busy.value} disabled={events.value.length === 0}>
          {common.save}
        </Button>
        {now !== undefined && (
          <>
            <Button icon="refresh" onClick={() => void test()}>
              {say.sendTest}
            </Button>
            <Button onClick={() => void remove()}>{say.tellNobody}</Button>
          </>
        )}
      </div>
    </form>
  )
}

const listIn = (text: string) => text.split(/[\s,;]+/).filter((part) => part !== '')
