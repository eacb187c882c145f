/** Makes an account from a request, by the rules and defaults of an account, and makes the answers for requests that cannot be fulfilled. */
import { type Account, accountDefaults, accountMistakes, defaultPort, hidesByName } from '../src/account/account.ts'
import { hostMistakes, normalHost } from '../src/account/host.ts'
import type { Mistake } from '../src/account/mistake.ts'
import { usualUser } from '../src/account/user-name.ts'
import type { AccountId, DestinationId } from '../src/mail/message.ts'
import type { Principal } from './http/who.ts'
import { newId } from './app.ts'
import { givenMistakes, pinOf, storedForm } from './login-fields.ts'
import { tokenLineMistakes } from './password-needed.ts'
import { passwordMistakes } from './sign-in-rules.ts'
import { badRequest, Problem } from './http/problems.ts'
import type { NewAccount } from './schemas/accounts.ts'
import { listedSmtp } from './found-smtp.ts'
import { smtpAfter, smtpMistakes } from './smtp-fields.ts'

interface NewAccountTerms {
  /** The shortest interval that the caller may have, where none is given. */
  readonly leastSeconds?: number | undefined
  /** That of an import. */
  readonly sealedSmtpPassword?: string | undefined
}

export function newAccount(
  { password, smtp: asked, ...given }: NewAccount,
  principal: Principal,
  { leastSeconds = 0, sealedSmtpPassword }: NewAccountTerms = {},
): Account {
  const formed = inOneForm(given)
  const body = { user: usualUser(given.address, formed.host ?? given.host), ...given, ...formed }
  const tls = body.tls ?? accountDefaults.tls
  const identity = { id: newId() as AccountId, createdAtMs: Date.now() }
  const defaults = { ...accountDefaults, port: defaultPort(tls), hidesRetrieved: hidesByName(body.host) }
  const { minSeconds, maxSeconds } = accountDefaults.interval
  const usual = { minSeconds: Math.max(minSeconds, leastSeconds), maxSeconds: Math.max(maxSeconds, leastSeconds) }
  const interval = { ...usual, ...body.interval }
  const fields = { ...body, interval, ...choiceOf(body), destinationId: body.destinationId as DestinationId }
  // The tokens of whoever signs in go to the hosts that their application names: that is looked at when it is tested.
  const listed = body.auth === 'oauth2' ? undefined : listedSmtp(body)
  const smtp = smtpAfter(asked, defaults.smtp) ?? listed ?? null
  const account: Account = { ...identity, ...defaults, ...fields, smtp }
  const wrong = [
    ...hostMistakes(given.host),
    ...givenMistakes(given, principal),
    ...tokenLineMistakes(principal, account),
    ...passwordMistakes(given.auth, password),
    ...smtpMistakes(account, { principal, given: asked, password, before: undefined, sealedSmtpPassword }),
  ]
  return storedForm(demandRules(account, password, wrong))
}

/** Notes that somebody has set the longest interval, be it to the default. */
export function choiceOf({ interval }: Pick<NewAccount, 'interval'>): Pick<Account, 'longestChosen'> {
  return interval?.maxSeconds === undefined ? {} : { longestChosen: true }
}

/** The address and the host that somebody sends, without the white space around them; the host in its one form, if it has one. */
export function inOneForm({ address, host }: { readonly address?: string; readonly host?: string }) {
  return {
    ...(address === undefined ? {} : { address: address.trim() }),
    ...(host === undefined ? {} : { host: normalHost(host) ?? host }),
  }
}

/**
 * @param wrong the mistakes in it that are known already.
 * @param before the account as it was: a text that was taken once keeps nobody from changing something else.
 * @returns the account in its normal form. @throws Problem that names everything that is wrong with it.
 */
export function demandRules(
  account: Account,
  password: string | undefined,
  wrong: readonly Mistake[] = [],
  before?: Account,
): Account {
  const normal = { ...account, tlsFingerprint: pinOf(account.tlsFingerprint) }
  const isOld = ({ pointer }: Mistake) => {
    const text = texts.find((name) => `${pointer}/`.startsWith(`/${name}/`))
    return text !== undefined && before !== undefined && String(before[text]) === String(account[text])
  }
  const mistakes = [...wrong, ...accountMistakes(normal, password).filter((mistake) => !isOld(mistake))]
  if (mistakes.length > 0) throw badRequest(mistakes)
  return normal
}

/** Their rules have become stricter with time. */
const texts = ['address', 'folder', 'flags', 'user'] as const

export const accountTaken = () =>
  new Problem(
    'taken',
    'There is an account with this host, port, user and destination already; it would fetch the same mail twice.',
  )
export const noSuchDestination = () =>
  badRequest([
    {
      pointer: '/destinationId',
      detail: 'is no destination; make one with POST /api/v1/destinations',
      rule: 'unknown',
    },
  ])
