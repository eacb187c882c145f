/** The mail by which an address is tested: it goes out as the address to itself, and is known again when it is gathered. Pure. */
import { domainOf, isAscii } from './address.ts'

/** 128 bits. Nobody but us and whoever reads the mailbox has seen it. */
const tokenForm = /\btributary-test-([0-9a-f]{32})\b/g

export interface IdentityTest {
  readonly bytes: Buffer
  /** Whether its header has letters beyond ASCII. */
  readonly utf8: boolean
}

/** @param token 32 hex digits. */
export function identityTest(address: string, token: string, atMs: number): IdentityTest {
  const at = address.slice(0, address.lastIndexOf('@'))
  const mailbox = `${at}@${domainOf(address)}`
  const lines = [
    `From: <${mailbox}>`,
    `To: <${mailbox}>`,
    `Subject: Tributary tests this address (tributary-test-${token})`,
    `Date: ${new Date(atMs).toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <tributary-test-${token}@${domainOf(address)}>`,
    // RFC 3834: no answering machine answers it.
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    'Tributary has sent this mail as this address, by the provider of the address, to see',
    'whether it comes back. Now that it is here, the address is verified.',
    '',
    'There is nothing to do, and this mail can be deleted.',
    '',
  ]
  return { bytes: Buffer.from(lines.join('\r\n')), utf8: !isAscii(mailbox) }
}

/** The tokens in the header lines of a message that was gathered. */
export function testTokensIn(envelope: Buffer): string[] {
  return [...envelope.toString('latin1').matchAll(tokenForm)].map(([, token = '']) => token)
}
