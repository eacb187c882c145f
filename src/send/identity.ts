/**
 * Identities (CONTRACT section 11): the addresses as which a mailbox sends, each by the account that has it. An account is one as soon as it has
 * an SMTP server. Pure.
 */
import { domainToUnicode } from 'node:url'
import type { Account } from '../account/account.ts'
import { shownHost } from '../account/host.ts'
import type { IdentityProof } from '../account/sending.ts'
import { smtpLoginOf } from '../account/smtp-login.ts'
import type { AccountId } from '../mail/message.ts'
import { addressKey } from './address.ts'

/** `unverified` sends; `refused` does not: the provider has refused the address as a sender. */
export const identityStates = ['verified', 'unverified', 'refused'] as const
export type IdentityState = (typeof identityStates)[number]

export interface SendingIdentity {
  readonly accountId: AccountId
  readonly address: string
  readonly name: string | null
  /** It sends for its address. Of two accounts with one address it is the one that was registered first, unless that one is refused. */
  readonly default: boolean
  readonly state: IdentityState
  /** The provider's words, where it has refused. */
  readonly reason: string | null
  /** When it was verified or refused; of an `unverified` one, when a mail went out that shall come back. Null: it was never tested. */
  readonly testedAtMs: number | null
}

/** As it is stored (redis/account-record.ts). */
export interface SendingAccount {
  readonly account: Account
  readonly identityProof?: IdentityProof
}

function isSameAddress(one: string, other: string): boolean {
  return addressKey(one) === addressKey(other)
}

/** In lower case, as it is written and with its domain in both forms: one of them is what an index by address has. */
export function formsOfAddress(address: string): string[] {
  const key = addressKey(address)
  const at = key.lastIndexOf('@')
  return [...new Set([address.toLowerCase(), key, `${key.slice(0, at)}@${domainToUnicode(key.slice(at + 1))}`])]
}

/** @param senders all accounts of one destination, in any order. */
export function identitiesOf(senders: readonly SendingAccount[]): SendingIdentity[] {
  const found = senders
    .filter(({ account }) => smtpLoginOf(account) !== undefined)
    .toSorted(({ account: a }, { account: b }) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1))
  const first = new Map<string, AccountId>()
  for (const state of ['sends', 'refused'] as const)
    for (const { account, identityProof } of found) {
      const address = addressKey(account.address)
      const isRefused = identityProof?.state === 'refused'
      if (isRefused === (state === 'refused') && !first.has(address)) first.set(address, account.id)
    }
  return found.map(({ account: { id, address, senderName }, identityProof }) => ({
    accountId: id,
    address,
    name: senderName,
    default: first.get(addressKey(address)) === id,
    state: identityProof === undefined || identityProof.state === 'sent' ? 'unverified' : identityProof.state,
    reason: identityProof?.reason ?? null,
    testedAtMs: identityProof?.atMs ?? null,
  }))
}

/** @param wanted the id of an account, or an address: of one that is there twice the default sends. */
export function findIdentity(identities: readonly SendingIdentity[], wanted: string): SendingIdentity | undefined {
  const byId = identities.find(({ accountId }) => accountId === wanted)
  if (byId !== undefined) return byId
  const address = addressKey(wanted)
  return identities.find((identity) => identity.default && addressKey(identity.address) === address)
}

/** Why nothing goes out as this address, for the sentence of a refusal; undefined: something does. */
export function whyNotSent(senders: readonly SendingAccount[], address: string): string | undefined {
  const identity = findIdentity(identitiesOf(senders), address)
  if (identity?.state === 'refused')
    return `the provider of ${address} refuses to send as it: ${identity.reason ?? 'it does not say why'}`
  if (identity !== undefined) return undefined
  const own = senders.find(({ account }) => isSameAddress(account.address, address))
  if (own === undefined) return `${address} is the address of none of this mailbox's accounts`
  return own.account.smtp === false
    ? `the account of ${address} sends nothing: give it the SMTP server of its provider`
    : `the SMTP server of ${address} is not known yet: test the account, or name the server`
}

/** Another account of the mailbox has the address of one that is registered. */
export interface SharedAddress {
  readonly code: 'shared address'
  readonly address: string
  /** Of the other one. */
  readonly user: string
  readonly host: string
  /** By which of the two goes out what is sent as it; null: by none. */
  readonly sentBy: 'new' | 'former' | null
}

/** To be said where an account is registered whose address another one of the mailbox has; undefined: none has. */
export function sharedAddressOf(account: Account, senders: readonly SendingAccount[]): SharedAddress | undefined {
  const others = senders.filter(({ account: other }) => other.id !== account.id)
  const [other] = others.filter((one) => isSameAddress(one.account.address, account.address))
  if (other === undefined) return undefined
  const { user, host } = other.account
  const sender = findIdentity(identitiesOf([...others, { account }]), account.address)
  const sentBy = sender === undefined ? null : sender.accountId === account.id ? 'new' : 'former'
  return { code: 'shared address', address: account.address, user, host: shownHost(host), sentBy }
}

export function sharedAddressSentence({ address, user, host, sentBy }: SharedAddress): string {
  const first = `Another account of this mailbox has the address ${address} as well (${user} at ${host}).`
  if (sentBy === null) return first
  return `${first} What is sent as it goes out by the ${sentBy === 'new' ? 'new one' : 'one that was there before'}.`
}
