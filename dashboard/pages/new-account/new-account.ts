/** The state of a new account: what is typed, what was found for its address, and the result of the last test. */
import { type Signal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { call, everyOne } from '../../client.ts'
import { sentTrust, type Trust, usualTrust } from '../../components/certificate-fields.tsx'
import { octetsIn } from '../../components/import-budget.tsx'
import { makeMailbox } from '../../components/new-mailbox.tsx'
import { type Line, sentLine, usualLine } from '../../components/line-fields.tsx'
import { changedRare, type Rare, usualRare } from '../../components/more-fields.tsx'
import { pop3Ports, type Server } from '../../components/server-fields.tsx'
import { changedSending, type SendingTyped, usualSending } from '../../components/sending-fields.tsx'
import { byPassword, entryOf } from '../../components/sign-in/entry.tsx'
import { signInNow } from '../../components/sign-in/sign-in-now.ts'
import { attempt, tell } from '../../components/toast.tsx'
import { type Discovery, useDiscovery } from '../../discovery.ts'
import { type Draft, useDraft } from '../../draft.ts'
import { learn } from '../../roster.ts'
import { useResource } from '../../resource.ts'
import { navigate } from '../../router.ts'
import type {
  Account,
  Application,
  Candidate,
  Destination,
  Examination,
  NewAccount,
  SmtpExamination,
} from '../../shapes.ts'
import { type FirstRun, firstRunOf, type Retention, retentionOf } from '../../terms.ts'
import { words } from '../../words/index.ts'

/** Stands in place of a destination's id for a destination that is to be made. */
export const newMailbox = 'new'
/** Stands in place of a candidate's index for a server that is entered by hand. */
export const byHand = 'by hand'

export interface Typed extends Server, Line, Trust, Rare, SendingTyped {
  readonly address: string
  readonly password: string
  /** The application by which its owner signs in, or `password`. */
  readonly entry: string
  readonly destinationId: string
  /** The login and password of a mailbox that is to be made. */
  readonly login: string
  readonly newPassword: string
  readonly folder: string
  readonly retention: Retention
  readonly retentionDays: string
  readonly firstRun: FirstRun
  readonly firstDays: string
  /** What its first import may bring in an hour, in MB. */
  readonly budget: string
}

export interface Adding {
  readonly draft: Draft<Typed>
  readonly found: Discovery
  /** The chosen candidate by its index, or `by hand`. */
  readonly chosen: Signal<string>
  readonly isByHand: boolean
  /** The provider takes no password, and a password is what would be sent: it is not even tried. */
  readonly isClosed: boolean
  /** Those by which its owner can sign in at the provider. */
  readonly applications: readonly Application[]
  /** The result of the last test; undefined when something was typed since. */
  readonly seen: Examination | undefined
  /** Of the server for sending, where that was tested too. */
  readonly seenSending: SmtpExamination | undefined
  /** Whether the account is only tested, and not made. */
  readonly isTesting: boolean
  readonly test: () => Promise<void>
  readonly create: () => Promise<void>
}

const noServer: Server = { host: '', port: String(pop3Ports.implicit), tls: 'implicit', user: '' }

const noSending = { smtpHost: '', smtpPort: usualSending.smtpPort, smtpTls: usualSending.smtpTls }

export const serverOf = ({ host: name, hostUnicode: host = name, port, tls, user }: Found): Server => ({
  host,
  port: String(port),
  tls,
  user,
})

type Found = Pick<Candidate, 'host' | 'port' | 'tls' | 'user'> & { readonly hostUnicode?: string }

interface Beginning {
  readonly address?: string
  /** Called with a mailbox that was made for the account. */
  readonly onMade?: (made: Destination) => void
}

export function useNewAccount(destinationId: string, { address = '', onMade }: Beginning = {}): Adding {
  const first: Typed = {
    ...noServer,
    ...usualLine,
    ...usualTrust,
    ...usualRare,
    ...usualSending,
    address,
    password: '',
    entry: byPassword,
    destinationId,
    login: '',
    newPassword: '',
    folder: 'INBOX',
    retention: 'keep',
    retentionDays: '14',
    firstRun: 'all',
    firstDays: '30',
    budget: '',
  }
  const chosen = useSignal('0')
  const tested = useSignal<{ readonly of: string; readonly seen: Examination } | undefined>(undefined)
  const sending = useSignal<{ readonly of: string; readonly seen: SmtpExamination } | undefined>(undefined)
  const testing = useSignal(false)
  const draft = useDraft(first, async () => {
    // Before anybody has signed in there is nothing to be tried.
    if (values.entry !== byPassword || seen?.ok === true || (await examine()).ok) await make()
  })
  const { values } = draft
  const { value: found } = useDiscovery(values.address.trim())
  const { value: known } = useResource('/oauth/applications', everyOne<Application>).now
  const applications = known.state === 'ready' ? known.value.filter((one) => isFor(one, found)) : []
  useEffect(() => {
    // Where no password is taken, signing in is what is meant.
    const [only] = applications
    const takesNone = takesNoPassword(found)
    if (takesNone && only !== undefined) draft.settle({ entry: only.id })
    else if (!applications.some(({ id }) => id === draft.values.entry)) draft.settle({ entry: byPassword })
  }, [found, known])
  useEffect(() => {
    if (chosen.peek() === byHand || found.state !== 'answered') return
    const [best] = found.candidates
    chosen.value = '0'
    const server = best ?? found.guess
    const [sending] = found.smtp
    const smtp =
      sending === undefined
        ? noSending
        : { smtpHost: sending.hostUnicode, smtpPort: String(sending.port), smtpTls: sending.tls }
    draft.settle({ ...(server === null ? { ...noServer, user: values.address.trim() } : serverOf(server)), ...smtp })
  }, [found])

  const source = sourceOf(values)
  const about = JSON.stringify(source)
  const { destinationId: goal, folder, retention, retentionDays, firstRun, firstDays, budget } = values
  const body: NewAccount = {
    ...source,
    destinationId: goal,
    folder: folder.trim(),
    retention: retentionOf(retention, retentionDays),
    firstRun: firstRunOf(firstRun, firstDays),
    importBytesPerHour: octetsIn(budget),
    ...changedRare(usualRare, values),
    ...changedSending(usualSending, values),
  }
  const seen = tested.value?.of === about ? tested.value.seen : undefined
  const aboutSending = JSON.stringify([source, body.smtp])
  const seenSending = sending.value?.of === aboutSending ? sending.value.seen : undefined
  const examine = async () => {
    // A test stores nothing, so any destination will do, even one that does not exist yet.
    const answer = await call<Examination>('POST', '/accounts/test', body)
    tested.value = { of: about, seen: answer }
    return answer
  }
  const examineBoth = async () => {
    const { ok } = await examine()
    if (!ok || !values.sends) return
    const answer = await call<SmtpExamination>('POST', '/accounts/smtp/test', body)
    sending.value = { of: aboutSending, seen: answer }
  }
  const make = async () => {
    let to = goal
    if (to === newMailbox) {
      const made = await makeMailbox(values.login, values.newPassword)
      onMade?.(made)
      to = made.id
      draft.set({ destinationId: to })
    }
    // The test may have been a moment ago, in this very step.
    const last = tested.peek()
    const user = last?.of === about && last.seen.ok && last.seen.user !== undefined ? { user: last.seen.user } : {}
    const account = await call<Account>('POST', '/accounts', { ...body, ...user, destinationId: to })
    learn([account])
    navigate(`/accounts/${account.id}`)
    const [remark] = account.remarks ?? []
    if (remark !== undefined) tell(words.value.sending.shared(remark))
    else if (values.entry === byPassword) tell(words.value.add.added)
    if (values.entry !== byPassword) await attempt(async () => await signInNow(`/accounts/${account.id}`))
  }
  return {
    draft,
    found,
    chosen,
    applications,
    isByHand: chosen.value === byHand || isNotFound(found),
    isClosed: chosen.value !== byHand && values.entry === byPassword && takesNoPassword(found),
    seen,
    seenSending,
    isTesting: testing.value,
    async test() {
      testing.value = true
      await draft.run(examineBoth)
      testing.value = false
    },
    create: async () => await draft.run(make),
  }
}

export const isNotFound = (found: Discovery) =>
  found.state === 'failed' || found.state === 'away' || (found.state === 'answered' && found.candidates.length === 0)

/** Whether the best that was found lets nobody in by a password. */
function takesNoPassword(found: Discovery): boolean {
  return found.state === 'answered' && found.candidates[0]?.advice?.code === 'sign in'
}

/** An application of another provider is of no use for an address, and one's own may serve any. */
function isFor({ provider }: Application, found: Discovery): boolean {
  return provider === 'custom' || (found.state === 'answered' && found.guide === provider)
}

function sourceOf({ password, entry, tls, ...typed }: Typed) {
  const [address, host, user] = [typed.address.trim(), typed.host.trim(), typed.user.trim()]
  // Where nobody has said a user, the API has the rule, and tries the other form itself.
  const said = user === '' || user === address ? {} : { user }
  const server = { address, host, port: Number(typed.port), tls, ...said }
  const line = sentLine(typed, { protocol: 'POP3', signsIn: entry !== byPassword })
  return { ...server, ...line, ...entryOf(entry, password), ...sentTrust(typed) }
}
