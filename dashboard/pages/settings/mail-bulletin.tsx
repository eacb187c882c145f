/** Shows and changes the bulletin: who gets news by e-mail, and through which server. */
import { call, get, problemOf } from '../../client.ts'
import { Button } from '../../components/button.tsx'
import { Field } from '../../components/field.tsx'
import { Form, Wrong } from '../../components/form.tsx'
import { Section } from '../../components/page.tsx'
import { type Server, ServerFields, smtpPorts } from '../../components/server-fields.tsx'
import { Loaded } from '../../components/states.tsx'
import { attempt, tell } from '../../components/toast.tsx'
import { useDraft } from '../../draft.ts'
import { moment } from '../../intl.ts'
import { useResource } from '../../resource.ts'
import type { News, Bulletin } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { settings } from '../../words/settings.ts'
import { NewsChecks, news } from './news.tsx'

/** Undefined means that there is no bulletin. */
async function bulletinAt(path: string, signal: AbortSignal): Promise<Bulletin | undefined> {
  try {
    return await get<Bulletin>(path, signal)
  } catch (error) {
    if (problemOf(error).status !== 404) throw error
    return undefined
  }
}

export function MailBulletin() {
  const { value: say } = settings
  const bulletin = useResource('/bulletin', bulletinAt)
  return (
    <Section title={say.byMail}>
      <p class="quiet lead">{say.byMailHint}</p>
      <Loaded of={bulletin} lines={6}>
        {(now) => <BulletinForm key={String(now === undefined)} now={now} onChanged={() => bulletin.reload()} />}
      </Loaded>
    </Section>
  )
}

interface Typed extends Server {
  readonly password: string
  readonly from: string
  readonly to: string
  readonly events: readonly News[]
}

function BulletinForm({ now, onChanged }: { readonly now: Bulletin | undefined; readonly onChanged: () => void }) {
  const { value: say } = settings
  const { form, common } = words.value
  const first: Typed = {
    host: now?.host ?? '',
    port: String(now?.port ?? smtpPorts.implicit),
    tls: now?.tls ?? 'implicit',
    user: now?.user ?? '',
    password: '',
    from: now?.from ?? '',
    to: now?.to.join(', ') ?? '',
    events: now?.events ?? news,
  }
  const bodyOf = ({ host, port, user, password, from, to, ...rest }: Typed) => ({
    ...rest,
    host: host.trim(),
    port: Number(port),
    user: user.trim() === '' ? null : user.trim(),
    ...(password === '' ? {} : { password }),
    from: from.trim(),
    to: to.split(/[\s,;]+/).filter((part) => part !== ''),
  })
  const draft = useDraft(first, async (typed) => {
    await call('PUT', '/bulletin', bodyOf(typed))
    draft.set({ password: '' })
    tell(words.value.account.saved)
    onChanged()
  })
  /** With what is typed, which need not be saved. */
  const test = async () =>
    await draft.run(async () => {
      const { ok, failure } = await call<{ ok: boolean; failure: string | null }>(
        'POST',
        '/bulletin/test',
        bodyOf(draft.values),
      )
      if (ok) tell(say.mailSent)
      else tell(failure ?? '', 'bad')
    })
  const remove = async () => {
    await attempt(async () => await call('DELETE', '/bulletin'), say.nobodyTold)
    onChanged()
  }
  return (
    <Form draft={draft}>
      {now?.lastFailure != null && (
        <p class="note warning">
          {moment(now.lastFailure.at)}: {now.lastFailure.message}
        </p>
      )}
      <ServerFields
        label={say.smtpServer}
        draft={draft}
        ports={smtpPorts}
        needsUser={false}
        userHint={say.smtpUserHint}
      />
      <Field
        label={form.password}
        {...(now === undefined ? {} : { hint: form.passwordKept })}
        type="password"
        autocomplete="new-password"
        {...draft.of('password')}
      />
      <div class="fields-row">
        <Field label={say.from} type="email" required {...draft.of('from')} />
        <Field label={say.to} hint={say.toHint} required {...draft.of('to')} />
      </div>
      <NewsChecks {...draft.of('events')} />
      <Wrong draft={draft} />
      <div class="form-do">
        <Button kind="main" type="submit" busy={draft.busy} disabled={draft.values.events.length === 0}>
          {common.save}
        </Button>
        <Button
          icon="refresh"
          disabled={draft.values.host === '' || draft.values.to === ''}
          onClick={() => void test()}
        >
          {say.sendTest}
        </Button>
        {now !== undefined && <Button onClick={() => void remove()}>{say.tellNobody}</Button>}
      </div>
    </Form>
  )
}
