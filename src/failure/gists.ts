/**
 * The gists of refusals: the few words by which many sentences of many servers say the same. They are looked for in skeletons
 * (skeleton.ts): lower case, no accents on Latin letters, no punctuation, `#` for numbers. wordings.ts has the sentences that they are
 * tested with. Every repetition in a pattern is bounded: the words come from a stranger.
 */
import { withoutAgain } from './again.ts'
import { gistsAbroad } from './gists-abroad.ts'
import { isBehindServer } from './gists-backends.ts'
import type { Meaning } from './meanings.ts'

/** The words for what a server gives, or takes. */
const mail = String.raw`\b(?:messages?|mail|letter|e mail|item)\b`

/** What makes a connection safe. */
const tls = String.raw`ssl|s?tls|start ?tls|encrypt(?:ion|ed)|secure (?:connection|channel|link|login|session|socket|port)`

/** The place that somebody comes from. */
const origin = String.raw`(?<!\bmail )(?:\bip ?addr\b|\bip\b(?: address)?|\baddress|\bnetwork|\bcountry|\bregion|\blocation|\bhost|\bclient|\bgeo\w{0,12})`

/** The words for what is not let in. */
const barred = String.raw`(?:\bblock\w{0,8}|\bblack ?list\w{0,4}|\bban(?:n?ed)?\b|\bden(?:y|ied)\b|\brefused|\breject\w{0,4}|\brestrict\w{0,6}|\bnot (?:be )?(?:allowed|permitted|authori[sz]ed|accepted)|\bforbidden|\bno access|\bdisallowed|\bprohibited)`

/** Of one meaning, and in the order in which meanings are looked for: what names its reason goes before what may be said of anything. */
const gists: readonly (readonly [Meaning, Pick<RegExp, 'test'>])[] = [
  // QQ names five reasons at once; the password stands for all of them.
  ['wrong password', /account is abnormal service is not open/],
  // What a wrong password may lead to has not come yet.
  [
    'wrong password',
    /\b(?:wrong|invalid|incorrect|bad)\b.{0,80}\b(?:will be|not|before|until)\b.{0,30}\b(?:lock|block|suspend|disabl|bann)/,
  ],
  // "TLS" is also the name of what is already spoken: it has to be wanted here.
  [
    'wants TLS',
    new RegExp(
      String.raw`\b(?:plain ?text|clear ?text|in (?:the )?clear|unencrypted|insecure|non secure|unsecured?|not (?:secure|encrypted))\b.{0,60}\b(?:dis(?:allowed|abled)|not (?:be )?(?:allowed|permitted|supported|available|accepted|enabled)|forbidden|refused|denied|rejected|prohibited|blocked|${tls})|\b(?:${tls})\b.{0,30}\b(?:required|needed|mandatory|necessary|first|only|obligatory)\b|\bwithout (?:${tls})\b|\b(?:disabled|disallowed|refused|denied|not (?:allowed|permitted))\b.{0,30}\b(?:plain ?text|clear ?text|unencrypted|insecure|non secure|unsecured|use (?:${tls}))\b|\b(?:must|need|needs|required?|requires|please|only|has to|have to)\b.{0,45}\b(?:${tls})\b`,
    ),
  ],
  [
    'temporary',
    /\bbeing (?:moved|migrated|relocated|transferred)\b|\b(?:move|migration|relocation|transfer) (?:is )?(?:in progress|under ?way|running|ongoing)/,
  ],
  [
    'moved',
    /\b(?:mail ?box|inbox|mail ?drop|account|user|domain|server|service|host|pop3?)s?\b.{0,30}\b(?:moved|migrated|relocated|transferred)\b(?! (?:it|them|the message|your message|messages?) )(?: (?:permanently|away))? (?:to|onto)\b|\bnew (?:mail |pop3? |imap )?(?:server|host|location) (?:is|name is)\b|\b(?:connect|log ?in|sign in|log on) to (?:the )?(?:server|host)\b.{0,60}\b(?:instead|from now on)\b|\b(?:use|try) (?:the )?(?:server|host|pop3? server|mail server)\b.{0,60}\b(?:instead|in place)\b/,
  ],
  // Mail.ru spells it with one p; QQ and 163 say authorization code.
  [
    'app password',
    /\bapp?(?:lication)? (?:specific )?password|authori[sz](?:ation|ed) code|\bdevice (?:specific )?password|\b(?:two|multi|second) ?(?:factor|step)\b|#(?:fa| step| factor)\b|\bmfa\b/,
  ],
  [
    'sign in on the web',
    /\bweb ?log ?in|(?:log|sign) ?in .{0,20}\b(?:via|in|on|through|with|to|at) (?:your |a |the |our )?web(?: ?mail| ?site)?\b|web browser|\bcaptcha\b|verif(?:y|ied|ication)\b.{0,25}\b(?:your |the )?(?:account|identity|phone|mailbox)|\baccount\b.{0,25}\bverif(?:y|ied|ication)|\bconfirm (?:your |the )?(?:phone|identity|account)|accept .{0,25}\b(?:terms|conditions|agreement)|(?:suspicious|unusual) (?:activity|log ?in|sign)/,
  ],
  ['OAuth only', /\bx?oauth|basic auth|modern auth/],
  [
    'switched off',
    /\b(?:pop3?|imap)\b.{0,30}\b(?:(?:must|has to|needs to) be (?:enabled|activated|switched on|turned on)|only (?:for|available))|\b(?:mail|external|third party) (?:client|app|program)s?\b.{0,20}\b(?:disabled|not (?:allowed|enabled|permitted))|\bclient access (?:is )?disabled|\b(?:plan|package|subscription|licen[cs]e) (?:does|do) not (?:include|allow)\b.{0,20}\b(?:pop|imap)|\b(?:premium|paid|upgrade)\b.{0,40}\b(?:pop3?|imap)\b|\bnot have (?:the )?(?:permissions?|rights?|privileges?) (?:to|for) (?:use |access )?(?:pop3?|imap)|\bprotocol (?:is |has been )?(?:disabled|switched off|not (?:enabled|allowed))|\b(?:pop3?|imap)\b.{0,45}\b(?:premium|paid|upgrade|not (?:included|part of))|\b(?:pop3?|imap)\b.{0,45}(?:\bnot (?:yet )?(?:enabled|activated|allowed|permitted|available (?:for|to|in|on|with)|supported)|\bservice (?:is )?not open|disabled|deactivated|switched off|turned off|discontinued)|(?:enable|activate|switch on|turn on).{0,20}\b(?:pop3?|imap)\b|\b(?:not|no)\b.{0,20}\b(?:enabled|allowed|permitted|access)\b.{0,20}\b(?:pop3?|imap)\b|\bnot have (?:pop3?|imap) access|requested service disabled|\bfree\b.{0,20}\b(?:account|user|plan|mailbox|version|customer|tariff)\w{0,2}\b.{0,50}\b(?:pop3?|imap)\b|\b(?:pop3?|imap)\b.{0,50}\b(?:in|for|to|with|of) (?:the |your |our )?free\b/,
  ],
  [
    'password expired',
    /pass ?(?:words?|wd|phrase)\b.{0,25}\b(?:expired|(?:must|has to|needs? to) be (?:changed|reset|renewed)|(?:change|reset) (?:is )?required|too old)|\b(?:must|have to|need to|required to) (?:change|reset|renew|update) (?:your |the )?pass|expired (?:password|credentials)|^(?:please )?change (?:your |the )?password/,
  ],
  [
    'shut out',
    new RegExp(
      String.raw`${origin}.{0,45}${barred}|${barred}.{0,40}\b(?:your|this|that|foreign|by|from|client|unknown)\b.{0,12}${origin}|\bfrom #.{0,20}${barred}|\bip\b.{0,30}\b(?:reputation|rbl|dnsbl|block ?list)|\b(?:tor|vpn)\b.{0,30}${barred}|from abroad|outside (?:of )?(?:your|the|its) (?:home )?country|(?:^|\b(?:denied|refused|rejected|forbidden|blocked|from|for|because|as|since|sorry|error) )# (?:(?:is|has been|was) )?(?:currently |now )?${barred}`,
    ),
  ],
  [
    'unlicensed',
    /too many .{0,20}\blicen[cs]|\blicen[cs]\w{0,3}\b.{0,30}(?:expired|exceed|limit|invalid|reached|missing|violat)|(?:no|invalid|expired) .{0,10}\blicen[cs]e/,
  ],
  // The size of a mailbox, and no message's.
  [
    'store full',
    /^(?!.*\b(?:messages?|e ?mail|letter)\b).{0,200}(?:\b(?:mail ?box|inbox|account)\b.{0,30}(?:\btoo (?:large|big)|\b(?:over|exceed\w{0,3}|above)\b.{0,20}\bsize|\bsize .{0,20}(?:exceed|reached))|(?:\bmaximum|exceed\w{0,3}|\bover)\b.{0,20}\b(?:mail ?box|inbox|account) size)/,
  ],
  ['temporary', /\bt(?:ook|akes|aking) (?:far |much )?too long/],
  // What a message is, in words that also speak of limits.
  [
    'refused for good',
    /(?:message|mail|literal|size) .{0,25}(?:too (?:large|big|long)|exceeds?\b)|(?:message|literal|maximum) size|too many (?:identical|user flags)|grows too big/,
  ],
  [
    'quota used up',
    /download.{0,20}(?:exceed|limit|quota)|(?:exceed|limit|quota).{0,20}download|\b(?:daily|hourly)\b.{0,25}(?:limit|quota|volume|traffic)|(?:limit|quota|volume|maximum)(?!.{0,40}\b(?:log ?ins?|connections|sessions|visits)\b).{0,40}(?:per day|per hour|a day|today|daily|hours)|(?:transfer|traffic|bandwidth|retrieval|volume) .{0,15}(?:limit|quota|allowance|exceed|exhaust|used up)|upload was rate|download\w{0,3} too much|too much mail/,
  ],
  [
    'throttled',
    /too (?:often|frequent|soon|fast|quickly)|too many (?!argument|param|bad|invalid imap|message|recipient|part|header|line|hop|flag|char|item|error|open files)|too much access|rate ?limit|throttl|log ?in ?(?:s )?(?:delay|limit|rate|interval|frequen)|limit for logins|frequen|minimum (?:time|interval|login|\w{0,10} delay)|check interval|(?:only|at least|once|allowed|not more) .{0,20}(?:every|once|per|apart) ?.{0,15}(?:minute|second|hour|#)|# (?:minutes?|seconds?) apart|\bwait (?:a|an|#|before|at least|until|for)(?: |$)|(?:come|check) back|again (?:in|after) #|slow down|back ?off time|maximum (?:number of )?(?:simultaneous |concurrent |active |open )?(?:connections|log ?ins?|sessions|users|clients)|connections? limit|(?:connections|logins) (?:from|per)(?!.{0,40}(?:block|\bban|denied|refused|forbid|not (?:allowed|permitted)))|many connections|login attempts|(?:connection|session|log ?in|user|visit|request|accept\w{0,3}|poll\w{0,3}) limit|limit (?:of|for|on) (?:connection|session|log ?in|user|visit|request)|(?:exceed|reach)\w{0,3}.{0,25}\b(?:connections|sessions|log ?ins|requests)\b|\baccepting limit|too many (?:bad |failed |invalid |wrong )?(?:auth\w{0,12} |log ?in |pass ?word )?(?:attempts|tries|log ?ins)|\bconnection rate\b|\bmax connections|\b(?:connections|sessions|log ?ins)\b.{0,12}\b(?:exceeded|reached)|temporar\w{0,6} (?:lock|block|bann|suspend|black ?list)(?!.{0,60}\b(?:payment|paid|unpaid|invoice|administrat|abuse))|(?:lock|block|bann|suspend|black ?list)\w{0,3} temporar|\b(?:locked|blocked|banned|suspended) for (?:the next |another )?(?:#|an?|some|a few) ?(?:min|sec|hour|while)/,
  ],
  ['temporary', { test: isBehindServer }],
  [
    'temporary',
    /(?:server|system|service)s? (?:is |are |too |currently )*(?:busy|overloaded|under heavy load)|\boverload|load (?:is )?(?:too )?high|high load|temporar\w{0,6} disabl/,
  ],
  [
    'gone',
    new RegExp(
      String.raw`no such (?:message|mail)|there s no message|already deleted|not that many messages|another session deleted|${mail}.{0,25}\b(?<!\bnot (?:be |been )?)(?:deleted|expunged|removed|gone|vanished|no longer|does n ?t exist|doesn t exist|does not exist|not found)`,
    ),
  ],
  [
    'in use',
    /\bsession (?:is )?(?:already|still) |\balready have .{0,20}\b(?:session|connection)|exclusive access|simultaneous access|another (?:session|client|process|user|connection|pop)|other party|already (?:open|logged|in use|locked|connected)|duplicate login/,
  ],
  [
    'locked account',
    /\b(?:account|user|domain|service|customer)\b.{0,30}\b(?:lock|suspend|block|frozen|banned|restricted|compromised|hacked)|\b(?:mail ?box|mail ?drop|access|log ?in|mail)\b.{0,30}\b(?:suspend|frozen|banned)|\b(?:mail ?box|mail ?drop|access|log ?in)\b.{0,20}\bblocked|\block(?:ed)?\b.{0,30}\b(?:security|administrat|abuse|spam|fraud|payment|suspicious|violation)|non payment|\bunpaid\b|\boverdue\b/,
  ],
  [
    'mailbox disabled',
    /\b(?:account|mail ?box|user|log ?in|domain|subscription|service|trial|contract)\b.{0,30}\b(?:disabled|deactivated|inactive|inactivity|not (?:yet )?(?:active|activated|enabled)|closed|terminated|expired|cancell?ed|dormant|archived|deprovisioned)|no longer exists|\b(?:account|mail ?box|user) does not exist any ?more|\b(?:expired|inactive|disabled|dormant|closed) (?:account|mail ?box|user)/,
  ],
  ['in use', /\block(?:ed|s)?\b|\bin use\b|(?<!\btoo )\bbusy\b/],
  [
    'store full',
    /quota|quotum|(?:mailbox|disk|store|storage) (?:is )?full|out of (?:disk )?space|no space left|(?:storage|space) .{0,20}exceed|(?:insufficient|not enough) .{0,15}(?:storage|space)/,
  ],
  [
    'refused for good',
    /virus|malware|infected|trojan|phish|\bspam\b|by policy|policy (?:violation|reject)|contains? (?:an? )?(?:invalid|nul|bare|non ascii|forbidden|illegal)|invalid (?:header|rfc|character in literal)|malformed (?:message|header|mail)|rfc ?#|(?:zero|empty) (?:byte|length)|no header body|binary data|attachment .{0,20}(?:block|forbid|not allowed)/,
  ],
  ['wrong password', /\b(?:wrong|incorrect) password\b/],
  [
    'limit reached',
    /\b(?<!\b(?:line|header|attachment|recipient|flag|keyword|nesting|part|item|folder|mail ?box|octet|byte|literal|storage|disk|space)s? )limit\w{0,3}\b.{0,20}(?:exceed|reach|hit\b)|(?:exceed|reach)\w{0,3}\b.{0,20}\b(?:limit|allowance)/,
  ],
  [
    'temporary',
    /temporar|try again|try (?:it )?later|retry|\blater\b|(?<!\b(?:command|uidl|top|capa|function|feature|option) (?:is |currently )?)(?:unavailable|not available)|internal (?:\w{1,20} )?(?:error|failure)|(?:server|system|database) (?:error|problem|failure|failed|crash)|(?:operating )?system i o|maintenance|timed? ?out|\bi o error|(?:shutting|going|is) down|reboot|out of memory|enough memory|inconsistent|not ready|backend|\bcrashed|interrupted/,
  ],
  [
    'temporary',
    /(?:unable|failed|fail|can not|cannot|can t|could not|couldn t|could n t|error) (?:to )?(?:open|access|accessing|connect|connecting|contact|create|fetch|scan|stat|sync|update|read|fork|chdir|write|process|get|load|find server|initiali[sz]e|retrieve|complete)|(?:mailbox|maildrop|message|mail|database) (?:could|can) ?no?t (?:be )?(?:open|access|load|read|lock)|disk error|\b(?:read|write) error|\berror internal|\btoo busy|no disk/,
  ],
  [
    'wrong password',
    /password|passwd|credential|authenti|authori[sz]ation failed|\bbad login|\buser (?:name )?(?:does |do )?not (?:exist|found)|(?:invalid|unknown|no such|incorrect) (?:user|login|log on|account|mailbox)|log ?(?:in|on) (?:failed|failure|fail|incorrect|rejected|denied)|unable to log ?on|user ?name/,
  ],
]

/** Words that other languages have, too: there they may stand in a sentence that says more. */
const international: ReadonlySet<Meaning> = new Set(['wrong password', 'store full', 'temporary'])

/** The meanings that any of these skeletons tells of, the surest first. */
export function gistsIn(skeletons: readonly string[]): Meaning[] {
  const read = skeletons.map(withoutAgain)
  const told = (all: typeof gists, words: readonly string[]) =>
    all.filter(([, gist]) => words.some((skeleton) => gist.test(skeleton))).map(([meaning]) => meaning)
  const here = told(gists, read)
  if (here.some((meaning) => !international.has(meaning))) return here
  const abroad = told(gistsAbroad, [...read, ...read.flatMap(withoutUmlauts)])
  const isMore = abroad.some((meaning) => meaning !== 'wrong password')
  return isMore || !here.includes('temporary') ? [...abroad, ...here] : here
}

/** German without its letters: "laeuft", "gesperrt fuer". */
function withoutUmlauts(skeleton: string): string[] {
  const plain = skeleton.replace(/(?<=[aou])e/g, '')
  return plain === skeleton ? [] : [plain]
}

/** The words with which a server says that it is unwell itself, whatever it was asked for. Exchange says `Server Unavailable. 15`. */
export function isAway(skeleton: string): boolean {
  return /\bunavailable\b|temporar(?:y|ily)|try again|try later|internal (?:server )?error|shutting down/.test(skeleton)
}

/** Whether the words bar somebody who has not said yet who he is: then it can only be his address. */
export function bars(skeleton: string): boolean {
  return barring.test(skeleton)
}

const barring = new RegExp(barred)

/** Whether the words close a folder to all mail: what is said of one message names that message, or what is in it. */
export function closesFolder(skeleton: string): boolean {
  return closed.test(skeleton) && !ofMessage.test(skeleton)
}

const folder = String.raw`\b(?:folder|mail ?box|directory|destination)\b`

const closed = new RegExp(
  [
    String.raw`\bread ?only\b|\bwrite ?protect\w{0,4}|\bnot (?:be )?writ(?:e ?)?able|\bacls?\b|\b(?:insert|post|write) (?:access|right|permission|privilege)`,
    String.raw`\b(?:permissions?|access)\b.{0,40}\b(?:denied|refused|forbidden|insufficient)\b|\b(?:denied|forbidden|insufficient) (?:access|permissions?|rights|privileges?)`,
    String.raw`\b(?:no|not|don t|doesn t|lack\w{0,4}|without|missing|needs?|requires?)\b.{0,30}\b(?:permissions?|rights?|privileges?|write access)\b`,
    String.raw`\bnot (?:be )?(?:allowed|permitted|authori[sz]ed)\b.{0,40}(?:${folder}|\bhere\b)|${folder}.{0,30}\bnot (?:allow|accept|permit)\w{0,3}\b`,
    String.raw`${folder}.{0,40}\b(?:too many|maximum number of|as many) (?:messages|mails|items|e mails)|${folder}.{0,20}\b(?:message|item|mail)s?(?: count| number)? (?:limit|maximum)`,
    String.raw`\b(?:too many|maximum|limit)\b.{0,30}\b(?:messages|items|mails|e mails)\b.{0,30}(?:\bin\b|\bper\b|\bfor\b|\bof\b).{0,12}${folder}|\b(?:message|item|mail)s?(?: count| number)? limit\b.{0,30}${folder}`,
    String.raw`${folder} (?:is )?(?:closed|frozen|archived|not selectable|no ?select)\b|\bnoselect\b`,
    String.raw`schreibgeschutzt|nur lesbar|(?:keine|fehlende) (?:berechtigung|rechte|schreibrecht)|zugriff (?:verweigert|abgelehnt)|zu viele nachrichten im`,
    String.raw`lecture seule|(?:permission|acces) refuse|(?:droits?|autorisations?) insuffisant|(?:solo|apenas|so) (?:de )?(?:lectura|leitura)|(?:permiso|acceso|permissao|acesso) (?:denegad|negad)|sola lettura|(?:permesso|accesso) negato|alleen lezen|toegang geweigerd|tylko do odczytu|brak (?:uprawnien|dostepu)|pouze pro cteni|salt okunur`,
    String.raw`только (?:для )?чтени|нет прав|недостаточно прав|доступ запрещ|只读|唯讀|(?:没有|無|无)权限|沒有權限|権限が(?:ありません|ない)|読み取り専用|읽기 전용|권한이 없|chi doc|khong co quyen`,
  ].join('|'),
  'u',
)

const ofMessage =
  /\bvirus|\bspam\b|\battachment|\b(?:this|your|the) (?:message|mail|e mail) (?:is|was|has|contains|violates)\b|\bcontent\b|\bheader|\bsender\b|\bby policy\b/

/** Whether what is not allowed is a matter of what is paid for. */
export function speaksOfTariff(skeleton: string): boolean {
  return tariff.test(skeleton)
}

const tariff =
  /\b(?:premium|paid|paying|pay|upgrade|subscri\w{2,6}|plan|package|tarif\w{0,3}|licen[cs]e|free|billing|(?:pro|plus|business) (?:users?|accounts?|customers?|members?)|included|part of|enthalten|kostenpflicht\w{0,3}|kostenlos\w{0,2}|inclus\w{0,2}|incluid[oa]|inbegrepen|gratuit\w{0,3}|gratis|abonn?ement\w{0,2})\b|оплат|тариф|付费|付費|套餐|会员|有料|유료/u

export function speaksOfFailures(skeleton: string): boolean {
  return /fail|attempt|invalid|wrong|denied|incorrect/.test(skeleton)
}
