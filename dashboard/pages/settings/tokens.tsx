/** Shows, makes and revokes API tokens, for programs and for owners of one mailbox. */
import { useSignal } from '@preact/signals'
import { call, everyOne } from '../../client.ts'
import { Confirm, DialogButton } from '../../components/dialog.tsx'
import { Choice, Field } from '../../components/field.tsx'
import { FormDialog } from '../../components/form.tsx'
import { More } from '../../components/more.tsx'
import { destinationName } from '../../components/new-mailbox.tsx'
import { Options } from '../../components/options.tsx'
import { Section } from '../../components/page.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { SecretOnce } from '../../components/secret-once.tsx'
import { Loaded } from '../../components/states.tsx'
import { attempt } from '../../components/toast.tsx'
import { useDraft } from '../../draft.ts'
import { moment } from '../../intl.ts'
import { useResource } from '../../resource.ts'
import type { Destination, List, MadeToken, Session, Token } from '../../shapes.ts'
import { settings } from '../../words/settings.ts'

export function Tokens() {
  const { value: say } = settings
  const tokens = useResource<List<Token>>('/tokens?limit=100')
  const destinations = useResource('/destinations', everyOne<Destination>)
  const known = destinations.now.value.state === 'ready' ? destinations.now.value.value : []
  const revoke = async ({ id }: Token) => {
    await attempt(async () => await call('DELETE', `/tokens/${id}`), say.revoked)
    tokens.reload()
  }
  return (
    <Section
      title={say.tokens}
      aside={
        <DialogButton
          dialog={(close) => <NewToken destinations={known} onMade={() => tokens.reload()} onClose={close} />}
        >
          {say.newToken}
        </DialogButton>
      }
    >
      <p class="quiet lead">{say.tokensHint}</p>
      <Loaded of={tokens}>
        {({ items }) =>
          items.length === 0 ? (
            <p class="quiet">{say.noTokens}</p>
          ) : (
            <ul class="rows">
              {items.map((token) => (
                <li key={token.id}>
                  <div class="rows-name">
                    <b>{token.name}</b>
                    <TokenFacts token={token} destinations={known} />
                  </div>
                  <DialogButton
                    dialog={(close) => (
                      <Confirm
                        title={say.revokeTitle(token.name)}
                        action={say.revoke}
                        kind="danger"
                        onConfirm={() => void revoke(token)}
                        onClose={close}
                      >
                        <p>{say.revokeHint}</p>
                      </Confirm>
                    )}
                  >
                    {say.revoke}
                  </DialogButton>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      <More of={tokens} />
    </Section>
  )
}

function TokenFacts({
  token: { scopes, destinationId, lastUsedAt, expiresAt },
  destinations,
}: {
  readonly token: Token
  readonly destinations: readonly Destination[]
}) {
  const { value: say } = settings
  const destination = destinations.find(({ id }) => id === destinationId)
  return (
    <p class="facts-line">
      <span>{scopes.map((scope) => say.scopes[scope].text).join(', ')}</span>
      <span>
        {destinationId === null
          ? say.forAll
          : say.forOne(destination === undefined ? destinationId : destinationName(destination))}
      </span>
      <span>
        {lastUsedAt === null ? (
          say.neverUsed
        ) : (
          <>
            {say.lastUsed} <RelativeTime at={lastUsedAt} />
          </>
        )}
      </span>
      <span>{expiresAt === null ? say.noEnd : say.until(moment(expiresAt))}</span>
    </p>
  )
}

const scopes = ['read', 'operate', 'admin'] as const satisfies readonly Session['scope'][]
/** The life of a token in days; empty for a token that does not expire. */
const ends = ['30', '90', '365', ''] as const
const dayMs = 86_400_000

interface Wish {
  readonly name: string
  readonly scope: Session['scope']
  /** The destination that the token is bound to; empty for all. */
  readonly destinationId: string
  readonly end: (typeof ends)[number]
}

function NewToken({
  destinations,
  onMade,
  onClose,
}: {
  readonly destinations: readonly Destination[]
  readonly onMade: () => void
  readonly onClose: () => void
}) {
  const { value: say } = settings
  const made = useSignal<MadeToken | undefined>(undefined)
  const first: Wish = { name: '', scope: 'read', destinationId: '', end: '365' }
  const draft = useDraft(first, async ({ name, scope, destinationId, end }) => {
    made.value = await call<MadeToken>('POST', '/tokens', {
      name: name.trim(),
      scopes: [scope],
      destinationId: destinationId === '' ? null : destinationId,
      expiresAt: end === '' ? null : new Date(Date.now() + Number(end) * dayMs).toISOString(),
    })
    onMade()
  })
  if (made.value !== undefined)
    return <SecretOnce title={made.value.name} label={say.token} secret={made.value.token} onClose={onClose} />
  return (
    <FormDialog title={say.newToken} draft={draft} action={say.make} onClose={onClose}>
      <Field
        label={say.name}
        hint={say.tokenNameHint}
        required
        autocomplete="off"
        maxLength={100}
        {...draft.of('name')}
      />
      <Options
        label={say.mayDo}
        options={scopes.map((value) => ({ value, ...say.scopes[value] }))}
        {...draft.of('scope')}
      />
      <div class="fields-row">
        <Choice
          label={say.reach}
          options={[
            { value: '', text: say.forAll },
            ...destinations.map((one) => ({ value: one.id, text: say.forOne(destinationName(one)) })),
          ]}
          {...draft.of('destinationId')}
        />
        <Choice
          label={say.ends}
          options={ends.map((value) => ({ value, text: value === '' ? say.noEnd : say.afterDays(Number(value)) }))}
          {...draft.of('end')}
        />
      </div>
    </FormDialog>
  )
}
