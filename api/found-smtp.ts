/** Finds the SMTP server of an account that has said none (CONTRACT section 11, docs/decisions/0088). */
import type { Account } from '../src/account/account.ts'
import { isSameHost } from '../src/account/host.ts'
import { providerOfHost } from '../src/account/providers.ts'
import type { SmtpServer } from '../src/account/sending.ts'
import { addressOf, type Candidate, smtpOffered } from '../src/discover/candidate.ts'
import type { Discoveries } from '../src/discover/discoveries.ts'
import type { InstanceSettingsStore } from '../src/redis/instance-settings.ts'
import { currentReach } from './http/reach.ts'

/** The server that the list of providers has for it: nobody is asked. */
export function listedSmtp({ address, host }: Pick<Account, 'address' | 'host'>): SmtpServer | undefined {
  const provider = providerOfHost(host)
  const known = addressOf(address)
  const [found] = provider === undefined || known === undefined ? [] : smtpOffered(provider, known, 'built in')
  return found === undefined ? undefined : serverOf(found)
}

const serverOf = ({ host, port, tls }: Candidate): SmtpServer => ({ host, port, tls })

interface FindingWorld {
  readonly discoveries: Discoveries
  readonly settings: InstanceSettingsStore
}

export interface FoundSmtp {
  readonly smtp: SmtpServer
  /** It may be given the password without somebody who looks at its name. */
  readonly isSure: boolean
}

/** @param guarded an owner asks, or has chosen the account's host. */
export async function foundSmtp(
  { discoveries, settings }: FindingWorld,
  account: Pick<Account, 'address' | 'host'>,
  guarded: boolean,
): Promise<FoundSmtp | undefined> {
  const listed = listedSmtp(account)
  if (listed !== undefined) return { smtp: listed, isSure: true }
  const address = addressOf(account.address)
  if (address === undefined) return undefined
  const reach = async (service: 'web' | 'pop3' | 'smtp') => await currentReach(settings, { guarded }, service)
  const [web, pop3, smtp] = [await reach('web'), await reach('pop3'), await reach('smtp')]
  const [best] = (await discoveries.of(address, { web, pop3, smtp }))?.smtp ?? []
  if (best === undefined) return undefined
  return { smtp: serverOf(best), isSure: isSure(best, account, address.domain) }
}

/**
 * Anybody on the way can answer a question to the DNS (RFC 6186 section 6): what it says is believed for hosts of the domain itself, and for
 * that of the account. What the domain or Thunderbird say comes over HTTPS.
 */
function isSure({ host, source, verified, tls }: Candidate, account: Pick<Account, 'host'>, domain: string): boolean {
  if (!verified || tls === 'none') return false
  const isOwn = host === domain || host.endsWith(`.${domain}`) || isSameHost(host, account.host)
  return isOwn || source === 'autoconfig' || source === 'well-known' || source === 'thunderbird'
}
