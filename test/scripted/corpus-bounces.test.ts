import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { bounceOf } from '../../src/send/bounce.ts'

const folder = process.env['MAIL_CORPUS']

/** Notices of delays, and those that name no message and nobody. */
const isNoFailure =
  /lhost-(?:exim-(?:38|41|52)|gmail-0[689]|opensmtpd-(?:04|06|12)|messagingserver-07|sendmail-(?:14|29)|v5sendmail-0[46]|x1-04)|rfc3464-(?:28|34|55)/

test('real bounces are recognised, and of all other real mail none is taken for one', {
  skip: folder === undefined && 'MAIL_CORPUS names no folder',
}, (t) => {
  assert.ok(folder !== undefined)
  const lines = readFileSync(join(folder, 'INDEX.jsonl'), 'utf8').trim().split('\n')
  const files = lines.map((line) => (JSON.parse(line) as { file: string }).file)
  const read = files.map((file) => ({ file, bounce: bounceOf(readFileSync(join(folder, file))) }))

  const bounces = read.filter(({ file }) => /^sisimai\/.*(?:[lr]host|rfc3464)-/.test(file) && !isNoFailure.test(file))
  const found = bounces.filter(({ bounce }) => bounce !== undefined)
  const named = found.filter(({ bounce }) => (bounce?.recipients.length ?? 0) > 0)
  const tied = found.filter(({ bounce }) => (bounce?.messageIds.length ?? 0) > 0)
  t.diagnostic(`${bounces.length} bounces, ${found.length} found, ${named.length} name whom, ${tied.length} a message`)
  assert.ok(bounces.length >= 429)
  assert.ok(found.length >= bounces.length * 0.96)
  assert.ok(named.length >= found.length * 0.97)
  assert.ok(tied.length >= found.length * 0.85)

  const others = read.filter(({ file }) => !/^(?:sisimai|exim-testsuite)\//.test(file) || /arf-|rfc3834-/.test(file))
  const taken = others.filter(({ bounce }) => bounce !== undefined).map(({ file }) => file)
  for (const file of taken)
    assert.match(readFileSync(join(folder, file), 'latin1'), /message\/delivery-status|^From:.*mailer-daemon/im, file)
  // Reports of failures that came to somebody else; the newest one known is MailSite's, whose status has words behind it.
  assert.ok(taken.length <= 24, taken.join(' '))
})
