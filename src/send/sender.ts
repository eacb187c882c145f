/** As whom a mailbox may send. */
import { addressKey } from './address.ts'
import { sendLimits } from './limits.ts'
import { forbidden } from './refused.ts'

/** An address of the mailbox, as its identities tell it. */
export interface PermittedSender {
  readonly address: string
  /** `unverified` sends, `refused` does not. */
  readonly state: 'verified' | 'unverified' | 'refused'
  readonly reason: string | null
}

/** @throws OutgoingRefused unless the mailbox may send as this address. @param where says where the address stands. */
export function demandSender(address: string, senders: readonly PermittedSender[], where: string): PermittedSender {
  const key = addressKey(address)
  const sender = senders.find((one) => addressKey(one.address) === key)
  if (sender === undefined)
    throw forbidden(`${where} ${address} is not an address of this mailbox: ${choiceOf(senders)}`)
  if (sender.state === 'refused')
    throw forbidden(`${where} ${address} cannot be sent from: ${sender.reason ?? 'its provider refuses it'}`)
  return sender
}

function choiceOf(senders: readonly PermittedSender[]): string {
  const names = senders.filter(({ state }) => state !== 'refused').map(({ address }) => address)
  if (names.length === 0) return 'none of its accounts sends yet, so switch sending on at one of them first'
  const more = names.length > sendLimits.namedSendersMax ? ', ...' : ''
  return `send as ${names.slice(0, sendLimits.namedSendersMax).join(', ')}${more}, or add an account for it`
}
