/** `/accounts/smtp/test` and `/accounts/{id}/smtp/test` (CONTRACT section 11): tries the server by which an account sends. */
import { randomBytes } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { openedProxy, proxyIn, type Proxy, viaOf } from '../../src/account/proxy.ts'
import type { Account } from '../../src/account/account.ts'
import type { IdentityProof } from '../../src/account/sending.ts'
import { openedSmtpPassword, smtpLoginOf } from '../../src/account/smtp-login.ts'
import type { Discoveries } from '../../src/discover/discoveries.ts'
import type { Failure } from '../../src/failure/failure.ts'
import { smtpStepSentence } from '../../src/failure/smtp-step.ts'
import type { AccountRecord } from '../../src/redis/account-record.ts'
import type { PullQueue } from '../../src/redis/queue.ts'
import { resumeSending } from '../../src/redis/senders.ts'
import { identityTest } from '../../src/send/identity-test.ts'
import { examineSmtp, smtpFailed, type SmtpExamination } from '../../src/smtp/examine.ts'
import type { SmtpLogin } from '../../src/smtp/login-options.ts'
import { sendTestMail } from '../../src/smtp/test-mail.ts'
import { AccountChanges } from '../account-changes.ts'
import type { App } from '../app.ts'
import { foundSmtp } from '../found-smtp.ts'
import { findAccount } from '../http/found.ts'
import { Problem } from '../http/problems.ts'
import { currentReach } from '../http/reach.ts'
import { type HandlerOf, route } from '../http/route.ts'
import { principalOf } from '../http/who.ts'
import { newAccount } from '../new-account.ts'
import { askedWithin } from '../owner-quotas.ts'
import { AccountPatch, NewAccount } from '../schemas/accounts.ts'
import { Id } from '../schemas/requests.ts'
import * as schemas from '../schemas/sending.ts'
import { demandSmtpPlaces, isServer, keptProof, smtpGuardedBy, smtpView } from '../smtp-fields.ts'
import type { AccountTestsWorld } from './account-tests.ts'

export interface SmtpTestsWorld extends AccountTestsWorld {
  readonly discoveries: Discoveries
  readonly queue: PullQueue
}

export async function smtpTestRoutes(app: App, world: SmtpTestsWorld): Promise<void> {
  const handlers = new SmtpTestHandlers(world)
  app.post('/accounts/smtp/test', testNewSmtp, handlers.testNew)
  const withOrWithoutBody = async (request: FastifyRequest) => {
    request.body ??= {}
  }
  app.post('/accounts/:id/smtp/verify', verifyAddress, handlers.verify)
  app.post('/accounts/:id/smtp/test', { ...testSmtp, preValidation: withOrWithoutBody }, handlers.test)
}

const testNewSmtp = route(
  { scope: 'operate' },
  {
    operationId: 'testNewSmtp',
    summary: 'Try by which server an account would send, without registering it',
    body: NewAccount,
    response: { 200: schemas.SmtpExamination },
  },
)

const testSmtp = route(
  { scope: 'operate' },
  {
    operationId: 'testSmtp',
    summary: 'Try the server by which an account sends',
    description:
      'Logs in, and asks whether it sends as the address; nothing is sent for that. Where it works, what waits for it is sent at once. Where `smtp` is null its server is looked for, and kept if its name can be trusted. With the fields of a PATCH as it would be after that, by the same rules (scope admin); nothing is changed then.',
    params: Id,
    body: AccountPatch,
    response: { 200: schemas.SmtpExamination },
  },
)

const verifyAddress = route(
  { scope: 'operate' },
  {
    operationId: 'verifyAddress',
    summary: 'Send a mail as the address of an account, to the address itself',
    description:
      'It is known again when the account gathers it, and stored like any mail: then the address is `verified` (GET /destinations/:id/identities). Where the server does not send as the address it is `refused`, in its words. Once it is taken the account is visited; a provider may need longer than that to deliver it.',
    params: Id,
    response: { 200: schemas.AddressVerification },
  },
)

class SmtpTestHandlers {
  readonly #world: SmtpTestsWorld
  readonly #changes: AccountChanges

  constructor(world: SmtpTestsWorld) {
    this.#world = world
    this.#changes = new AccountChanges(world)
  }

  readonly testNew: HandlerOf<typeof testNewSmtp> = async (request) => {
    const { body } = request
    const principal = principalOf(request)
    const asked = newAccount(body, principal)
    const account = await this.#withServer(asked, principal.destinationId !== undefined)
    if (account === undefined) return unknown(asked)
    await demandSmtpPlaces(this.#world, account, smtpGuardedBy(principal, account))
    const { proxy: given = null } = body
    const own = given === null || given === 'none' ? given : (proxyIn(given) ?? null)
    const password = (isServer(body.smtp) ? body.smtp.password : undefined) ?? body.password ?? ''
    if (smtpLoginOf(account)?.auth === 'oauth2')
      return answered(smtpFailed({ kind: 'sign-in needed', mailbox: account.user, reason: null }), account)
    const guarded = smtpGuardedBy(principal, account).smtpGuarded
    return await this.#examined(account, { password, own, guarded })
  }

  readonly test: HandlerOf<typeof testSmtp> = async (request) => {
    const registered = await findAccount(this.#world.accounts, request.params.id)
    const isAsRegistered = Object.keys(request.body).length === 0
    if (!isAsRegistered && principalOf(request).scope !== 'admin')
      throw new Problem('scope', 'To try an account with other settings needs the scope admin.')
    const tried = isAsRegistered ? registered : await this.#changes.tried(request)
    const record = await this.#ready(tried, request, isAsRegistered)
    if (record === undefined) return unknown(tried.account)
    const examined = await this.#examined(record.account, this.#accessOf(record))
    // It was mended at the provider: what waits goes out now.
    if (isAsRegistered && examined.ok) await resumeSending(this.#world.redis, record.account.id)
    return examined
  }

  readonly verify: HandlerOf<typeof verifyAddress> = async (request) => {
    const registered = await findAccount(this.#world.accounts, request.params.id)
    const record = await this.#ready(registered, request, true)
    if (record === undefined) return { ...unknown(registered.account), state: 'unverified' as const }
    const { account } = record
    const [token, atMs] = [randomBytes(16).toString('hex'), Date.now()]
    // Written before it goes out: it may be gathered before its answer is here.
    await this.#note(account, { state: 'sent', token, reason: null, atMs })
    const login = await this.#loginOf(account, this.#accessOf(record))
    const end = await sendTestMail(login, account.address, identityTest(account.address, token, atMs))
    if (end.kind === 'failed') {
      await this.#unsay(account, token, registered.identityProof)
      const state = registered.identityProof?.state ?? 'sent'
      return { ...answered(end.examination, account), state: state === 'sent' ? ('unverified' as const) : state }
    }
    if (end.kind === 'sent') {
      await this.#visit(request, account)
      return { ...sentOn(account), state: 'unverified' as const }
    }
    await this.#note(account, { state: 'refused', reason: end.reason, atMs })
    const step = 'own address' as const
    const failure = { kind: 'provider refused' as const, message: end.reason }
    const told = { ok: false, failure, next: smtpStepSentence(step), step }
    return { ...answered(told, account), state: 'refused' as const }
  }

  /** Of the address and the login that were tested, and no others that somebody has set meanwhile. */
  async #note(tested: Account, proof: IdentityProof): Promise<void> {
    await this.#world.accounts.update(tested.id, (record) => {
      const isSame = keptProof({ ...record, identityProof: proof }, tested).identityProof !== undefined
      return { record: isSame ? { ...record, identityProof: proof } : record, due: 'as before' }
    })
  }

  /** Nothing went out: what was known of the address before is known again. */
  async #unsay(tested: Account, token: string, before: IdentityProof | undefined): Promise<void> {
    await this.#world.accounts.update(tested.id, (record) => {
      const { identityProof, ...rest } = record
      if (identityProof?.state !== 'sent' || identityProof.token !== token) return { record, due: 'as before' }
      return { record: { ...rest, ...(before === undefined ? {} : { identityProof: before }) }, due: 'as before' }
    })
  }

  /** Nobody waits for the next visit. Where an owner has as many runs as may be, it comes all the same. */
  async #visit(request: FastifyRequest, { id: accountId }: Account): Promise<void> {
    const ask = async () => await this.#world.queue.request(accountId)
    await askedWithin(this.#world, principalOf(request), { accountId }, ask).catch((error: unknown) => {
      if (!(error instanceof Problem) || error.type !== 'quota') throw error
    })
  }

  /** A record whose server is known; what was found is kept if it is to be. Undefined: nobody knows one. */
  async #ready(
    tried: AccountRecord,
    request: Parameters<typeof principalOf>[0],
    keeps: boolean,
  ): Promise<AccountRecord | undefined> {
    const isGuarded = tried.guarded === true || principalOf(request).destinationId !== undefined
    const account = await this.#withServer(tried.account, isGuarded)
    if (account === undefined) return undefined
    const isFound = tried.account.smtp === null
    const record = { ...tried, account, ...(isFound && isGuarded ? { smtpGuarded: true as const } : {}) }
    if (isFound) await demandSmtpPlaces(this.#world, account, record)
    if (isFound && keeps) await this.#keep(record)
    return record
  }

  #accessOf(record: AccountRecord): Access {
    const { account } = record
    const { seal, accessTokens } = this.#world
    const own = openedProxy(account, record, seal)
    const guarded = record.smtpGuarded
    if (smtpLoginOf(account)?.auth !== 'oauth2')
      return { password: openedSmtpPassword(account.id, record, seal), own, guarded }
    const holder = { kind: 'account', id: account.id, login: account, guarded: record.guarded === true } as const
    const accessToken = async (refused?: string) => await accessTokens.of(holder, { refused })
    return { password: '', accessToken, own, guarded }
  }

  /** The account with a server, where one is known or can be found. */
  async #withServer(account: Account, guarded: boolean): Promise<Account | undefined> {
    if (isServer(account.smtp)) return account
    if (account.smtp === false)
      throw new Problem('conflict', `${account.address} sends nothing (smtp false): name the server of its provider.`)
    const found = await foundSmtp(this.#world, account, guarded)
    // What somebody on the way may have named is not given a password unseen.
    return found?.isSure ? { ...account, smtp: found.smtp } : undefined
  }

  /** Unless somebody has set one meanwhile. */
  async #keep({ account, smtpGuarded }: AccountRecord): Promise<void> {
    await this.#world.accounts.update(account.id, (record) => {
      if (record.account.smtp !== null) return { record, due: 'as before' }
      const kept = { ...record, account: { ...record.account, smtp: account.smtp } }
      return { record: { ...kept, ...(smtpGuarded ? { smtpGuarded } : {}) }, due: 'as before' }
    })
  }

  async #examined(account: Account, access: Access) {
    return answered(await examineSmtp(await this.#loginOf(account, access), account.address), account)
  }

  async #loginOf(account: Account, { own, guarded = false, ...secret }: Access): Promise<SmtpLogin> {
    const login = smtpLoginOf(account)
    if (login === undefined) throw new Error(`${account.id} has no SMTP server`)
    const reach = await currentReach(this.#world.settings, { guarded }, 'smtp')
    return { ...login, ...secret, reach, via: viaOf(login.host, own, this.#world.proxy) }
  }
}

type Access = Pick<SmtpLogin, 'password' | 'accessToken'> & {
  readonly own: Proxy | 'none' | null
  readonly guarded: boolean | undefined
}

function sentOn(account: Account) {
  const next = `A mail is on its way to ${account.address}, from itself. The account is visited now; the address is verified when the mail is gathered.`
  return answered({ ok: true, failure: null, next, step: null }, account)
}

function answered(examination: SmtpExamination, account: Account) {
  return { ...examination, smtp: smtpView(account.smtp) }
}

function unknown(account: Account) {
  const step = 'name the server' as const
  const failure: Pick<Failure, 'kind'> & { readonly message: string } = {
    kind: 'unreachable',
    message: `It is not known by which server ${account.address} sends.`,
  }
  return { ok: false, failure, next: smtpStepSentence(step), step, smtp: smtpView(account.smtp) }
}
