/** An import of accounts: it registers each line that is fit, and answers each line. */
import type { FastifyRequest } from 'fastify'
import type { Account } from '../src/account/account.ts'
import type { Mistake } from '../src/account/mistake.ts'
import type { AccountRecord } from '../src/redis/account-record.ts'
import { type Created, sourceOf } from '../src/redis/accounts.ts'
import { proxyIn, type SealedProxy, sealedProxy, shownProxy } from '../src/account/proxy.ts'
import type { Seal } from '../src/seal.ts'
import { type SharedAddress, sharedAddressOf, sharedAddressSentence } from '../src/send/identity.ts'
import { afterAccountChange, demandTokensMayGo } from './sign-in-rules.ts'
import { type Principal, principalOf } from './http/who.ts'
import { halfSurrogateIn, noCharacter, utf8In } from './http/json.ts'
import { linesIn } from '../src/lines.ts'
import { badRequest, mistakesOf, Problem, problemOf, problemView, type SchemaMistake } from './http/problems.ts'
import { demandReach, guardedBy } from './http/reach.ts'
import { apiLimits } from './limits.ts'
import { demandPlace } from './demand-place.ts'
import { demandInterval, type OwnerQuotas, quotasOf, tooManyAccounts } from './owner-quotas.ts'
import { passwordNeeded } from './password-needed.ts'
import { accountTaken, newAccount, noSuchDestination } from './new-account.ts'
import type { AccountsWorld } from './routes/accounts.ts'
import type { AccountLine } from './schemas/account-lines.ts'
import { demandSmtpPlaces, sealedSmtp, smtpGuardedBy, smtpPasswordNeeded } from './smtp-fields.ts'

export type ValidateLine = ((value: unknown) => boolean) & { readonly errors?: readonly SchemaMistake[] | null }

interface NumberedLine {
  readonly line: number
  readonly text: string | Problem | undefined
}

const lineOf = (octets: Buffer) => utf8In(octets, 'line')

export class AccountImport {
  readonly #world: AccountsWorld
  readonly #validate: ValidateLine
  readonly #request: FastifyRequest
  readonly #principal: Principal
  readonly #dryRun: boolean
  /** The sources of the lines so far. A line that was only tried does not keep other lines out, except later lines of the same import. */
  readonly #tried = new Set<string>()
  /** The accounts that a dry run would have made. */
  #wouldBe = 0
  #noticed = 0

  constructor(
    world: AccountsWorld,
    validate: ValidateLine,
    { request, dryRun }: { readonly request: FastifyRequest; readonly dryRun: boolean },
  ) {
    this.#world = world
    this.#validate = validate
    this.#request = request
    this.#principal = principalOf(request)
    this.#dryRun = dryRun
  }

  /** Registers the lines one after the other, in the order of the file: if two lines are alike, the first one counts. */
  async *answers(body: AsyncIterable<Buffer>): AsyncGenerator<readonly object[]> {
    let read = 0
    for await (const lines of linesIn(body, apiLimits.importLineOctetsMax, lineOf)) {
      for (let from = 0; from < lines.length; from += apiLimits.importedTogether) {
        const numbered = lines
          .slice(from, from + apiLimits.importedTogether)
          .map((text) => ({ line: (read += 1), text }))
          .filter(
            ({ line, text }) => !(typeof text === 'string' && text.trim() === '') && line <= apiLimits.importLinesMax,
          )
        yield await this.#register(numbered)
        if (read <= apiLimits.importLinesMax) continue
        const most = `An import has up to ${apiLimits.importLinesMax} lines; send those from this one on in another.`
        yield [{ line: apiLimits.importLinesMax + 1, problem: problemView(new Problem('too-large', most)) }]
        return
      }
    }
  }

  async #register(lines: readonly NumberedLine[]): Promise<object[]> {
    const checked = await Promise.all(lines.map(async ({ text }) => await this.#check(text)))
    const results = checked.map((result) =>
      this.#dryRun && !(result instanceof Problem) && this.#wasTried(result) ? accountTaken() : result,
    )
    const records = results.filter((result): result is AccountRecord => !(result instanceof Problem))
    const quotas = await quotasOf(this.#principal, this.#world.settings)
    const outcomes = await this.#created(records, quotas?.accountsMax)
    if (!this.#dryRun)
      for (const { account } of records.filter(
        (record, nth) => outcomes[nth] === 'done' && record.account.auth === 'oauth2',
      ))
        await afterAccountChange(this.#world, account)
    const outcomeOf = new Map(records.map((record, nth) => [record, outcomes[nth]]))
    const made = records.filter((record) => outcomeOf.get(record) === 'done')
    const remarkOf = new Map(
      await Promise.all(made.map(async (record) => [record, await this.#remark(record)] as const)),
    )
    return results.map((result, nth) => {
      const line = lines[nth]?.line
      const problem = result instanceof Problem ? result : this.#refusal(outcomeOf.get(result), quotas)
      if (problem !== undefined) return { line, problem: problemView(problem) }
      if (result instanceof Problem) return { line, id: null }
      const remark = remarkOf.get(result)
      const notices = remark === undefined ? {} : { notices: [sharedAddressSentence(remark)], remarks: [remark] }
      return { line, id: this.#dryRun ? null : result.account.id, ...notices }
    })
  }

  /** What POST /accounts tells beside a new account. */
  async #remark({ account }: AccountRecord): Promise<SharedAddress | undefined> {
    const { address, destinationId } = account
    if (this.#noticed >= apiLimits.importNoticesMax) return undefined
    // The first ones are those that were registered first.
    const alike = await this.#world.accounts.withAddress(address, destinationId, apiLimits.importAlikeMax)
    const remark = sharedAddressOf(account, alike)
    if (remark !== undefined) this.#noticed += 1
    return remark
  }

  /** @returns the record that this line is to become, or the problem for which it cannot. */
  async #check(text: NumberedLine['text']): Promise<AccountRecord | Problem> {
    try {
      const { settings, seal } = this.#world
      const owned = this.#principal.destinationId
      const line = this.#parse(text)
      const { id: _, sealedPassword: __, sealedProxyPassword: ___, sealedSmtpPassword, ...rest } = line
      const { guarded: wasGuarded = false, smtpGuarded: wasSmtpGuarded = false, ...fields } = rest
      const password = line.auth === 'oauth2' ? undefined : passwordIn(line, owned === undefined ? seal : undefined)
      if (owned !== undefined && fields.destinationId !== owned)
        throw badRequest([{ pointer: '/destinationId', detail: `must be ${owned}, which this token is for` }])
      const quotas = await quotasOf(this.#principal, settings)
      demandInterval(quotas, fields.interval)
      const given = { ...fields, ...(password === undefined ? {} : { password }) }
      const terms = { leastSeconds: quotas?.intervalMinSeconds, sealedSmtpPassword }
      const account = newAccount(given, this.#principal, terms)
      await this.#demandSameLogin(line, account)
      const guarded = wasGuarded ? { guarded: true as const } : guardedBy(this.#principal, account)
      await demandReach(settings, guarded, 'pop3', account)
      const smtpGuarded = wasSmtpGuarded ? { smtpGuarded: true as const } : smtpGuardedBy(this.#principal, account)
      await demandTokensMayGo(this.#world.applications, account, guarded)
      await demandSmtpPlaces(this.#world, account, smtpGuarded)
      await demandPlace(this.#world.redis, account)
      const secrets = { ...proxySecretIn(line, account.id, seal), ...this.#smtpSecretIn(line, account) }
      const sealedPassword = seal.seal(password ?? '', account.id, 'password')
      return { account, sealedPassword, ...secrets, ...guarded, ...smtpGuarded }
    } catch (error) {
      return problemOf(error as Error, this.#request)
    }
  }

  /** @throws Problem if the secrets of an account that is here would be sent elsewhere by somebody who has them sealed alone. */
  async #demandSameLogin(line: AccountLine, after: Account): Promise<void> {
    const { id, sealedPassword, sealedProxyPassword, sealedSmtpPassword } = line
    if (id === undefined || (sealedPassword ?? sealedProxyPassword ?? sealedSmtpPassword) === undefined) return
    const before = (await this.#world.accounts.get(id))?.account
    if (before === undefined) return
    const isSameProxy = after.proxy == null || shownProxy(after.proxy) === before.proxy
    const detail = 'cannot be another one with a sealed password: put it into the URL'
    const mistakes = [
      ...(sealedPassword === undefined ? [] : passwordNeeded(before, after)),
      ...smtpLedElsewhere(before, after, line),
      ...(sealedProxyPassword === undefined || isSameProxy ? [] : [{ pointer: '/proxy', detail }]),
    ]
    if (mistakes.length > 0) throw badRequest(mistakes)
  }

  /** The SMTP server's own password: in its fields, or as an export has it, which is an admin's alone. */
  #smtpSecretIn({ id, smtp, sealedSmtpPassword }: AccountLine, account: Account) {
    const { seal } = this.#world
    if (sealedSmtpPassword === undefined) return sealedSmtp(account, { given: smtp, before: {}, seal })
    if (this.#principal.destinationId !== undefined)
      throw badRequest([
        { pointer: '/sealedSmtpPassword', detail: 'is for the admin of the instance; send a password' },
      ])
    const password = opened(seal, { id, sealed: sealedSmtpPassword, field: 'smtpPassword' })
    const sealed = { sealedSmtpPassword: seal.seal(password, account.id, 'smtpPassword') }
    return sealedSmtp(account, { given: smtp, before: sealed, seal })
  }

  #parse(text: NumberedLine['text']): AccountLine {
    if (text === undefined)
      throw new Problem('too-large', `This line has more than ${apiLimits.importLineOctetsMax} octets.`)
    if (text instanceof Problem) throw text
    const digits = halfSurrogateIn(text)
    if (digits !== undefined) throw new Problem('malformed', noCharacter(digits))
    let line: unknown
    try {
      line = JSON.parse(text)
    } catch {
      throw new Problem('malformed', 'This line is no JSON.')
    }
    if (!this.#validate(line)) throw badRequest(mistakesOf(this.#validate.errors ?? []))
    return line as AccountLine
  }

  /** Tells whether an earlier line was like this one, and remembers this one. */
  #wasTried({ account }: AccountRecord): boolean {
    const source = sourceOf(account)
    if (this.#tried.has(source)) return true
    this.#tried.add(source)
    return false
  }

  /** @param most accounts that the destination may have. Those that were only tried count as well. */
  async #created(records: readonly AccountRecord[], most: number | undefined): Promise<(Created | Error)[]> {
    const { accounts } = this.#world
    if (!this.#dryRun || most === undefined) return await accounts.createAll(records, { trial: this.#dryRun, most })
    const outcomes: Created[] = []
    for (const record of records) {
      const outcome = await accounts.create(record, { trial: true, most: most - this.#wouldBe })
      if (outcome === 'done') this.#wouldBe += 1
      outcomes.push(outcome)
    }
    return outcomes
  }

  #refusal(outcome: Created | Error | undefined, quotas: OwnerQuotas | undefined): Problem | undefined {
    if (outcome === 'done') return undefined
    if (outcome === 'conflict') return accountTaken()
    if (outcome === 'no destination') return noSuchDestination()
    if (outcome === 'too many') return quotas === undefined ? undefined : tooManyAccounts(quotas)
    return problemOf(outcome ?? new Error('Connection is closed.'), this.#request)
  }
}

/**
 * @param seal is undefined for callers who may not bring sealed passwords: a caller who names the host can make the gateway send the
 * password there, so for that caller a sealed password is as good as the password itself.
 */
function passwordIn({ id, password, sealedPassword }: AccountLine, seal: Seal | undefined): string {
  if (sealedPassword === undefined || password !== undefined) {
    if (password !== undefined && sealedPassword === undefined) return password
    const detail = password === undefined ? 'is required' : 'is there beside sealedPassword; leave one of them out'
    throw badRequest([{ pointer: '/password', detail }])
  }
  if (seal === undefined)
    throw badRequest([{ pointer: '/sealedPassword', detail: 'is for the admin of the instance; send a password' }])
  return opened(seal, { id, sealed: sealedPassword, field: 'password' })
}

/** The password of the proxy: in its URL, or as an export has it. Only an admin gets as far as this with a proxy. */
function proxySecretIn({ id, proxy, sealedProxyPassword }: AccountLine, newId: string, seal: Seal): SealedProxy {
  const given = proxy == null ? undefined : proxyIn(proxy)
  if (sealedProxyPassword === undefined || given === undefined || given.password !== null)
    return sealedProxy(seal, newId, proxy)
  const password = opened(seal, { id, sealed: sealedProxyPassword, field: 'proxyPassword' })
  return { sealedProxyPassword: seal.seal(password, newId, 'proxyPassword') }
}

/** The mistakes of a line whose sealed passwords would go to another SMTP server than they do. */
function smtpLedElsewhere(before: Account, after: Account, { password, smtp }: AccountLine): Mistake[] {
  const given = smtp === false || smtp === null || smtp === undefined ? {} : smtp
  return smtpPasswordNeeded(before, after, { own: given.password, password })
}

interface SealedField {
  readonly id: string | undefined
  readonly sealed: string
  readonly field: keyof typeof sealedNames
}

const sealedNames = {
  password: 'sealedPassword',
  proxyPassword: 'sealedProxyPassword',
  smtpPassword: 'sealedSmtpPassword',
} as const

function opened(seal: Seal, { id, sealed, field }: SealedField): string {
  const name = sealedNames[field]
  if (id === undefined) throw badRequest([{ pointer: '/id', detail: `is required beside ${name}` }])
  try {
    return seal.open(sealed, id, field)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw badRequest([{ pointer: `/${name}`, detail: `cannot be opened: ${why}` }])
  }
}
