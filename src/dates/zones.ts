/**
 * The zones that a date may name (docs/decisions/0026-dates-as-they-are-written.md): the letters of RFC 5322 section 4.3 and those that mail
 * programs of the world write, names in words, and names of the tz database. A zone tells how far its clocks are ahead of UTC.
 */
import { hour, minute } from '../units.ts'
import { dateLimits } from './limits.ts'
import { folded } from './pieces.ts'

/** What a zone's clocks are ahead of UTC, in milliseconds, when they show this time. */
export type Zone = (localMs: number) => number

export const utc: Zone = () => 0

/**
 * Hours east, and the letters with them. Where several zones share letters, RFC 5322 decides (EST, CST, MST, PST are America's), else the one of
 * the most people who write so in mail: BST is Britain's, IST India's, AST Canada's, MSK what it is since 2014.
 */
const letters: readonly (readonly [hours: number, names: string])[] = [
  [0, 'ut utc gmt z wet uct zulu egst'],
  [1, 'cet met mez bst wat west wesz mewt hnec'],
  [2, 'cest cetdst mest mesz metdst mewst haec eet oez cat sast israel'],
  [3, 'eest eetdst oesz msk idt eat trt fet arabia'],
  [3.5, 'irst'],
  [4, 'msd gst samt azt get mut ret sct'],
  [4.5, 'irdt aft'],
  [5, 'pkt yekt uzt mvt tjt tmt'],
  [5.5, 'ist slst'],
  [5.75, 'npt'],
  [6, 'omst bdt almt kgt yekst'],
  [6.5, 'mmt'],
  [7, 'ict wib novt krat omsst hovt'],
  [8, 'hkt sgt myt pht awst irkt wita cct ulat krast bnt china'],
  [9, 'jst kst yakt wit irkst pwt'],
  [9.5, 'acst'],
  [10, 'aest vlat chst pgt yakst'],
  [10.5, 'acdt lhst'],
  [11, 'aedt magt sbt nct vlast'],
  [12, 'nzst nzt fjt pett'],
  [13, 'nzdt tot'],
  [-1, 'azot cvt egt'],
  [-2, 'brst fnt uyst'],
  [-2.5, 'ndt'],
  [-3, 'adt brt art uyt clst gft srt haa'],
  [-3.5, 'nst'],
  [-4, 'edt ast clt vet bot gyt hae hna'],
  [-5, 'est cdt cot pet ect hne hac'],
  [-6, 'cst mdt hnc har galt'],
  [-7, 'mst pdt hnr hap'],
  [-8, 'pst akdt hnp'],
  [-9, 'akst hadt'],
  [-10, 'hst hast taht ckt'],
  [-11, 'sst nut'],
]

const byLetters = new Map(letters.flatMap(([hours, names]) => names.split(' ').map((name) => [name, hours] as const)))

/**
 * Hours east of names in words, without "Standard", "Daylight" or "Time": those of Windows, and what else names a zone so. Their initials tell
 * nothing: "Egypt Standard Time" is not EST.
 */
const named: readonly (readonly [hours: number, names: string])[] = [
  [0, 'gmt|greenwich|greenwich mean|british|coordinated universal|universal|western european'],
  [1, 'w europe|west europe|romance|central europe|central european|w central africa|west africa|morocco'],
  [2, 'gtb|fle|e europe|eastern european|israel|jerusalem|south africa|egypt|middle east|jordan|syria|libya'],
  [2, 'kaliningrad|central africa|sudan'],
  [3, 'russian|russia|moscow|arab|arabic|turkey|e africa|east africa|belarus'],
  [3.5, 'iran'],
  [4, 'arabian|gulf|azerbaijan|caucasus|georgian|armenian|mauritius|samara|astrakhan|saratov'],
  [4.5, 'afghanistan'],
  [5, 'pakistan|ekaterinburg|west asia|uzbekistan'],
  [5.5, 'india|indian|sri lanka'],
  [5.75, 'nepal'],
  [6, 'bangladesh|central asia|omsk'],
  [6.5, 'myanmar'],
  [7, 'se asia|indochina|western indonesia|north asia|n central asia|novosibirsk|krasnoyarsk'],
  [
    8,
    'china|taipei|hong kong|singapore|malay peninsula|malaysia|philippine|w australia|australian western|ulaanbaatar',
  ],
  [8, 'north asia east|irkutsk|central indonesia'],
  [9, 'tokyo|japan|korea|korean|yakutsk'],
  [9.5, 'aus central|cen australia|australian central'],
  [10, 'e australia|aus eastern|australian eastern|tasmania|west pacific|vladivostok'],
  [11, 'central pacific|magadan'],
  [12, 'new zealand|fiji|kamchatka'],
  [13, 'tonga|samoa'],
  [-1, 'azores|cape verde'],
  [-3, 'sa eastern|e south america|argentina|brasilia|bahia|montevideo|uruguay|greenland'],
  [-3.5, 'newfoundland'],
  [-4, 'atlantic|sa western|pacific sa|venezuela|bolivia|central brazilian|paraguay|chile'],
  [-5, 'eastern|us eastern|sa pacific|colombia|peru|cuba'],
  [-6, 'central|central america|canada central|mexico'],
  [-7, 'mountain|us mountain'],
  [-8, 'pacific'],
  [-9, 'alaskan|alaska'],
  [-10, 'hawaiian|hawaii|hawaii aleutian'],
]

const byName = new Map(named.flatMap(([hours, names]) => names.split('|').map((name) => [name, hours] as const)))

/** Names of zones in other languages. */
const byWords: Readonly<Record<string, string>> = {
  'mitteleuropaische zeit': 'cet',
  'mitteleuropaische sommerzeit': 'cest',
  'mitteleuropaische normalzeit': 'cet',
  'westeuropaische normalzeit': 'cet',
  'westeuropaische sommerzeit': 'cest',
  'osteuropaische zeit': 'eet',
  'osteuropaische sommerzeit': 'eest',
  'west europa standaardtijd': 'cet',
  'west europa zomertijd': 'cest',
  'vasteuropa normaltid': 'cet',
  'vasteuropa sommartid': 'cest',
  'ora solare europa occidentale': 'cet',
  'ora legale europa occidentale': 'cest',
}

function fixed(hours: number): Zone {
  return () => hours * hour
}

/** These are summer or winter time by the date. */
const americanTimes: Readonly<Record<string, string>> = {
  et: 'America/New_York',
  ct: 'America/Chicago',
  mt: 'America/Denver',
  pt: 'America/Los_Angeles',
}

/** The zone of a folded word. */
export function zoneOfWord(word: string): Zone | undefined {
  const hours = byLetters.get(word)
  if (hours !== undefined) return fixed(hours)
  const name = americanTimes[word]
  return name === undefined ? undefined : zoneOfName(name)
}

/** Whether the zone is one of the United States, where the month is written before the day. */
export function isAmerican(word: string): boolean {
  return /^(?:[ecmp][sd]?t|ak[sd]t|hst)$/.test(word)
}

/** The zone of several folded words. Of America's "Pacific Time" it is summer or winter by the date. */
export function zoneOfWords(words: readonly string[]): Zone | undefined {
  const listed = byWords[words.join(' ')]
  if (listed !== undefined) return zoneOfWord(listed)
  if (words.at(-1) !== 'time') return undefined
  const kind = words.at(-2) ?? ''
  const isSummer = kind === 'daylight' || kind === 'summer'
  const name = words.slice(0, isSummer || kind === 'standard' ? -2 : -1).join(' ')
  if (/^(?:eastern|central|mountain|pacific) time$/.test(words.join(' '))) return zoneOfWord(`${name.charAt(0)}t`)
  const hours = byName.get(name)
  return hours === undefined ? undefined : fixed(isSummer ? hours + 1 : hours)
}

/**
 * The zone of a sign and digits, of any width: hours ("+2"), hours and minutes ("+530", "+0530"); what stands behind them is not read. RFC 5322
 * section 3.3 allows -9959 to +9959, and Dovecot and Python take that as it is.
 */
export function zoneOfDigits(sign: string, digits: string, minutesText?: string): Zone | undefined {
  if (digits.length > 6) return undefined
  const [hoursText, minutes] = minutesText === undefined ? zoneParts(digits) : [digits, minutesText]
  const ms = Number(hoursText) * hour + Number(minutes || '0') * minute
  return () => (sign === '-' ? -ms : ms)
}

/** A digit is lost in "020", and one too many in "00200". */
function zoneParts(digits: string): readonly [hours: string, minutes: string] {
  if (digits.length === 3)
    return digits.startsWith('0') ? [digits.slice(0, 2), `${digits.slice(2)}0`] : [digits.slice(0, 1), digits.slice(1)]
  const whole = /^00[1-9]\d\d$/.test(digits) ? digits.slice(1) : digits
  return [whole.slice(0, 2), whole.slice(2, 4)]
}

const clocks = new Map<string, Intl.DateTimeFormat | undefined>()

/** The zone of a name of the tz database: "Europe/Berlin", "America/Argentina/Ushuaia", "EST5EDT". */
export function zoneOfName(name: string): Zone | undefined {
  const clock = clocks.get(name) ?? clockOf(name)
  if (clocks.size < dateLimits.clocksMax) clocks.set(name, clock)
  if (clock === undefined) return undefined
  // What it shows for the time as if that were UTC is nearly right; asked again with that, it is right but for the hour of a change.
  return (localMs) => shownAhead(clock, localMs - shownAhead(clock, localMs))
}

function clockOf(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    const numeric = 'numeric'
    const shown = {
      year: numeric,
      month: numeric,
      day: numeric,
      hour: numeric,
      minute: numeric,
      second: numeric,
    } as const
    return new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', ...shown })
  } catch {
    return undefined
  }
}

function shownAhead(clock: Intl.DateTimeFormat, ms: number): number {
  const shown = new Map(clock.formatToParts(ms).map(({ type, value }) => [type, Number(value)]))
  const part = (type: Intl.DateTimeFormatPartTypes) => shown.get(type) ?? 0
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) - ms
}

/** The zone that a comment tells: "(CEST)", "(GMT+2)", "(Pacific Daylight Time)", "(Europe/Berlin)". */
export function zoneOfComment(comment: string): Zone | undefined {
  const text = comment.replace(/\([^()]*\)/g, ' ').trim()
  const numeric = /^(?:(?:gmt|utc|ut)\s?)?([+-])(\d{1,2})(?::?(\d\d))?$/i.exec(text)
  if (numeric !== null) return zoneOfDigits(numeric[1] ?? '', numeric[2] ?? '', numeric[3] ?? '0')
  const words = folded(text)
    .split(/[\s.,-]+/)
    .filter((word) => word !== '')
  if (words.length === 1) return zoneOfWord(words[0] ?? '') ?? zoneOfWords(words) ?? zoneInText(text)
  if (words.length > dateLimits.zoneWordsMax + 1) return undefined
  return zoneOfWords(words)
}

function zoneInText(text: string): Zone | undefined {
  return /^[A-Za-z_]{2,20}(?:\/[A-Za-z_]{2,20}){1,2}$/.test(text) ? zoneOfName(text) : undefined
}
