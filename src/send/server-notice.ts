/**
 * The words of servers whose notices have a form of their own: qmail, exim, DragonFly, Domino, Exchange, Gmail, Yahoo, GMX and web.de, Mail.ru,
 * Zoho, OpenSMTPD, Courier and many gateways. A notice is written by a server, says that something could not be delivered, and names for whom.
 */
import { singleLine } from '../printable.ts'
import { type BouncedRecipient, statusIn } from './delivery-status.ts'
import { type Entity, type EntityField, fieldOf, fieldsIn } from './entity.ts'
import { bounceLimits } from './bounce-limits.ts'
import { wordsOfLeaf } from './words-of-leaf.ts'

const writesNotices =
  /mailer[-_ ]?d(?:a|ae)mon|post[-_]?master|mail[ ._-]?deliver|delivery (?:sub)?system|system administrator|mail administrator|mmsc ndr|administrador del sistema|systemadministrator|administrateur syst|microsoftexchange[0-9a-f]{32}@/i

/** What says that a message did not arrive, in the languages of the servers that were seen. */
const failures: readonly RegExp[] = [
  /\b(?:could|can)(?:n['’]t|not| not) be (?:delivered|reached|sent)/i,
  /\b(?:was|were|is) (?:not delivered|not able to deliver|unable to deliver|undeliverable)|\bwasn['’]t able to deliver/i,
  /\bunable to (?:deliver|be delivered)|\bwasn['’]t delivered|\bnot be delivered\b/i,
  /\b(?:delivery|deliver)\b[^.\n]{0,60}\b(?:failed|failure|has failed)\b|\bfailed permanently\b/i,
  /\berror (?:has |was )?(?:occurred while (?:attempting|trying) to deliver|delivering your mail|sending your mail)/i,
  /\btrouble delivering your (?:message|mail)/i,
  /\b(?:did not reach|didn['’]t reach)\b/i,
  /\bhad (?:permanent fatal|permanent delivery|delivery) errors\b/i,
  /\byour (?:message|e-?mail) (?:was|has been) (?:rejected|blocked|bounced|returned)\b|\be-?mail you sent was rejected\b/i,
  /\breturned (?:permanent errors|to (?:its )?sender)\b|\bundeliver(?:able|ed) (?:mail|message)\b/i,
  /\brejected by (?:the )?local scanning code\b|\brecipient addresses that were incorrectly constructed\b/i,
  /\b(?:user unknown|unknown user|no such user|unable to find user|mailbox is full|mailbox exceeds|not listed in domino)\b/i,
  /\baddress(?:es)? (?:not found|(?:has|have) failed|failed)\b|\bwas rejected by a remote mail server\b/i,
  /transcript of session follows/i,
  /(?:konnten?|kann) (?:\S+ ){0,6}nicht (?:zugestellt|übermittelt|ausgeliefert) werden|unzustellbar|zustellung (?:\S+ ){0,4}fehlgeschlagen/i,
  /fehler bei der (?:nachrichten)?zustellung|empfänger nicht erreicht|nicht erreicht werden|konnten?\b[^.\n]{0,80}\bnicht\b[^.\n]{0,80}\b(?:zustellen|ausliefern|übermitteln)\b/i,
  /n['’](?:a|ont) pas pu être (?:remis|délivré|distribué|envoyé)|échec de (?:la )?(?:remise|distribution)|non remis/i,
  /n['’]a pas atteint|ne peu(?:t|vent) pas être joint|n['’](?:ai|avons) pas (?:pu|réussi à) (?:remettre|délivrer|distribuer|envoyer)/i,
  /no se (?:ha podido|pudo|puede) entregar|error (?:en la|de) entrega|no (?:ha podido|pudo) ser entregado/i,
  /impossibile (?:recapitare|consegnare)|mancat[oa] (?:recapito|consegna)|non è stato (?:possibile )?recapita/i,
  /não (?:foi possível entregar|pôde ser entregue|foi entregue)|falha na entrega/i,
  /(?:kon|kan) niet worden (?:bezorgd|afgeleverd)|onbestelbaar|bezorging mislukt/i,
  /kun(?:de|ne) (?:inte|ikke) (?:levereras|leveres)|ei voitu toimittaa|(?:nelze|nebylo možné) doručit|teslim edilemedi|nem (?:kézbesíthető|sikerült kézbesíteni)/i,
  /nie (?:mogła|można|udało się)[^.\n]{0,40}dostarcz/i,
  /не (?:может быть|могло быть|было|удалось)[^.\n]{0,30}достав|не доставлено/i,
  /không (?:thể gửi|gửi được|được gửi)/i,
  /(?:配信|送信|配送|到達|転送)(?:することが)?(?:でき|が|に失敗)|届け(?:ることが)?でき|届いていません/,
  /无法(?:投递|送达|发送)|未能送达|退信|無法(?:投遞|傳遞|傳送)/,
  /(?:배달|전달)(?:되지|할 수 없)/,
]

/** What says that it is late, and is tried again. */
const delays =
  /has been delayed|\bis delayed\b|warning (?:message )?only|not yet (?:been|be) delivered|still being retried|will (?:be|keep) (?:retried|trying)|attempts will continue|will (?:still )?try again for|could not send (?:mail|message) for past|temporary failure|noch nicht zugestellt|wird (?:es )?weiter versucht/i
const ends =
  /permanent|given up|giving up|gave up|not going to try again|no further (?:delivery )?attempts|failed after|will not be retried/i

/** Where the message that came back begins. */
const originalBegins =
  /^[ \t]*(?:[-*_=#. ]{0,60}(?:this is a copy of|below this line is a copy|below is a copy|the header of the original|included is a copy|enclosed is a copy|message headers? follow|unsent message|(?:the )?original[- ](?:message|mail)(?! was received)(?: info| headers?| follows?)?|bounced e-?mail|message header)\b)/im
/** Three lines of a header, one of which is one that every message has. */
const headerBegins =
  /^(?:Received|Return-Path|DKIM-Signature|ARC-[\w-]+|X-[\w-]+|Message-ID|Date|From|MIME-Version):[^\n]*\n(?:(?:[ \t]|[A-Za-z][\w-]{1,60}:)[^\n]*\n){2}/im

export interface ServerNotice {
  readonly lines: readonly string[]
  /** The place of the line that says it. */
  readonly at: number
  /** The header of what came back, where the notice ends in that. */
  readonly returned: readonly EntityField[]
}

/** Whether a server has written it, by what its header says of itself. */
export function isOfServer(fields: readonly EntityField[]): boolean {
  return writesNotices.test(fieldOf(fields, 'from') ?? '') || hasNullSender(fields)
}

function hasNullSender(fields: readonly EntityField[]): boolean {
  return /^<\s*>/.test(fieldOf(fields, 'return-path') ?? '')
}

/** Undefined if no server wrote it, or if it says nothing of the kind. @param isReport its type says what it is. */
export function serverNoticeOf({ fields, leaves }: Entity, isReport: boolean): ServerNotice | undefined {
  const from = fieldOf(fields, 'from') ?? ''
  const failed = fieldOf(fields, 'x-failed-recipients')
  const isServers = writesNotices.test(from) || failed !== undefined || isReport
  if (!isServers && !hasNullSender(fields)) return undefined
  const leaf = leaves.find(({ type }) => type === 'text/plain') ?? leaves.find(({ type }) => type === 'text/html')
  if (leaf === undefined) return undefined
  const text = wordsOfLeaf(leaf)
  const own = text.slice(0, Math.min(...[originalBegins, headerBegins].map((mark) => indexOf(text, mark))))
  const lines = own.split('\n', bounceLimits.noticeLinesMax).map((line) => line.slice(0, bounceLimits.noticeLineMax))
  const said = lines.join('\n')
  const told = `${fieldOf(fields, 'subject') ?? ''}\n${said}`
  if (delays.test(told) && !ends.test(told)) return undefined
  const at = placeOfFailure(lines)
  const isKnown = at !== -1 || failed !== undefined || isReport
  // Anybody's program answers from a null sender: then a server's code has to stand there, or what came back.
  const isProven = isServers || /\b[45]\d\d[ -]|\b[45]\.\d\.\d/.test(said) || text.length > own.length
  const returned = fieldsIn(text.slice(own.length, own.length + bounceLimits.returnedLettersMax))
  return isKnown && isProven ? { lines, at: Math.max(0, at), returned } : undefined
}

/** A sentence may be broken into two lines. */
function placeOfFailure(lines: readonly string[]): number {
  return lines.findIndex((line, nth) => {
    const sentence = `${line.trim()} ${lines[nth + 1]?.trim() ?? ''}`
    return failures.some((failure) => failure.test(sentence))
  })
}

function indexOf(text: string, mark: RegExp): number {
  return mark.exec(text)?.index ?? text.length
}

const address = String.raw`[^\s<>()\[\]"',;:*@]{1,64}@[a-z0-9][a-z0-9.-]{0,250}[a-z0-9]`
/** A line that begins with an address, as lists of those who got nothing do. */
const listed = new RegExp(
  String.raw`^[ \t]*(?:[*•·-]{1,2}[ \t]*)?["'<]{0,2}(${address})[>"']{0,2}(?:<mailto:[^>]*>)?(?=$|[ \t:.,(\[])[ \t]*:?`,
  'i',
)
/** The end of a session that names one: `554 <jo@example.net>... Unknown`. */
const answered = new RegExp(String.raw`^[45]\d\d[ -](?:[45]\.\d{1,3}\.\d{1,3} )?<(${address})>`, 'i')
/** A sentence that names one. */
const named = new RegExp(
  String.raw`(?:\bto|recipients?|address(?:es)?|user|RCPT TO|errors|full|delivered|deliver|zugestellt)\b[^@\n]{0,40}?[ :<"'(](${address})`,
  'i',
)

/** Those whom a notice names, with what it says of each. */
export function recipientsNamedBy(
  { fields }: Entity,
  { lines, at, returned }: ServerNotice,
  original: readonly EntityField[],
): BouncedRecipient[] {
  const said = lines.slice(at)
  const whole = said.join('\n')
  const places = new Map<string, number>()
  const note = (found: string, nth: number) => {
    const key = found.toLowerCase().replace(/\.+$/, '')
    if (!places.has(key) && places.size < bounceLimits.recipientsMax) places.set(key, nth)
  }
  const inHeader = addressesIn(fieldOf(fields, 'x-failed-recipients') ?? '')
  if (inHeader.length > 0) for (const found of inHeader) note(found, placeOf(said, found))
  else
    for (const [nth, line] of said.entries()) {
      const found = listed.exec(line)?.[1]
      if (found !== undefined) note(found, nth)
    }
  // Some name it in the first line, before they say anything.
  if (places.size === 0) {
    const first = listed.exec(lines.find((line) => line.trim() !== '') ?? '')?.[1]
    if (first !== undefined) note(first, 0)
  }
  if (places.size === 0)
    for (const [nth, line] of said.entries()) {
      const found = answered.exec(line)?.[1]
      if (found !== undefined) note(found, nth)
    }
  if (places.size === 0)
    for (const [nth, line] of lines.entries()) {
      const found = named.exec(line)?.[1]
      // Whom one may write to.
      if (found !== undefined && !/postmaster|support|help|abuse|contact/i.test(line)) note(found, nth - at)
    }
  if (places.size === 0) {
    const to = addressesIn(fieldOf(original, 'to') ?? fieldOf(returned, 'to') ?? '')
    if (to.length === 1) note(to[0]!, 0)
  }
  return [...places].map(([found, nth]) => {
    const own = words(said, nth)
    const diagnostic = hasCode(own) ? own : ((places.size === 1 ? codeLine(whole) : undefined) ?? own)
    const status = statusIn(diagnostic) ?? (places.size === 1 ? statusIn(whole) : undefined)
    return { address: found, originalAddress: null, status: status ?? null, diagnostic: diagnostic || null }
  })
}

function addressesIn(text: string): string[] {
  return text.match(new RegExp(address, 'gi'))?.slice(0, bounceLimits.recipientsMax) ?? []
}

function placeOf(lines: readonly string[], wanted: string): number {
  const at = lines.findIndex((line) => line.toLowerCase().includes(wanted.toLowerCase()))
  return at === -1 ? 0 : at
}

/** What stands behind an address and below it, up to the next one. A line that ends in a colon leads to the next one. */
function words(lines: readonly string[], nth: number): string {
  if (nth < 0) return ''
  const found = [(lines[nth] ?? '').replace(listed, '').trim()]
  for (const line of lines.slice(nth + 1, nth + 12)) {
    const isSaid = found.some((word) => word !== '' && !word.endsWith(':'))
    if (listed.test(line) || (line.trim() === '' && isSaid)) break
    found.push(line.trim())
  }
  return singleLine(found.filter((word) => word !== '').join(' '), bounceLimits.diagnosticMax)
}

function hasCode(text: string): boolean {
  return /\b[45]\d\d\b|\b[45]\.\d{1,3}\.\d{1,3}\b/.test(text)
}

/** The first line with a server's code (RFC 5321 section 4.2, RFC 3463). */
function codeLine(text: string): string | undefined {
  const line = /^.*?(?:\b[45]\d\d[ -]|[45]\.\d{1,3}\.\d{1,3}).*$/m.exec(text)?.[0]
  return line === undefined ? undefined : singleLine(line, bounceLimits.diagnosticMax)
}
