/** `/accounts/test` and `/accounts/{id}/test` (CONTRACT section 4): tries a login, and stores nothing. */
import type { FastifyRequest } from 'fastify'
import { openedProxy, proxyIn, viaOf } from '../../src/account/proxy.ts'
import { otherLogin } from '../../src/failure/other-login.ts'
import { examine } from '../../src/pop3/examine.ts'
import type { SessionOptions } from '../../src/pop3/session.ts'
import { noteShownCertificate } from '../../src/redis/shown-certificates.ts'
import { atGuestSlot, NoSlot } from '../../src/redis/guest-slots.ts'
import { type TestedSource, TestedSources } from '../../src/redis/tested-sources.ts'
import { AccountChanges } from '../account-changes.ts'
import type { App } from '../app.ts'
import { findAccount } from '../http/found.ts'
import { Problem } from '../http/problems.ts'
import { currentReach, demandReach, guardedBy } from '../http/reach.ts'
import { type HandlerOf, route } from '../http/route.ts'
import { principalOf } from '../http/who.ts'
import type { Failure } from '../../src/failure/failure.ts'
import { askedReportOf } from '../../src/failure/sentences.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import type { AccountRecord } from '../../src/redis/account-record.ts'
import type { AccessTokens } from '../../src/redis/oauth-tokens.ts'
import { ownTraits } from '../../src/sasl/kept-traits.ts'
import { newAccount } from '../new-account.ts'
import * as schemas from '../schemas/accounts.ts'
import { Id } from '../schemas/requests.ts'
import type { AccountsWorld } from './accounts.ts'

export interface AccountTestsWorld extends AccountsWorld {
  readonly accessTokens: AccessTokens
}

export async function accountTestRoutes(app: App, world: AccountTestsWorld): Promise<void> {
  const handlers = new AccountTestHandlers(world)
  app.post('/accounts/test', testNewAccount, handlers.testNew)
  const withOrWithoutBody = async (request: FastifyRequest) => {
    request.body ??= {}
  }
  app.post('/accounts/:id/test', { ...testAccount, preValidation: withOrWithoutBody }, handlers.test)
}

const testNewAccount = route(
  { scope: 'operate' },
  {
    operationId: 'testNewAccount',
    summary: 'Try an account without registering it',
    body: schemas.NewAccount,
    response: { 200: schemas.Examination },
  },
)

const testAccount = route(
  { scope: 'operate' },
  {
    operationId: 'testAccount',
    summary: 'Try a registered account',
    description:
      'Without a body as it is registered; with the fields of a PATCH as it would be after that, by the same rules (scope admin): the password that is kept is tried where the PATCH needs none in the same call. Nothing is changed.',
    params: Id,
    body: schemas.AccountPatch,
    response: { 200: schemas.Examination },
  },
)

class AccountTestHandlers {
  readonly #world: AccountTestsWorld
  readonly #changes: AccountChanges

  constructor(world: AccountTestsWorld) {
    this.#world = world
    this.#changes = new AccountChanges(world)
  }

  readonly testNew: HandlerOf<typeof testNewAccount> = async (request) => {
    const account = newAccount(request.body, principalOf(request))
    const guarded = guardedBy(principalOf(request), account)
    const reach = await demandReach(this.#world.settings, guarded, 'pop3', account)
    if (account.auth === 'oauth2') return notSignedIn({ kind: 'sign-in needed', mailbox: account.user, reason: null })
    const { proxy: given = null, password = '' } = request.body
    const own = given === null || given === 'none' ? given : (proxyIn(given) ?? null)
    const via = viaOf(account.host, own, this.#world.proxy)
    const options = { ...account, password, reach, via }
    const first = await this.#examination(options)
    if (request.body.user !== undefined) return first
    const other = otherLogin(options, first)
    if (other === undefined) return { ...first, user: account.user }
    const second = await this.#examination({ ...options, ...other })
    return second.ok ? { ...second, user: other.user } : { ...first, user: account.user }
  }

  readonly test: HandlerOf<typeof testAccount> = async (request) => {
    const registered = await findAccount(this.#world.accounts, request.params.id)
    const isAsRegistered = Object.keys(request.body).length === 0
    // Where the password that is kept goes is decided by who may change the account.
    if (!isAsRegistered && principalOf(request).scope !== 'admin')
      throw new Problem('scope', 'To try an account with other settings needs the scope admin.')
    const { account, sealedPassword, ...rest } = isAsRegistered ? registered : await this.#changes.tried(request)
    const reach = await currentReach(this.#world.settings, rest, 'pop3')
    const { seal, proxy } = this.#world
    const via = viaOf(account.host, openedProxy(account, rest, seal), proxy)
    const password = await this.#secretOf({ account, sealedPassword, ...rest })
    if (typeof password !== 'string') return notSignedIn(password)
    const findings = await this.#examination({ ...account, ...ownTraits(account, rest), password, reach, via })
    // With a password of its own the test may have met another server, or come by another proxy: what is shown there is not this account's.
    if (findings.tls !== null && request.body.password === undefined)
      await noteShownCertificate(this.#world.redis, account.id, findings.tls.fingerprint)
    return findings
  }

  /** Its password, or a token to log in with; the failure that kept it from being got. */
  async #secretOf({ account, sealedPassword, guarded }: AccountRecord): Promise<string | Failure> {
    if (account.auth !== 'oauth2') return this.#world.seal.open(sealedPassword, account.id, 'password')
    try {
      const holder = { kind: 'account', id: account.id, login: account, guarded: guarded === true } as const
      return await this.#world.accessTokens.of(holder)
    } catch (error) {
      if (error instanceof SessionFailed) return error.failure
      throw error
    }
  }

  /** A run that follows soon must not fail for the login of this test. */
  async #examination(options: SessionOptions & TestedSource) {
    const { redis } = this.#world
    const examined = atGuestSlot(redis, options, async (loginGate) => await examine({ ...options, loginGate }))
    const { capabilities, ...findings } = await examined.catch((error: unknown) => {
      if (!(error instanceof NoSlot)) throw error
      return { ...nothingFound, failure: { kind: 'throttled' as const, message: error.message } }
    })
    if (findings.ok) await new TestedSources(redis).note(options)
    return { ...findings, capabilities: [...capabilities] }
  }
}

function notSignedIn(failure: Failure) {
  return { ...nothingFound, failure: askedReportOf(failure) }
}

const nothingFound = { ok: false, messages: 0, octets: 0, capabilities: [], tls: null, next: null }
