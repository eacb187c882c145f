/** Makes lines of IMAP by grammar that no honest server says, and some that it might: each is a whole answer, or pretends to be one. */
import type { Chance } from './chance.ts'

/** Numbers as RFC 9051 has them, and as it has none. */
const numbers = [
  '0',
  '1',
  '2',
  '7',
  '4294967295',
  '4294967296',
  '99999999999999999999',
  '-1',
  '1e9',
  '*',
  'NaN',
  '',
  '0x1',
]
const ranges = ['1:4294967295', '4294967295:*', '5:1', '1,1,1', '1:', ':9', '1:2:3', '*', '1:99999999999999999999', '']
const separators = [
  '"/"',
  '"."',
  'NIL',
  '"//"',
  '""',
  '"\\\\"',
  '"\x01"',
  '"\0"',
  '{3}\r\n\r\n"',
  '"//////////"',
  '(a)',
  '"%"',
  '"\xe9"',
]
const codes = [
  'ALERT',
  'UIDVALIDITY 0',
  'UIDVALIDITY 4294967296',
  'UIDNEXT -1',
  'UIDNEXT 99999999999999999999',
  'APPENDUID 1 1:4294967295',
  'APPENDUID 4711 4294967295:*',
  'COPYUID 1 1:4294967295 1:4294967295',
  'REFERRAL imap://127.0.0.1:1/',
  'CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-256 COMPRESS=DEFLATE',
  'PERMANENTFLAGS (\\*)',
  'HIGHESTMODSEQ 99999999999999999999',
  'NIL',
  'TRYCREATE',
  'OVERQUOTA',
  'UNAVAILABLE',
  'THROTTLED',
  'AUTHENTICATIONFAILED',
  'EXPIRED',
  'MAILBOXID ("x")',
  '',
]

/** Small for the most part, and now and then larger than every limit. */
function long(chance: Chance, unit: string): string {
  const octets = chance.of([0, 3, 30, 300, 3000, 70_000])
  if (unit === '') return ''
  return unit.repeat(Math.ceil((chance.happens(0.05) ? 2_200_000 : octets) / unit.length))
}

function word(chance: Chance): string {
  return chance.of([
    'x',
    'NIL',
    '\\Seen',
    '()',
    '"a"',
    '"\\"',
    '"',
    '{3}\r\nabc',
    '{0}\r\n',
    '{-1}',
    '[x]',
    '<0.1>',
    '\0',
    '\x1b[31m',
    '&AAA',
    '%',
    chance.of(numbers),
    chance.of(ranges),
  ])
}

/** The name of a folder, as an astring. */
export function folderName(chance: Chance): string {
  const name = chance.of([
    'INBOX',
    'inbox',
    'InBoX',
    '..',
    '../../etc/passwd',
    '/',
    '//',
    'a//b',
    'tributary-staging/x',
    'INBOX.tributary-staging',
    'constructor',
    '__proto__',
    '&AAAAAA-',
    '&2AA-',
    '&',
    '&-&-&',
    '&Jjo',
    '\x1b]0;title\x07',
    'a\x7fb',
    '\xff\xfe',
    'Work',
    '',
    long(chance, 'a/'),
    long(chance, '.'),
    long(chance, 'n'),
  ])
  if (chance.happens(0.1)) return `{${name.length + 2}}\r\n${name}\r\n`
  return chance.happens(0.9) ? `"${name.replace(/["\\]/g, '\\$&')}"` : name
}

/** Lists within lists, closed or not. */
function nested(chance: Chance): string {
  const depth = chance.of([1, 3, 30, 101, 1000, 10_000])
  return `${chance.of(['(', '((', '("a" ']).repeat(depth)}${word(chance)}${chance.happens(0.8) ? ')'.repeat(depth) : ''}`
}

function fetchItem(chance: Chance): string {
  return chance.of([
    () => `UID ${chance.of(numbers)}`,
    () => `FLAGS (${long(chance, '\\Seen ')})`,
    () => `FLAGS ${word(chance)}`,
    () => `ENVELOPE ${nested(chance)}`,
    () => `BODYSTRUCTURE ${nested(chance)}`,
    () => `BODYSTRUCTURE ("text" "plain" ${word(chance)} NIL NIL "7bit" ${chance.of(numbers)})`,
    () => `INTERNALDATE "${chance.of(['01-Jan-1970 00:00:00 +0000', '99-Foo-9999 99:99:99 +9999', ''])}"`,
    () => `RFC822.SIZE ${chance.of(numbers)}`,
    () => `BODY[] ${long(chance, '"x" ')}`,
    () => `BODY[${long(chance, '1.')}] NIL`,
    () => `BODY[HEADER.FIELDS (X-TRIBUTARY-ID)] "${long(chance, 'x')}"`,
    () => {
      const text = long(chance, 'x\r\n')
      return `BODY[]<0> {${text.length}}\r\n${text}`
    },
    () => `BODY[] {${chance.of(['4294967295', '99999999999999999999', '200000000', '9'])}}\r\nxx`,
    () => `${word(chance)} ${word(chance)}`,
  ])()
}

/** A line, or several, without a tag. */
export function hostileLine(chance: Chance): string {
  const line = chance.of([
    () => `CAPABILITY ${long(chance, `X${chance.below(99)} `)}IMAP4rev1`,
    () => `CAPABILITY IMAP4rev1 APPENDLIMIT=${chance.of(numbers)} AUTH=\x07 LITERAL+`,
    () => `NAMESPACE (("${chance.of(['', 'INBOX.', '\0', '..'])}" ${chance.of(separators)})) NIL NIL`,
    () => `NAMESPACE ${nested(chance)}`,
    () =>
      `LIST (${chance.of(['', '\\Noselect', '\\Sent', long(chance, '\\x ')])}) ${chance.of(separators)} ${folderName(chance)}`,
    () => `LSUB () ${chance.of(separators)} ${folderName(chance)}`,
    () =>
      `STATUS ${folderName(chance)} (MESSAGES ${chance.of(numbers)} UIDNEXT ${chance.of(numbers)} UIDVALIDITY ${chance.of(numbers)})`,
    () => `STATUS ${folderName(chance)} ${nested(chance)}`,
    () => `${chance.of(numbers)} ${chance.of(['EXISTS', 'RECENT', 'EXPUNGE'])}`,
    () => `VANISHED (EARLIER) ${chance.of(ranges)}`,
    () => `FLAGS (${long(chance, 'f ')})`,
    () => `${chance.of(['OK', 'NO', 'BAD', 'PREAUTH'])} [${chance.of(codes)}] ${long(chance, '\x1b[2J!')}`,
    () => `SEARCH${long(chance, ` ${chance.of(numbers)}`)}`,
    () => `SORT${long(chance, ` ${1 + chance.below(9)}`)}`,
    () => `ESEARCH (TAG "1") UID ALL ${chance.of(ranges)} COUNT ${chance.of(numbers)}`,
    () =>
      `${chance.of(numbers)} FETCH (${Array.from({ length: 1 + chance.below(4) }, () => fetchItem(chance)).join(' ')})`,
    () => `${1 + chance.below(5)} FETCH (UID ${1 + chance.below(5)} ${fetchItem(chance)})`,
    () => `ID (${long(chance, '"name" "x" ')})`,
    () => `QUOTA ${nested(chance)}`,
    () => long(chance, word(chance)),
  ])()
  return `* ${line}${chance.happens(0.95) ? '\r\n' : '\n'}`
}

/** The words of a tagged answer, without its tag. */
export function hostileStatus(chance: Chance): string {
  return `${chance.of(['OK', 'OK', 'NO', 'BAD', 'BYE', 'ok', 'MAYBE', '', '\0'])} [${chance.of(codes)}] ${chance.of(['done', '', '\x1b[2J', '\xff\xfe', long(chance, 'w')])}`
}
