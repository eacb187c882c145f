/**
 * The gists of refusals: the few words by which many sentences of many servers say the same. They are looked for in skeletons
 * (skeleton.ts): lower case, no accents on Latin letters, no punctuation, `#` for numbers. wordings.ts has the sentences that they are
 * tested with. Every repetition in a pattern is bounded: the words come from a stranger.
 */
import { gistsAbroad } from './gists-abroad.ts'
import type { Meaning } from './meanings.ts'

/** The words for what a server gives, or takes. */
const mail = String.raw`\b(?:messages?|mail|letter|e mail|item)\b`

/** Of one meaning, and in the order in which meanings are looked for: what names its reason goes before what may be said of anything. */
const gists: readonly (readonly [Meaning, RegExp])[] = [
  // QQ names five reasons at once; the password stands for all of them.
  ['wrong password', /account is abnormal service is not open/],
  // Mail.ru spells it with one p; QQ and 163 say authorization code.
  ['app password', /\bapp?(?:lication)? (?:specific )?password|authori[sz]ation code/],
  [
    'sign in on the web',
    /\bweb ?log ?in|log ?in .{0,20}\b(?:via|in|on|through|with) (?:your |a |the )?web\b|web browser|\bcaptcha\b/,
  ],
  ['OAuth only', /\bx?oauth|basic auth|modern auth/],
  [
    'switched off',
    /\b(?:pop3?|imap)\b.{0,45}(?:\bnot (?:yet )?(?:enabled|activated|allowed|permitted|available|supported)|disabled|deactivated|switched off|turned off)|(?:enable|activate|switch on|turn on).{0,20}\b(?:pop3?|imap)\b|\b(?:not|no)\b.{0,20}\b(?:enabled|allowed|permitted|access)\b.{0,20}\b(?:pop3?|imap)\b|\bnot have (?:pop3?|imap) access|requested service disabled/,
  ],
  // What a message is, in words that also speak of limits.
  [
    'refused for good',
    /(?:message|mail|literal|size) .{0,25}(?:too (?:large|big|long)|exceeds?\b)|(?:message|literal|maximum) size|too many (?:identical|user flags)|grows too big/,
  ],
  [
    'quota used up',
    /download.{0,20}(?:exceed|limit|quota)|(?:exceed|limit|quota).{0,20}download|\b(?:daily|hourly)\b.{0,25}(?:limit|quota|volume|traffic)|(?:limit|quota|volume|maximum).{0,40}(?:per day|per hour|a day|today|daily|hours)|(?:transfer|traffic|bandwidth|retrieval|volume) .{0,15}(?:limit|quota|allowance|exceed|exhaust|used up)|upload was rate/,
  ],
  [
    'throttled',
    /too (?:often|frequent|soon|fast|quickly)|too many (?!argument|param|bad|invalid imap|message|recipient|part|header|line|hop|flag|char|item|error)|too much access|rate ?limit|throttl|log ?in ?(?:s )?(?:delay|limit|rate|interval|frequen)|limit for logins|frequen|minimum (?:time|interval|login|\w{0,10} delay)|check interval|(?:only|at least|once|allowed|not more) .{0,20}(?:every|once|per|apart) ?.{0,15}(?:minute|second|hour|#)|# (?:minutes?|seconds?) apart|\bwait (?:a|an|#|before|at least|until|for)(?: |$)|(?:come|check) back|again (?:in|after) #|slow down|back ?off time|maximum (?:number of )?(?:connections|log ?ins?|sessions|users)|connections? limit|connections (?:from|per)|logins (?:from|per)|many connections|login attempts/,
  ],
  [
    'temporary',
    /(?:server|system|service)s? (?:is |are |too |currently )?(?:busy|overloaded)|temporar\w{0,6} (?:lock|block|disabl)/,
  ],
  [
    'gone',
    new RegExp(
      String.raw`no such (?:message|mail)|there s no message|already deleted|not that many messages|another session deleted|${mail}.{0,25}\b(?<!\bnot (?:be |been )?)(?:deleted|expunged|removed|gone|vanished|no longer|does n ?t exist|doesn t exist|does not exist|not found)`,
    ),
  ],
  [
    'in use',
    /another (?:session|client|process|user|connection|pop)|other party|already (?:open|logged|in use|locked|connected)|duplicate login/,
  ],
  ['locked account', /\b(?:account|user)\b.{0,30}\b(?:lock|suspend|block|frozen|banned)/],
  [
    'mailbox disabled',
    /\b(?:account|mailbox|user|login)\b.{0,30}\b(?:disabled|deactivated|inactive|not active|closed|terminated)|no longer exists/,
  ],
  ['in use', /\block(?:ed|s)?\b|\bin use\b|\bbusy\b/],
  [
    'store full',
    /quota|quotum|(?:mailbox|disk|store|storage) (?:is )?full|out of (?:disk )?space|no space left|(?:storage|space) .{0,20}exceed|(?:insufficient|not enough) .{0,15}(?:storage|space)/,
  ],
  [
    'refused for good',
    /virus|malware|infected|trojan|phish|\bspam\b|by policy|policy (?:violation|reject)|contains? (?:an? )?(?:invalid|nul|bare|non ascii|forbidden|illegal)|invalid (?:header|rfc|character in literal)|malformed (?:message|header|mail)|rfc ?#|(?:zero|empty) (?:byte|length)|no header body|binary data|attachment .{0,20}(?:block|forbid|not allowed)/,
  ],
  [
    'temporary',
    /temporar|try again|try (?:it )?later|retry|\blater\b|(?<!\b(?:command|uidl|top|capa|function|feature|option) (?:is |currently )?)(?:unavailable|not available)|internal (?:\w{1,12} )?(?:error|failure)|(?:server|system|database) (?:error|problem|failure|failed|crash)|(?:operating )?system i o|maintenance|timed? ?out|\bi o error|(?:shutting|going|is) down|reboot|out of memory|enough memory|inconsistent|not ready|backend|\bcrashed|interrupted/,
  ],
  [
    'temporary',
    /(?:unable|failed|fail|can not|cannot|can t|could not|couldn t|could n t|error) (?:to )?(?:open|access|accessing|connect|connecting|contact|create|fetch|scan|stat|sync|update|read|fork|chdir|write|process|get|load|find server|initiali[sz]e|retrieve|complete)|(?:mailbox|maildrop|message|mail|database) (?:could|can) ?no?t (?:be )?(?:open|access|load|read|lock)|disk error|no disk/,
  ],
  [
    'wrong password',
    /password|passwd|credential|authenti|authori[sz]ation failed|\bbad login|(?:invalid|unknown|no such|incorrect) (?:user|login|log on|account|mailbox)|log ?(?:in|on) (?:failed|failure|fail|incorrect|rejected|denied)|unable to log ?on|user ?name/,
  ],
]

/** The meanings that a skeleton tells of, the surest first. */
export function gistsIn(skeleton: string): Meaning[] {
  const here = gists.filter(([, gist]) => gist.test(skeleton)).map(([meaning]) => meaning)
  return here.length > 0 ? here : gistsAbroad.filter(([, gist]) => gist.test(skeleton)).map(([meaning]) => meaning)
}

/** The words with which a server promises that it passes. */
export function promisesLater(skeleton: string): boolean {
  return /temporar|try again|\blater\b|retry|shutting down/.test(skeleton)
}

/** The words with which a server says that it is unwell itself, whatever it was asked for. Exchange says `Server Unavailable. 15`. */
export function isAway(skeleton: string): boolean {
  return /\bunavailable\b|temporar(?:y|ily)|try again|try later|internal (?:server )?error|shutting down/.test(skeleton)
}

export function speaksOfFailures(skeleton: string): boolean {
  return /fail|attempt|invalid|wrong|denied|incorrect/.test(skeleton)
}
