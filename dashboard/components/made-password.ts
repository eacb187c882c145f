/** Letters and digits that are not taken for one another when somebody reads them. There are 32, so that each octet gives one as likely as another. */
const letters = 'abcdefghijkmnpqrstuvwxyz23456789'

/** A password of 100 bits, in four groups. */
export function makePassword(): string {
  const drawn = [...crypto.getRandomValues(new Uint8Array(20))].map((octet) => letters[octet % letters.length])
  return drawn.join('').replace(/(.{5})(?=.)/g, '$1-')
}
