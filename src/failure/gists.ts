/**
 * The gists of refusals: the few words by which many sentences of many servers say the same. They are looked for in skeletons
 * (skeleton.ts): lower case, no accents, no punctuation, `#` for a number. wordings.ts has the sentences that they are made from.
 */
import type { Meaning } from './meanings.ts'

/** The first match wins: what names its reason goes before what may be said of anything. */
const gists: readonly (readonly [Meaning, RegExp])[] = [
  ['app password', /\bapp?(?:lication)? (?:specific )?password|authori[sz]ation code/],
  ['sign in on the web', /web ?login|log ?in via your web|web browser/],
  ['OAuth only', /oauth|basic auth|modern auth/],
  [
    'switched off',
    /\bpop3?\b.{0,30}(?:\bnot (?:yet )?(?:enabled|activated|allowed|permitted|available|supported)|disabled|deactivated|switched off|turned off)|(?:enable|activate|switch on|turn on).{0,20}\bpop3?\b|\b(?:not|no)\b.{0,20}\b(?:enabled|allowed|permitted|access)\b.{0,20}\bpop3?\b/,
  ],
  ['quota used up', /download (?:limit )?exceed|(?:daily|download) (?:limit|quota)/],
  [
    'throttled',
    /too (?:many|often|frequent|soon)|rate ?limit|throttl|login limit|login ?delay|minimum (?:time|interval)|wait (?:a|#|before)|check interval|once (?:per|every)|频繁|bandwidth/,
  ],
  ['in use', /another (?:session|client|process|user)|already (?:open|logged|in|locked)/],
  ['locked account', /\b(?:account|user)\b.{0,30}\b(?:lock|suspend|blocked)/],
  ['mailbox disabled', /\b(?:account|mailbox|user)\b.{0,30}\b(?:disabled|deactivated)/],
  ['in use', /\block(?:ed)?\b|in use|\bbusy\b/],
  [
    'temporary',
    /temporar|unavailable|not available|internal (?:server )?error|maintenance|timed? ?out|try again|try later|unable to (?:open|connect)|i o error|shutting down|system error|cannot open/,
  ],
]

/** The meanings that a skeleton tells of, the surest first. */
export function gistsIn(skeleton: string): Meaning[] {
  return gists.filter(([, gist]) => gist.test(skeleton)).map(([meaning]) => meaning)
}
