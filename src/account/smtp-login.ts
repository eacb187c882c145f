/** The login at the SMTP server of an account, and the rules of what it has for sending. */
import type { Seal } from '../seal.ts'
import type { Account, ServerLogin } from './account.ts'
import { hostMistakes, isSameHost } from './host.ts'
import { choiceMistakes, choicesOf } from './login.ts'
import type { Mistake } from './mistake.ts'
import type { SealedSmtp } from './sending.ts'

/** The whole login at the SMTP server, with what it has of the account's own; undefined for an account that sends nothing. */
export function smtpLoginOf(account: ServerLogin & Pick<Account, 'smtp'>): ServerLogin | undefined {
  const { smtp } = account
  if (smtp === false || smtp === null) return undefined
  const { auth, tlsMinVersion, tlsLegacy, proxy, oauth } = choicesOf(account)
  // A pin is a certificate of one server: at another one the usual check is in its place.
  const sharesPin = smtp.tlsFingerprint === undefined && isSameHost(smtp.host, account.host)
  const pin = smtp.tlsFingerprint ?? (sharesPin ? account.tlsFingerprint : null)
  const usual = account.tlsFingerprint !== null && !sharesPin ? true : account.tlsVerify
  const how = smtp.auth ?? (smtp.ownPassword ? 'password' : auth)
  return {
    host: smtp.host,
    port: smtp.port,
    tls: smtp.tls,
    tlsVerify: smtp.tlsVerify ?? usual,
    tlsFingerprint: pin,
    user: smtp.user ?? account.user,
    auth: how,
    sasl: smtp.sasl ?? null,
    tlsMinVersion,
    tlsLegacy,
    proxy,
    oauth: how === 'oauth2' ? oauth : null,
  }
}

/** The password for the SMTP server: its own, or the account's. @throws SealBroken */
export function openedSmtpPassword(id: string, { sealedPassword, sealedSmtpPassword }: SealedSmtp, seal: Seal): string {
  return sealedSmtpPassword === undefined
    ? seal.open(sealedPassword, id, 'password')
    : seal.open(sealedSmtpPassword, id, 'smtpPassword')
}

const within = (mistakes: readonly Mistake[]): Mistake[] =>
  mistakes.map((mistake) => ({ ...mistake, pointer: `/smtp${mistake.pointer}` }))

/** Controls of a text with lines; what changes the direction of a text may stand in a signature, as in any mail. */
const controlsOfText = /[^\P{Cc}\n\t]/u

/** Checks the rules that a schema cannot express. @param password the SMTP server's own, where one is given. */
export function sendingMistakes(account: Account, password: string | undefined): Mistake[] {
  const { smtp, senderName, signature } = account
  const mistakes: Mistake[] = []
  if (/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u.test(senderName ?? ''))
    mistakes.push({ pointer: '/senderName', detail: 'must be one line without control characters' })
  if (controlsOfText.test(signature ?? ''))
    mistakes.push({ pointer: '/signature', detail: 'must hold no control characters but line ends and tabs' })
  if (smtp === false || smtp === null) return mistakes
  const unfit = (text: string | undefined) => /[\r\n\0]/.test(text ?? '')
  const detail = 'must not hold CR, LF or NUL'
  const { auth = 'password', sasl = null, oauth = null } = smtpLoginOf(account) ?? {}
  const signsInAlone = smtp.auth === 'oauth2' && choicesOf(account).auth !== 'oauth2'
  const hasNone = auth === 'password' && choicesOf(account).auth === 'oauth2' && smtp.ownPassword !== true
  return [
    ...mistakes,
    ...within([
      ...hostMistakes(smtp.host),
      ...(unfit(smtp.user) ? [{ pointer: '/user', detail }] : []),
      ...(unfit(password) ? [{ pointer: '/password', detail }] : []),
      ...(/^(?:[0-9a-f]{64})?$/.test(smtp.tlsFingerprint ?? '')
        ? []
        : [{ pointer: '/tlsFingerprint', detail: 'must be the SHA-256 of a certificate: 64 hex digits' }]),
      ...(signsInAlone
        ? [{ pointer: '/auth', detail: 'can be "oauth2" only where the account itself signs in' }]
        : choiceMistakes({ auth, sasl, oauth }, 'SMTP').filter(({ pointer }) => pointer !== '/oauth')),
      ...(hasNone ? [{ pointer: '/password', detail: 'is required: the account itself signs in and has none' }] : []),
      ...(auth === 'oauth2' && smtp.ownPassword === true
        ? [{ pointer: '/password', detail: 'is no field of auth "oauth2"' }]
        : []),
    ]),
  ]
}
