/** What refusals mean: every sentence of wordings.ts, the codes, and what is no part of a server's words. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { meaningOf, namedWaitMs } from '../../src/failure/meaning.ts'
import { codeIn, skeletonOf } from '../../src/failure/skeleton.ts'
import { wordings } from '../../src/failure/wordings.ts'
import { takenMs } from '../support/stretches.ts'

test('the list has at least 120 sentences in at least eight languages, each with its source, and none with two meanings', () => {
  assert.ok(wordings.length >= 120, String(wordings.length))
  assert.ok(new Set(wordings.map(({ language }) => language)).size >= 8)
  const meanings = new Map<string, string>()
  for (const { text, means, by, source, language } of wordings) {
    assert.ok(text !== '' && by !== '' && source !== '', text)
    assert.match(language, /^[a-z]{2}$/)
    const key = `${codeIn(text)} ${skeletonOf(text)}`
    assert.equal(meanings.get(key) ?? means, means, text)
    meanings.set(key, means)
  }
})

/** The octets of a text in an encoding of single octets, one char an octet; undefined if it does not have all of its letters. */
function inOctets(text: string, encoding: string): string | undefined {
  const decoder = new TextDecoder(encoding)
  const octets = Array.from({ length: 256 }, (_, octet) => octet)
  const letters = new Map(octets.map((octet) => [decoder.decode(Uint8Array.of(octet)), String.fromCharCode(octet)]))
  const written = Array.from(text.normalize('NFC')).map((letter) => letters.get(letter))
  return written.includes(undefined) ? undefined : written.join('')
}

const encodings = { ru: ['windows-1251', 'koi8-r'], pl: ['iso-8859-2', 'windows-1250'] } as const

/** No gist knows these: they would say too much elsewhere. */
const wholeOnly = new Set(['Your IP: 192.0.2.1 is blacklisted, please see http://blacklist.kpnmail.nl/Help/17'])

for (const { text, means, by, language } of wordings) {
  test(`${by} (${language}): "${text}" means ${means}`, () => {
    const octets = Buffer.from(text, 'utf8').toString('latin1')
    for (const said of [text, octets, `-ERR ${octets}`, `NO ${octets}`, text.toUpperCase(), `  ${text}   `])
      assert.equal(meaningOf(said), means, said)
    assert.equal(meaningOf(text.replaceAll(/\d/g, '7')), means)
    assert.equal(meaningOf(text.replace(/[.!,;:]+$/, '')), means)
    const usual = language === 'ru' || language === 'pl' ? encodings[language] : (['windows-1252'] as const)
    for (const encoding of usual) assert.equal(meaningOf(inOctets(text, encoding) ?? text), means, encoding)
    // Another server says nearly the same.
    if (!wholeOnly.has(text)) assert.equal(meaningOf(`${text} (mx7, foo)`), means, 'by its gist')
  })
}

test('other sentences of the same gist are understood too, whatever their numbers, case and punctuation', () => {
  const said: Readonly<Record<string, readonly string[]>> = {
    throttled: [
      'you may only login once per minute',
      'Mail check interval 60 seconds',
      'Invalid login. Wait 5 minutes before the next one',
      'Minimum interval between logins is 10 minutes',
      'TOO MANY CONNECTIONS FROM 192.0.2.7!',
      'Login failed: too many connections',
      'Zu viele Anmeldungen, bitte sp\xc3\xa4ter erneut versuchen',
      'Trop de connexions, r\xe9essayez dans 5 minutes',
      '\xb5\xc7\xc2\xbc\xb9\xfd\xd3\xda\xc6\xb5\xb7\xb1',
      '\xe7\x99\xbb\xe5\xbd\x95\xe8\xbf\x87\xe4\xba\x8e\xe9\xa2\x91\xe7\xb9\x81',
      'Request is throttled',
      'Account temporarily locked',
      'user temporarily suspended',
    ],
    'quota used up': [
      'Daily download limit reached',
      'Download quota of 2 GB exceeded',
      'maximum of 100 messages per hour',
    ],
    temporary: [
      'Unable to open mailbox',
      'Cannot open maildrop: I/O error',
      'Unable to connect to database',
      'NO Disk I/O error',
      'NO System Error (Failure)',
      'Server Unavailable. 21',
      'please retry',
    ],
    'in use': [
      'cannot get lock, please wait',
      'Mailbox Locked',
      'Another session is active on this account, it is locked',
    ],
    gone: ['no such message', 'Message 7 was deleted meanwhile', 'message #7 does not exist'],
    'refused for good': [
      'virus found in message 3',
      'message too large',
      'BAD invalid rfc5322 message: Sender should not be present',
    ],
    'locked account': ['Your account has been locked'],
    'switched off': ['POP3 deactivated', 'You are yet to enable POP access', 'POP3 not allowed for this user'],
    'OAuth only': ['Basic authentication is disabled'],
    'store full': ['mailbox is full', 'no space left on device'],
  }
  for (const [means, replies] of Object.entries(said)) {
    for (const reply of replies) assert.equal(meaningOf(reply), means, reply)
  }
  const nothing = [
    '',
    'go away',
    'unknown command',
    'BAD Command Error. 12',
    'message not retrieved',
    'UIDL not available',
    'command is unavailable',
    'some messages could not be deleted',
  ]
  for (const reply of nothing) assert.equal(meaningOf(reply), undefined, reply)
})

test('a code goes first, and words beside it count as far as they fit it', () => {
  for (const [reply, means] of [
    ['[SYS/TEMP] no disk', 'temporary'],
    ['[SYS/TEMP] mailbox is locked', 'temporary'],
    ['[SYS/TEMP] too many connections', 'throttled'],
    ['[sys/temp] password', 'temporary'],
    ['[SYS/PERM] unable to open mailbox', undefined],
    ['[SYS/PERM] unable to open mailbox, try again later', 'temporary'],
    ['[SYS/PERM] POP3 is switched off for this mailbox', 'switched off'],
    ['[AUTH] no', 'wrong password'],
    ['[AUTH] Too many failures', 'wrong password'],
    ['[AUTH] Too many connections', 'throttled'],
    ['[AUTH] Temporary failure, try later', 'temporary'],
    ['[IN-USE] wrong password', 'in use'],
    ['[LOGIN-DELAY 60] no', 'throttled'],
    ['NO [UNAVAILABLE] message too large', 'temporary'],
    ['NO [OVERQUOTA] no', 'store full'],
    ['NO [OVERQUOTA] Account exceeded command or bandwidth limits.', 'quota used up'],
    ['NO [LIMIT] FETCH rate limit hit', 'throttled'],
    ['NO [EXPUNGEISSUED] unavailable', 'gone'],
    // As our own failures have it.
    ['NO it does not want to [SERVERBUG]', 'temporary'],
    ['* BYE [UNAVAILABLE] bye', 'temporary'],
  ] as const)
    assert.equal(meaningOf(reply), means, reply)
})

test('what somebody else has put into a refusal means nothing: addresses, quoted names, pages', () => {
  for (const reply of [
    'mailbox "locked" is not here',
    'no <try-again-later@example.net> here',
    'busy.virus@example.net is not here',
    'see https://example.net/too-many-connections',
    "folder 'temporary' is not here",
  ])
    assert.equal(meaningOf(reply), undefined, reply)
})

test('the wait that a refusal names is read in its unit', () => {
  for (const [reply, waitMs] of [
    ['you may only login once per minute', 60_000],
    ['Mail check interval 60 seconds', 60_000],
    ['Exceeded the login limit for a 15 minute period', 900_000],
    ['Suggested Backoff Time: 92415 milliseconds', 92_415],
    ['Try again in 3 hours.', 10_800_000],
    ['r\xe9essayez dans 5 minutes', 300_000],
    ['bitte warten Sie 2 Stunden', 7_200_000],
    ['per-10 minute limit', 600_000],
    ['wait 90s', 90_000],
    ['one login a day', 86_400_000],
    ['too many logins from 10.0.0.1', undefined],
    ['limit of 1500 MB', undefined],
    ['wait', undefined],
    ['Подождите 30 минут', 1_800_000],
    [Buffer.from('请等待10分钟', 'utf8').toString('latin1'), 600_000],
    ['1時間後に', 3_600_000],
    ['30분 후에', 1_800_000],
    ['Vui lòng chờ 5 giây', 5000],
  ] as const)
    assert.equal(namedWaitMs(reply), waitMs, reply)
})

test('no refusal takes long to read', () => {
  for (const part of [
    'message ',
    'limit a ',
    'user',
    'download exceed ',
    '"',
    '<',
    '@',
    '\xe4',
    '\xb5\xc7',
    'not be ',
    'wait ',
    '9 ',
  ]) {
    const reply = part.repeat(100_000)
    const ms = takenMs(() => {
      meaningOf(reply)
      namedWaitMs(reply)
    })
    assert.ok(ms < 100, `${part}: ${ms} ms`)
  }
})
