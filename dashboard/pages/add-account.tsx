/** A new account: the address is typed, its settings are found and tried, and then it is told what shall become of its mail. */
import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { call, get, problemOf } from '../client.ts'
import { Button } from '../components/button.tsx'
import { FailureNote } from '../components/failure.tsx'
import { Choice, Field } from '../components/field.tsx'
import { Icon } from '../components/icon.tsx'
import { destinationName, MailboxFields, makeMailbox } from '../components/new-mailbox.tsx'
import { Options } from '../components/options.tsx'
import { Page, Section } from '../components/page.tsx'
import { pop3Ports, type Server, ServerFields } from '../components/server-fields.tsx'
import { EmptyState, Loaded } from '../components/states.tsx'
import { tell } from '../components/toast.tsx'
import { mistakeIn, Wrong } from '../components/wrong.tsx'
import { type Discovery, useDiscovery } from '../discovery.ts'
import { bytes, moment } from '../intl.ts'
import { useResource } from '../resource.ts'
import { learn } from '../roster.ts'
import { navigate, query } from '../router.ts'
import { may, ownerOf } from '../session.ts'
import type { Account, Candidate, Destination, Examination, List, NewAccount, Problem } from '../shapes.ts'
import { words } from '../words/index.ts'

const retentions = ['keep', 'delete', 'keepDays'] as const
const firstRuns = ['all', 'lastDays', 'onlyNew'] as const
/** In place of a destination's id: one that is to be made. */
const newMailbox = 'new'
/** In place of a candidate's place in the list. */
const byHand = 'by hand'

const emptyServer: Server = { host: '', port: String(pop3Ports.implicit), tls: 'implicit', user: '' }
const serverOf = ({ host, port, tls, user }: Candidate): Server => ({ host, port: String(port), tls, user })

export default function AddAccount() {
  const { accounts: listWords, welcome } = words.value
  const destinations = useResource(
    async (signal) => (await get<List<Destination>>('/destinations?limit=500', signal)).items,
    [],
  )
  return (
    <Page title={listWords.add} lead={words.value.add.lead} back={{ to: '/accounts', name: listWords.title }}>
      {may('admin') ? (
        <Loaded of={destinations} lines={8}>
          {(all) => <NewAccountForm destinations={all} />}
        </Loaded>
      ) : (
        <EmptyState icon="accounts" title={words.value.problems.forbidden}>
          <p>{welcome.notAllowedHint}</p>
        </EmptyState>
      )}
    </Page>
  )
}

function NewAccountForm({ destinations }: { readonly destinations: readonly Destination[] }) {
  const { add: say, form, welcome } = words.value
  const address = useSignal('')
  const password = useSignal('')
  const server = useSignal(emptyServer)
  /** Of the candidates, by place; or by hand. */
  const chosen = useSignal('0')
  const fingerprint = useSignal<string | null>(null)
  const asked = query.value.get('to') ?? ''
  const goal = useSignal(destinations.some(({ id }) => id === asked) ? asked : (destinations[0]?.id ?? newMailbox))
  const mailbox = useSignal({ login: '', password: '' })
  const made = useSignal<readonly Destination[]>([])
  const folder = useSignal('INBOX')
  const retention = useSignal<(typeof retentions)[number]>('keep')
  const retentionDays = useSignal('14')
  const firstRun = useSignal<(typeof firstRuns)[number]>('all')
  const firstDays = useSignal('30')
  const busy = useSignal<'no' | 'testing' | 'adding'>('no')
  const problem = useSignal<Problem | undefined>(undefined)
  /** What came of the last test, and of which settings. */
  const tested = useSignal<{ readonly of: string; readonly seen: Examination } | undefined>(undefined)

  const discovery = useDiscovery(address.value.trim())
  const { value: found } = discovery
  useEffect(() => {
    if (chosen.peek() === byHand || found.state !== 'answered') return
    const [best] = found.candidates
    chosen.value = '0'
    server.value = best === undefined ? { ...emptyServer, user: address.peek().trim() } : serverOf(best)
  }, [found, chosen, server, address])

  const all = [...destinations, ...made.value]
  const source = {
    address: address.value.trim(),
    host: server.value.host.trim(),
    port: Number(server.value.port),
    tls: server.value.tls,
    user: server.value.user.trim() === '' ? address.value.trim() : server.value.user.trim(),
    password: password.value,
    tlsFingerprint: fingerprint.value,
  }
  const about = JSON.stringify(source)
  const seen = tested.value?.of === about ? tested.value.seen : undefined
  const body = (destinationId: string): NewAccount => ({
    ...source,
    destinationId,
    folder: folder.value.trim(),
    retention:
      retention.value === 'keepDays'
        ? { mode: 'keepDays', days: Number(retentionDays.value) }
        : { mode: retention.value },
    firstRun:
      firstRun.value === 'lastDays' ? { mode: 'lastDays', days: Number(firstDays.value) } : { mode: firstRun.value },
  })

  const doing = async (what: 'testing' | 'adding', act: () => Promise<void>) => {
    busy.value = what
    problem.value = undefined
    try {
      await act()
    } catch (error) {
      problem.value = problemOf(error)
    } finally {
      busy.value = 'no'
    }
  }
  const test = async (): Promise<Examination> => {
    // For a test it goes nowhere; any id will do.
    const answer = await call<Examination>('POST', '/accounts/test', body(all[0]?.id ?? newMailbox))
    tested.value = { of: about, seen: answer }
    return answer
  }
  const create = async () => {
    let to = goal.value
    if (to === newMailbox) {
      const destination = await makeMailbox(mailbox.value)
      made.value = [...made.value, destination]
      to = goal.value = destination.id
    }
    const account = await call<Account>('POST', '/accounts', body(to))
    learn([account])
    tell(say.added)
    navigate(`/accounts/${account.id}`)
  }
  const submit = async () =>
    await doing('adding', async () => {
      if (seen?.ok === true || (await test()).ok) await create()
    })

  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      <Section title={say.source}>
        <div class="fields">
          <div class="fields-row">
            <Field
              label={form.address}
              type="email"
              required
              autocomplete="off"
              value={address.value}
              error={mistakeIn(problem.value, 'address')}
              onInput={(value) => {
                // Left empty, it is the address, whatever that will be.
                if (server.value.user === address.value.trim()) server.value = { ...server.value, user: '' }
                address.value = value
              }}
            />
            <Field
              label={welcome.accountPassword}
              hint={welcome.accountPasswordHint}
              type="password"
              required
              autocomplete="off"
              value={password.value}
              error={mistakeIn(problem.value, 'password')}
              onInput={(value) => {
                password.value = value
              }}
            />
          </div>
          <Found
            found={found}
            chosen={chosen.value}
            onChoose={(value, candidate) => {
              chosen.value = value
              if (candidate !== undefined) server.value = serverOf(candidate)
            }}
          />
          <details class="by-hand" open={chosen.value === byHand || needsHand(found)}>
            <summary>{say.byHandTitle}</summary>
            <ServerFields
              label={form.host}
              server={server.value}
              ports={pop3Ports}
              problem={problem.value}
              userHint={say.userHint}
              needsUser={false}
              onChange={(changed) => {
                chosen.value = byHand
                server.value = changed
              }}
            />
          </details>
          {fingerprint.value !== null && (
            <div class="note pinned">
              <span>{say.pinned}</span>
              <code>{groups(fingerprint.value)}</code>
              <Button
                onClick={() => {
                  fingerprint.value = null
                }}
              >
                {say.unpin}
              </Button>
            </div>
          )}
          <div class="form-do">
            <Button
              icon="refresh"
              busy={busy.value === 'testing'}
              disabled={address.value === '' || password.value === '' || server.value.host === ''}
              onClick={() => void doing('testing', async () => void (await test()))}
            >
              {say.test}
            </Button>
            <span class="quiet" role="status">
              {busy.value === 'no' ? '' : welcome.testing}
            </span>
          </div>
          {seen !== undefined && (
            <Seen
              seen={seen}
              isPlain={server.value.tls === 'none'}
              onPin={(pin) => {
                fingerprint.value = pin
              }}
              onAnyway={() => void doing('adding', create)}
            />
          )}
        </div>
      </Section>

      <Section title={say.goal}>
        <div class="fields">
          <div class="fields-row">
            <Choice
              label={form.destination}
              value={goal.value}
              error={mistakeIn(problem.value, 'destinationId')}
              options={[
                ...all.map((destination) => ({ value: destination.id, text: destinationName(destination) })),
                ...(ownerOf() === null ? [{ value: newMailbox, text: say.newMailbox }] : []),
              ]}
              onChoose={(value) => {
                goal.value = value
              }}
            />
            <Field
              label={form.folder}
              hint={say.folderHint}
              required
              value={folder.value}
              error={mistakeIn(problem.value, 'folder')}
              onInput={(value) => {
                folder.value = value
              }}
            />
          </div>
          {goal.value === newMailbox && (
            <MailboxFields
              mailbox={mailbox.value}
              problem={problem.value}
              onChange={(changed) => {
                mailbox.value = changed
              }}
            />
          )}
        </div>
      </Section>

      <Section title={say.mail}>
        <div class="fields choices">
          <div class="fields">
            <Options
              label={say.stays}
              value={retention.value}
              options={retentions.map((value) => ({ value, ...say.retentions[value] }))}
              onChoose={(value) => {
                retention.value = value
              }}
            />
            {retention.value === 'keepDays' && (
              <Field
                label={say.retentionDays}
                inputMode="numeric"
                required
                value={retentionDays.value}
                error={mistakeIn(problem.value, 'retention')}
                onInput={(value) => {
                  retentionDays.value = value
                }}
              />
            )}
          </div>
          <div class="fields">
            <Options
              label={say.first}
              value={firstRun.value}
              options={firstRuns.map((value) => ({ value, ...say.firstRuns[value] }))}
              onChoose={(value) => {
                firstRun.value = value
              }}
            />
            {firstRun.value === 'lastDays' && (
              <Field
                label={say.firstDays}
                inputMode="numeric"
                required
                value={firstDays.value}
                error={mistakeIn(problem.value, 'firstRun')}
                onInput={(value) => {
                  firstDays.value = value
                }}
              />
            )}
          </div>
        </div>
      </Section>

      <Wrong problem={problem.value} />
      <div class="form-do">
        <Button kind="main" type="submit" busy={busy.value === 'adding'}>
          {say.submit}
        </Button>
        <a class="button plain" href="/accounts">
          {words.value.common.cancel}
        </a>
      </div>
    </form>
  )
}

const needsHand = (found: Discovery) =>
  found.state === 'failed' || (found.state === 'answered' && found.candidates.length === 0)

/** What was found, the best first; and that it can be told otherwise. */
function Found({
  found,
  chosen,
  onChoose,
}: {
  readonly found: Discovery
  readonly chosen: string
  readonly onChoose: (value: string, candidate: Candidate | undefined) => void
}) {
  const { add: say } = words.value
  const candidates = found.state === 'answered' ? found.candidates : []
  return (
    <>
      <p class="found" role="status">
        {found.state === 'looking' ? (
          <>
            <Icon name="busy" />
            {say.looking}
          </>
        ) : needsHand(found) ? (
          `${say.notFound} ${found.state === 'answered' ? (found.note ?? '') : ''}`
        ) : (
          ''
        )}
      </p>
      {candidates.length > 0 && (
        <Options
          label={say.found(candidates.length)}
          value={chosen}
          options={[
            ...candidates.map((candidate, nth) => ({
              value: String(nth),
              text: `${candidate.host}, ${say.portAndTls(candidate.port, candidate.tls)}`,
              hint: (
                <>
                  <span class={candidate.verified ? 'sure' : ''}>
                    {candidate.verified ? say.verified : say.unverified}
                  </span>
                  {' · '}
                  {say.sources[candidate.source]}
                  {candidate.note !== null && <b class="candidate-note">{candidate.note}</b>}
                </>
              ),
            })),
            { value: byHand, text: say.byHand, hint: say.byHandHint },
          ]}
          onChoose={(value) => onChoose(value, candidates[Number(value)])}
        />
      )}
    </>
  )
}

/** What a test saw: that it works, or what is wrong and what to do. */
function Seen({
  seen,
  isPlain,
  onPin,
  onAnyway,
}: {
  readonly seen: Examination
  readonly isPlain: boolean
  readonly onPin: (fingerprint: string) => void
  readonly onAnyway: () => void
}) {
  const { add: say } = words.value
  const { failure, next, tls } = seen
  if (failure === null)
    return (
      <div class="callout good" role="status">
        <Icon name="check" />
        <div>
          <p class="callout-title">
            {seen.messages === 0 ? say.worksEmpty : say.works(seen.messages, bytes(seen.octets))}
          </p>
          {tls !== null && <p>{say.encrypted(tls.version, moment(tls.validTo))}</p>}
          {isPlain && <p>{say.notEncrypted}</p>}
        </div>
      </div>
    )
  const isToPin = failure.kind === 'tls' && tls !== null
  // The API says it to programs: the field, and its value.
  const step = isToPin && next?.includes(tls.fingerprint) === true ? say.pinHint : next
  return (
    <div role="alert">
      <FailureNote failure={failure} next={step}>
        {isToPin && <code class="fingerprint">{groups(tls.fingerprint)}</code>}
        <div class="form-do">
          {isToPin ? (
            <Button onClick={() => onPin(tls.fingerprint)}>{say.pin}</Button>
          ) : (
            <Button onClick={onAnyway}>{say.anyway}</Button>
          )}
        </div>
      </FailureNote>
    </div>
  )
}

/** `5F 3A ...`: as it is read to somebody over the telephone. */
const groups = (hex: string) => hex.toUpperCase().replace(/(..)(?=.)/g, '$1 ')
