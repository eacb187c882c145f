/** What the words of a refused login say of its mechanism. Pure. */

/** Whoever speaks of these speaks of the login, whatever else is in the sentence. */
const ofLogin = /\b(?:user ?names?|users?|passwords?|passwd|credentials?|accounts?|mailbox(?:es)?|logins? or)\b/i

const missing =
  'unknown|unsupported|unrecogni[sz]ed|unimplemented|unavailable|not (?:supported|implemented|recogni[sz]ed|available|allowed|enabled|known)|disabled|invalid'
const mechanism =
  '(?:mechanisms?|mech|auth(?:entication)? (?:type|method|mechanism|command)|authmethod|command|sasl|auth|apop|cram-?md5|scram\\S*|xoauth2|oauthbearer)'
/** These alone may stand between the two: any other word may be what the sentence is about. */
const between =
  '(?:[\\s:"\'.,]|\\b(?:sasl|auth|authentication|login(?!:)|plain|is|are|the|this|that|here|currently|type|method|mechanism|command|apop|cram-?md5|scram[\\w-]*|xoauth2|oauthbearer)\\b){1,8}'
const ofMechanism = new RegExp(
  `\\b(?:${missing}|no such|no|bad|illegal)${between}${mechanism}\\b|\\b${mechanism}${between}(?:${missing})\\b|\\bprotocol error\\b|\\bsyntax error\\b|\\binvalid (?:base64|arguments?|syntax)\\b`,
  'i',
)

/** Whether a refusal is about the mechanism: then another one may do, with the same password. */
export function isOfMechanism(words: string): boolean {
  // RFC 3206: the credentials are wrong. Dovecot says so of a mechanism that it does not have, too.
  if (/^\[AUTH\]/i.test(words.trim()))
    return /^\[AUTH\] (?:un(?:known|supported)|invalid) (?:sasl |authentication )?mechanism\b/i.test(words.trim())
  return !speaksOfLogin(words) && ofMechanism.test(words)
}

/** Whether a refusal speaks of user, password or mailbox. */
export function speaksOfLogin(words: string): boolean {
  return ofLogin.test(words)
}

/** Whether it may be remembered: what passes is asked for again. */
export function isLasting(words: string): boolean {
  return !/^\[SYS\/TEMP\]/i.test(words.trim())
}
