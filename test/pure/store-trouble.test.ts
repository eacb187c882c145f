/** What a store's NO, BAD or BYE is about: the store, the folder, or what it was sent. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Failure } from '../../src/failure/failure.ts'
import type { Phase } from '../../src/failure/phase.ts'
import { troubleOf } from '../../src/imap/trouble.ts'

/** The failure of a refusal such as `NO [LIMIT] so many`, as imapflow gives it. */
function told(line: string, during: Phase): Failure | undefined {
  const [, responseStatus, code, responseText] = /^(NO|BAD|BYE) (?:\[([^\]]+)\] )?(.*)$/.exec(line) ?? assert.fail(line)
  if (responseStatus === 'BYE')
    return troubleOf(
      { code: 'NoConnection', reason: responseText, serverResponseCode: code },
      'imap.example.net:993',
      during,
    )
  return troubleOf({ responseStatus, responseText, serverResponseCode: code }, 'imap.example.net:993', during)
}

interface About {
  readonly kind: Failure['kind'] | undefined
  /** It passes by itself. */
  readonly passes?: true
  /** Every account of the destination would meet it. */
  readonly everyAccount?: true
}

function about(failure: Failure | undefined): About {
  if (failure === undefined) return { kind: undefined }
  return {
    kind: failure.kind,
    ...('passes' in failure && failure.passes ? { passes: true } : {}),
    ...('everyAccount' in failure && failure.everyAccount ? { everyAccount: true } : {}),
  }
}

test('a store that is unwell is told from one that does not want this message', () => {
  const throttled: About = { kind: 'throttled', passes: true, everyAccount: true }
  const away: About = { kind: 'store refused', passes: true, everyAccount: true }
  const folder: About = { kind: 'store refused', passes: true }
  const message: About = { kind: undefined }
  for (const [line, atAppend, atSearch] of [
    ['NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)', throttled, throttled],
    ['NO [ALERT] Too many simultaneous connections. (Failure)', throttled, throttled],
    ['BAD Request is throttled. Suggested Backoff Time: 92415 milliseconds', throttled, throttled],
    ['NO [LIMIT] APPEND Rate limit hit', throttled, throttled],
    ['NO Upload was rate limited. Try again in 40 minutes.', throttled, throttled],
    ['NO login not available on this server. 451 Already reached per-10 minute limit for logins', throttled, throttled],
    ['NO [OVERQUOTA] Quota exceeded (mailbox for user is full)', { kind: 'store full' }, { kind: 'store full' }],
    ['NO APPEND The 1500 MB storage limit has been exceeded.', { kind: 'store full' }, { kind: 'store full' }],
    ['NO mail system storage has been exceeded', { kind: 'store full' }, { kind: 'store full' }],
    ['NO [UNAVAILABLE] APPEND Server error - Please try again later', away, away],
    ['NO [UNAVAILABLE] a subsystem is down', away, away],
    ['NO [CONTACTADMIN] call us', away, away],
    ['NO Server Unavailable. 15', away, away],
    ['NO Temporary unavailable', away, away],
    ['BYE Server shutting down.', away, away],
    ['NO [SERVERBUG] Internal Error', away, away],
    ['NO [SERVERBUG] oops', folder, folder],
    ['NO [INUSE] Timeout while waiting for lock', folder, folder],
    ['NO Mailbox is locked', folder, folder],
    [
      'NO [AUTHORIZATIONFAILED] no',
      { kind: 'store refused', everyAccount: true },
      { kind: 'store refused', everyAccount: true },
    ],
    ['NO [NOPERM] Permission denied', { kind: 'store refused' }, { kind: 'store refused' }],
    // The folder, where mail is to go into it.
    ['NO [READ-ONLY] not here', { kind: 'store refused' }, message],
    ...[
      'Mailbox is read-only',
      "You don't have permission to insert messages here",
      'Folder has too many messages',
      'Folder message limit reached',
      'Maximum number of messages in this folder exceeded',
      'Permission denied',
      'ACL',
      'ACL insert right missing',
      'Access to this mailbox is denied',
      'Insufficient privileges',
      'No write access to folder',
      'You are not allowed to append to this folder',
      'Zugriff verweigert',
      'Dossier en lecture seule',
    ].map((words) => [`NO ${words}`, { kind: 'store refused' }, undefined] as const),
    ['NO Permission denied: the message contains a virus', message, message],
    ['NO Attachment type not allowed in this mailbox', message, message],
    // It may be this message: evidence decides at an append.
    ['NO System Error (Failure)', message, folder],
    ['NO Disk I/O error', message, folder],
    ['NO System I/O error', message, folder],
    ['NO Retry operation', message, folder],
    ['NO [TOOBIG] Message size exceeds fixed limit', message, message],
    ['NO Message contains invalid header', message, message],
    ['NO Maximum size of appendable message has been exceeded', message, message],
    ['BAD Command Error. 12', message, message],
    ['BAD invalid rfc5322 message: Sender should not be present if equal to From', message, message],
    ['BYE Session expired', { kind: 'store unreachable' }, { kind: 'store unreachable' }],
  ] as const) {
    assert.deepEqual(about(told(line, 'APPEND')), atAppend, `APPEND: ${line}`)
    if (atSearch !== undefined) assert.deepEqual(about(told(line, 'search')), atSearch, `search: ${line}`)
  }
})

test('the wait that a store names is kept', () => {
  const waitOf = (line: string) => {
    const failure = told(line, 'APPEND')
    return failure?.kind === 'throttled' ? failure.backOffMs : assert.fail(line)
  }
  assert.equal(waitOf('BAD Request is throttled. Suggested Backoff Time: 92415 milliseconds'), 92_415)
  assert.equal(waitOf('NO Upload was rate limited. Try again in 40 minutes.'), 2_400_000)
  assert.equal(waitOf('BAD Request is throttled'), undefined)
})

test('the name of a folder, and how long Dovecot took, are no words of the store about itself', () => {
  for (const folder of [
    'Altes Konto/Ümlaut & Co',
    'Temporary',
    'Quota exceeded',
    'Rate limit',
    'Try again later',
    'In use',
  ]) {
    const words = `Mailbox doesn't exist: ${folder.replace('Ü', '?')} (0.001 + 0.000 secs).`
    for (const code of ['folder', 'folder creation'] as const)
      assert.equal(told(`NO ${words}`, { code, folder }), undefined, words)
  }
  const away = about(
    told('NO Temporary failure: Temporary (0.001 + 0.000 secs).', { code: 'folder', folder: 'Temporary' }),
  )
  assert.equal(away.passes, true)
  for (const folder of ['O', 'Over', 'Over quota? (a+b)*'])
    assert.equal(
      told('NO Not now: Over quota', { code: 'folder creation', folder })?.kind,
      told('NO Not now: Over quota', { code: 'folder creation', folder: 'Elsewhere' })?.kind,
      folder,
    )
  assert.equal(
    told("NO Mailbox doesn't exist: Rate limit (a+b)*", { code: 'folder', folder: 'Rate limit (a+b)*' }),
    undefined,
  )
})
