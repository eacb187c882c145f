/** A flag that can stand in a command as it is: a system flag or a keyword, which both are atoms (RFC 9051 section 9). */
const atomFlag = /^\\?[!#$&'+,\-./0-9:;<=>?@A-Z[^_`a-z|}~]+$/

/** Any other text would end the list of flags, the line, or both: what follows would be a command of its own. */
export function isAtomFlag(flag: string): boolean {
  return atomFlag.test(flag)
}
