/** What a PATCH, a pause and a resume make of an account, and what follows from that. */
import type { Redis } from 'ioredis'
import { isDeletedFlag } from '../src/account/account.ts'
import { atHost, hostMistakes } from '../src/account/host.ts'
import type { Mistake } from '../src/account/mistake.ts'
import { sealedProxy } from '../src/account/proxy.ts'
import type { DestinationId } from '../src/mail/message.ts'
import type { AccountRecord } from '../src/redis/account-record.ts'
import { type AccountChange, type Accounts, sourceOf } from '../src/redis/accounts.ts'
import { factsOf } from '../src/redis/facts.ts'
import type { InstanceSettingsStore } from '../src/redis/instance-settings.ts'
import type { OAuthApplications } from '../src/redis/oauth-applications.ts'
import type { OAuthGrants } from '../src/redis/oauth-grants.ts'
import { endVisit } from '../src/redis/revocations.ts'
import type { Runs } from '../src/redis/runs.ts'
import { resumeSending } from '../src/redis/senders.ts'
import { fingerprintsOf, shownCertificate } from '../src/redis/shown-certificates.ts'
import { stopPull } from '../src/redis/stopped-pull.ts'
import type { TokenRevocations } from '../src/redis/token-revocations.ts'
import { keptTraits } from '../src/sasl/kept-traits.ts'
import type { Seal } from '../src/seal.ts'
import { bringForward } from './bring-forward.ts'
import { demandPlace } from './demand-place.ts'
import { demandMatch } from './http/etag.ts'
import { findAccount } from './http/found.ts'
import { unknown } from './http/problems.ts'
import { demandReach, guardedBy } from './http/reach.ts'
import { principalOf } from './http/who.ts'
import { givenMistakes, pinOf, storedForm } from './login-fields.ts'
import { accountTaken, choiceOf, demandRules, inOneForm, noSuchDestination } from './new-account.ts'
import { passwordNeeded, tokenLineMistakes } from './password-needed.ts'
import { demandInterval, quotasOf } from './owner-quotas.ts'
import type { AccountPatch } from './schemas/accounts.ts'
import { demandSmtpPlaces, keptProof, sealedSmtp, smtpAfter, smtpGuardedBy, smtpMistakes } from './smtp-fields.ts'
import { afterAccountChange, demandTokensMayGo, dueFromNow, keptPassword, passwordMistakes } from './sign-in-rules.ts'

export interface AccountChangesWorld {
  readonly accounts: Accounts
  readonly redis: Redis
  readonly runs: Runs
  readonly seal: Seal
  readonly settings: InstanceSettingsStore
  readonly applications: OAuthApplications
  readonly grants: OAuthGrants
  readonly revocations: TokenRevocations
  readonly publicUrl: string
}

/** A change of one of these fields may remove the reason for which an account stopped: the account is tried at once, and its failures are forgotten. */
const curing = [
  'host',
  'port',
  'tls',
  'tlsVerify',
  'tlsFingerprint',
  'user',
  'password',
  'auth',
  'sasl',
  'tlsMinVersion',
  'tlsLegacy',
  'proxy',
  'oauth',
  'destinationId',
  'folder',
] as const

type Asked = Parameters<typeof demandMatch>[0] & {
  readonly params: { readonly id: string }
  readonly body: AccountPatch
}
/** The fields of a body that are fields of an account, the address and the host in their one form. */
type Fields = Omit<AccountPatch, 'interval' | 'password' | 'destinationId' | 'smtp'>

interface Wanted {
  readonly fields: Fields
  readonly wrongHost: readonly Mistake[]
  /** The fingerprints that its server has shown, if one is to be pinned. */
  readonly shown: readonly string[]
  readonly cures: boolean
}

export class AccountChanges {
  readonly #world: AccountChangesWorld

  constructor(world: AccountChangesWorld) {
    this.#world = world
  }

  /** @throws Problem that kept it from being changed. */
  async patch(request: Asked): Promise<AccountRecord> {
    const { redis, runs } = this.#world
    const { params, body } = request
    const { fields, wrongHost, shown, cures } = await this.#asked(request)
    const quotas = await quotasOf(principalOf(request), this.#world.settings)
    const grant = await this.#world.grants.get(params.id)
    let isMoved = false
    let due: AccountChange['due'] = 'as before'
    const record = await this.#update(params.id, (before) => {
      demandMatch(request, before, `The account ${params.id}`)
      demandInterval(quotas, body.interval, before.account.interval)
      const changed = this.#changed(request, before, { fields, wrongHost, shown, cures })
      isMoved = sourceOf(changed.account) !== sourceOf(before.account)
      const isTried = changed.account.paused || before.account.paused || cures
      due = isTried ? dueFromNow(changed.account, grant) : 'as before'
      return { record: changed, due }
    })
    if (isMoved) await endVisit(redis, record.account.id)
    if (body.paused === true) await stopPull(redis, runs, record.account.id)
    if (cures || body.paused === false)
      await afterAccountChange(this.#world, record.account, due === 'as before' ? undefined : due)
    if (cures || body.smtp !== undefined || body.paused === false) await resumeSending(redis, record.account.id)
    const hasBudget = body.importBytesPerHour !== undefined
    if (body.interval !== undefined || hasBudget) await bringForward(redis, record.account, hasBudget)
    return record
  }

  /** What a PATCH of this body would make of it; nothing is changed. @throws Problem that would keep it from being changed. */
  async tried(request: Asked): Promise<AccountRecord> {
    const { fields, wrongHost, shown, cures } = await this.#asked(request)
    const before = await findAccount(this.#world.accounts, request.params.id)
    return this.#changed(request, before, { fields, wrongHost, shown, cures })
  }

  async setPaused(id: string, paused: boolean): Promise<AccountRecord> {
    const grant = await this.#world.grants.get(id)
    let due: 'now' | 'never' = 'never'
    const record = await this.#update(id, ({ account: before, twinOf, ...rest }) => {
      const account = { ...before, paused }
      due = dueFromNow(account, grant)
      return { record: { ...rest, account, ...(paused && twinOf !== undefined ? { twinOf } : {}) }, due }
    })
    const { redis, runs } = this.#world
    if (paused) {
      await stopPull(redis, runs, record.account.id)
      return record
    }
    await afterAccountChange(this.#world, record.account, due)
    await resumeSending(redis, record.account.id)
    return record
  }

  async #asked(request: Asked): Promise<Wanted> {
    const { params, body } = request
    const { password: _password, destinationId: _destinationId, interval: _interval, smtp: _smtp, ...given } = body
    const fields = { ...given, ...inOneForm(given) }
    const wrongHost = body.host === undefined ? [] : hostMistakes(body.host)
    await this.#demandPlaces(request, fields, wrongHost)
    const shown = await this.#shownCertificates(params.id, body.tlsFingerprint)
    return { fields, wrongHost, shown, cures: curing.some((field) => body[field] !== undefined) }
  }

  /** @throws Problem unless the account may be where the change puts it: its server, its folder, and where its tokens go. */
  async #demandPlaces(request: Asked, fields: Fields, wrongHost: readonly Mistake[]): Promise<void> {
    const { accounts, settings, redis, applications } = this.#world
    const { params, body } = request
    const before = await findAccount(accounts, params.id)
    const { account, guarded } = before
    const byWhom = (after: Parameters<typeof guardedBy>[1]) =>
      guardedBy(principalOf(request), after, { ...account, guarded })
    if (wrongHost.length === 0 && (body.host !== undefined || body.port !== undefined)) {
      const after = { ...account, ...fields }
      await demandReach(settings, byWhom(after), 'pop3', after)
    }
    const destinationId = (body.destinationId ?? account.destinationId) as DestinationId
    const isMoved = destinationId !== account.destinationId
    const [folder, flags] = [body.folder ?? account.folder, body.flags ?? account.flags]
    await demandPlace(redis, {
      destinationId,
      // What was taken before goes on where it is.
      ...(isMoved || folder !== account.folder ? { folder } : {}),
      ...(isMoved || flags.join(' ') !== account.flags.join(' ') ? { flags } : {}),
    })
    if (wrongHost.length > 0) return
    const smtp = smtpAfter(body.smtp, account.smtp)
    const after = storedForm({ ...account, ...fields, smtp }, body)
    await demandTokensMayGo(applications, after, byWhom(after))
    const login = [fields.auth, fields.oauth, body.smtp]
    if (login.some((field) => field !== undefined))
      await demandSmtpPlaces(this.#world, after, smtpGuardedBy(principalOf(request), after, before))
  }

  /** @throws Problem that names everything that is wrong with it. */
  #changed(request: Asked, before: AccountRecord, { fields, wrongHost, shown, cures }: Wanted): AccountRecord {
    const { seal } = this.#world
    const { body } = request
    const { password, destinationId, interval } = body
    const principal = principalOf(request)
    const after = storedForm(
      {
        ...atHost(before.account, fields.host ?? before.account.host),
        // An account from before it was refused may have it; it keeps nobody from changing something else.
        flags: before.account.flags.filter((flag) => !isDeletedFlag(flag)),
        ...fields,
        ...(body.tlsFingerprint === undefined ? {} : { tlsFingerprint: pinOf(body.tlsFingerprint) }),
        interval: { ...before.account.interval, ...interval },
        smtp: smtpAfter(body.smtp, before.account.smtp),
        ...choiceOf(body),
        ...(destinationId === undefined ? {} : { destinationId: destinationId as DestinationId }),
      },
      body,
    )
    const wrong = [
      ...wrongHost,
      ...givenMistakes(body, principal, before.account),
      ...tokenLineMistakes(principal, after, { before: before.account, shown }),
      ...(password === undefined
        ? passwordNeeded(before.account, after, shown)
        : passwordMistakes(after.auth, password)),
      ...smtpMistakes(after, { principal, given: body.smtp, password, before: before.account }),
    ]
    const account = demandRules(after, password, wrong, before.account)
    const twinOf = account.paused && sourceOf(account) === sourceOf(before.account) ? before.twinOf : undefined
    const sealed = (text: string) => seal.seal(text, account.id, 'password')
    return {
      account,
      sealedPassword:
        password === undefined
          ? keptPassword({ login: before.account, sealedPassword: before.sealedPassword }, account.auth, sealed)
          : sealed(password),
      ...sealedProxy(seal, account.id, body.proxy, { ...before, proxy: before.account.proxy }),
      ...keptTraits(before, before.account, account, cures),
      ...guardedBy(principal, account, { ...before.account, guarded: before.guarded }),
      ...sealedSmtp(account, { given: body.smtp, before, seal }),
      ...smtpGuardedBy(principal, account, before),
      ...keptProof(before, account),
      ...(twinOf === undefined ? {} : { twinOf }),
    }
  }

  /** The certificates that its server has shown to the last test and in the last run, if one is to be pinned. */
  async #shownCertificates(id: string, pin: string | null | undefined): Promise<string[]> {
    if (pin == null) return []
    const { redis } = this.#world
    const [tested, [facts]] = await Promise.all([shownCertificate(redis, id), factsOf(redis, [id])])
    return [...(tested === undefined ? [] : [tested]), ...fingerprintsOf(facts?.lastRun?.failure)]
  }

  /** @returns the changed record. @throws Problem that kept it from being changed. */
  async #update(id: string, change: Parameters<Accounts['update']>[1]): Promise<AccountRecord> {
    const changed = await this.#world.accounts.update(id, change)
    if (changed === 'unknown') throw unknown('account', id)
    if (changed === 'conflict') throw accountTaken()
    if (changed === 'no destination') throw noSuchDestination()
    return changed
  }
}
