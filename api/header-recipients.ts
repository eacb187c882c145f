/** To whom a message goes that came without an envelope: whom its To, Cc and Bcc name. */
import { addressesIn } from '../src/send/address.ts'
import { headFields, valueOf } from '../src/send/head.ts'
import { malformed } from '../src/send/refused.ts'

const named = new Set(['to', 'cc', 'bcc'])

/** @throws OutgoingRefused if a field cannot be read. */
export function headerRecipients(head: Buffer): string[] {
  return headFields(head).flatMap((field) => {
    if (!named.has(field.name)) return []
    const value = valueOf(field).replace(/\r\n(?=[ \t])/g, '')
    // A group without members hides the others: `undisclosed-recipients:;`.
    if (value.trim() === '' || /^[^:;<>@"]*:\s*;\s*$/.test(value)) return []
    const addresses = addressesIn(value)
    if (addresses === undefined)
      throw malformed(
        `The ${field.name === 'to' ? 'To' : field.name} of the message cannot be read: it must be addresses, without a group`,
      )
    return addresses
  })
}
