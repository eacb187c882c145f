import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportOf } from '../../src/failure/sentences.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import type { Login } from '../../src/imap/connection.ts'
import { emptyLogin } from '../../src/imap/login.ts'
import { usageOf } from '../../src/imap/usage.ts'
import { type ScriptedStore, type StoreBehaviour, startImapServer } from '../support/imap-server.ts'

/** A store with mail in INBOX and in two folders, one below the other. */
async function filled(
  behaviour: StoreBehaviour,
  use: (login: Login, server: ScriptedStore) => Promise<void>,
): Promise<void> {
  const server = await startImapServer(behaviour)
  for (const folder of ['INBOX', 'Work', 'Work/Old']) {
    server.folders.add(folder)
    for (const uid of [1, 2])
      server.stored.push({ folder, uid, flags: '', date: '', binary: false, literal: Buffer.from('a') })
  }
  try {
    await use({ host: '127.0.0.1', port: server.port, tls: 'none', user: 'me', password: 'secret' }, server)
  } finally {
    await server.close()
  }
}

const fails = (sentence: RegExp) => (error: unknown) => {
  assert.ok(error instanceof SessionFailed, String(error))
  assert.match(error.message, sentence)
  return true
}

test('a login that is emptied has no folder but INBOX, and no mail', async () => {
  await filled({}, async (login, server) => {
    await emptyLogin(login)
    assert.deepEqual([server.stored, [...server.folders]], [[], ['INBOX']])
    await emptyLogin(login)
  })
})

test('what a store does not remove is an error, though all else is removed', async () => {
  const refusals: [string, string, RegExp, string[]][] = [
    [
      'DELETE',
      'TAG NO [CANNOT] not that one\r\n',
      /the removal of all mail: "Work\/Old: not that one/,
      ['Work', 'Work', 'Work/Old', 'Work/Old'],
    ],
    ['STORE', 'TAG NO [READ-ONLY] not here\r\n', /the removal of all mail: "not here/, ['INBOX', 'INBOX']],
    ['EXPUNGE', 'TAG NO [NOPERM] not you\r\n', /the removal of all mail: "NO not you \[NOPERM\]/, ['INBOX', 'INBOX']],
    ['EXPUNGE', 'TAG OK done\r\n', /INBOX still holds 2 of 2 messages/, ['INBOX', 'INBOX']],
    ['LIST', 'TAG NO [UNAVAILABLE] later\r\n', /later/, ['INBOX', 'INBOX', 'Work', 'Work', 'Work/Old', 'Work/Old']],
  ]
  for (const [verb, answer, sentence, left] of refusals) {
    await filled({ answers: { [verb]: answer } }, async (login, server) => {
      await assert.rejects(emptyLogin(login), fails(sentence), verb)
      assert.deepEqual(
        server.stored.map(({ folder }) => folder),
        left,
      )
    })
  }
})

test('a folder that somebody else has removed in the meantime is removed', async () => {
  await filled({ answers: { DELETE: 'TAG NO [NONEXISTENT] gone\r\n' } }, async (login) => await emptyLogin(login))
})

test('a session that ends while a login is emptied is an error', async () => {
  for (const verb of ['DELETE', 'STORE', 'EXPUNGE']) {
    await filled({ answers: { [verb]: '* BYE going down\r\n' } }, async (login) => {
      await assert.rejects(emptyLogin(login), fails(/ended the session: "going down"/), verb)
    })
  }
})

test('usage counts what may be counted', async () => {
  const answers = {
    STATUS: (command: string) => (command.includes('"Work" ') ? 'TAG NO [NOPERM] closed\r\n' : undefined),
  }
  for (const [behaviour, messages] of [
    [{}, 6],
    [{ answers }, 4],
  ] as const) {
    await filled(behaviour, async (login) => {
      assert.deepEqual(await usageOf(login), { folders: 3, messages, octets: null })
    })
  }
})

test('usage that cannot be counted to its end is an error, and no smaller number', async () => {
  for (const [answer, sentence] of [
    ['* BYE going down\r\n', /ended the session: "going down"/],
    ['TAG NO [UNAVAILABLE] try later\r\n', /try later/],
  ] as const) {
    const answers = { STATUS: (command: string) => (command.includes('"Work" ') ? answer : undefined) }
    await filled({ answers }, async (login) => await assert.rejects(usageOf(login), fails(sentence)))
  }
})

test('a store that refuses or hangs up without a word is told as one that gave no reason, and not in words of a library', async () => {
  for (const [behaviour, sentence] of [
    [
      { answers: { LOGIN: 'TAG NO\r\n' } },
      /^The mail store 127\.0\.0\.1:\d+ refused the login, and gave no reason: "NO \(login me\)"\./,
    ],
    [{ answers: { LOGIN: 'TAG BAD\r\n' } }, /refused the login, and gave no reason/],
    [{ answers: { LIST: 'TAG NO\r\n' } }, /refused the removal of all mail, and gave no reason/],
    [{ answers: { EXPUNGE: 'TAG BAD\r\n' } }, /refused the removal of all mail, and gave no reason/],
    [{ greeting: '* BYE\r\n' }, /ended the session, and gave no reason\./],
    [{ answers: { LIST: '* BYE\r\n' } }, /ended the session, and gave no reason\./],
    [{ answers: { LIST: '* BYE Mind the gap\r\n' } }, /ended the session: "Mind the gap"\./],
  ] as const) {
    await filled(behaviour, async (login) => {
      await assert.rejects(emptyLogin(login), (error: unknown) => {
        assert.doesNotMatch(String(error), /Command failed|Server closed connection/)
        return fails(sentence)(error)
      })
    })
  }
})

test('a login that a store refuses names the host and what to do: nobody can read the log of somebody else', async () => {
  for (const [said, step] of [
    ['NO [AUTHENTICATIONFAILED] Invalid credentials', 'set the destination login'],
    ['NO Invalid credentials (Failure)', 'set the destination login'],
    ['NO [ALERT] Application-specific password required', 'app password for the destination'],
    ["NO [EXPIRED] That password isn't valid any more", 'new password for the destination'],
    ['NO [EXPIRED] x', 'new password for the destination'],
    ['NO IMAP access is disabled for your account', 'switch IMAP on'],
    ['NO [PRIVACYREQUIRED] x', 'use TLS for the destination'],
    [
      'NO [PRIVACYREQUIRED] Plaintext authentication disallowed on non-secure connections',
      'use TLS for the destination',
    ],
    ['NO [UNAVAILABLE] Temporary authentication failure', undefined],
  ] as const) {
    const server = await startImapServer({ answers: { LOGIN: `TAG ${said}\r\n`, AUTHENTICATE: `TAG ${said}\r\n` } })
    try {
      const login = { host: '127.0.0.1', port: server.port, tls: 'none', user: 'me', password: 'secret' } as const
      await assert.rejects(emptyLogin(login), (error: unknown) => {
        assert.ok(error instanceof SessionFailed)
        const report = reportOf(error.failure)
        assert.match(report.message, /^The mail store 127\.0\.0\.1:\d+ refused the login: /, said)
        assert.doesNotMatch(report.message, /the log of the mail store/, said)
        assert.deepEqual([report.step?.code, report.passes], [step, step === undefined], said)
        return true
      })
    } finally {
      await server.close()
    }
  }
})

test('a store that greets with BYE and says that it passes, or that it shuts the address out, is told so', async () => {
  await filled({ greeting: '* BYE overloaded, try later\r\n' }, async (login) => {
    await assert.rejects(
      emptyLogin(login),
      fails(/"overloaded, try later"\. It says that this passes: no mail is lost/),
    )
  })
  await filled({ greeting: '* BYE 127.0.0.1 is blacklisted\r\n' }, async (login) => {
    await assert.rejects(emptyLogin(login), fails(/blacklisted"\. The provider shuts out the address/))
  })
})

test('what goes wrong before the login is told as what it is', async () => {
  const offered = { capabilitiesBeforeLogin: ['IMAP4rev1', 'STARTTLS'] }
  for (const [behaviour, tls, sentence] of [
    [{ answers: { LOGIN: 'TAG BAD what\r\n' } }, 'none', /refused the login: "BAD what \(login me\)"/],
    [{ greeting: '* NO not now' }, 'none', /its greeting is not IMAP, "\* NO not now": check host and port/],
    [{ greeting: '* HELLO' }, 'none', /its greeting is not IMAP, "\* HELLO"/],
    [{ greeting: '* ok ready' }, 'none', /the removal of all mail: "no"/],
    [{}, 'starttls', /it does not offer STARTTLS: try port 993 with tls "implicit"/],
    [
      { ...offered, answers: { STARTTLS: 'TAG NO not today\r\n' } },
      'starttls',
      /it offers STARTTLS and refuses it, "NO not today": try port 993 with tls "implicit"/,
    ],
    [{ greeting: `* OK ${'x'.repeat(3_000_000)}` }, 'none', /greeting has more than 64 KiB.*check host and port/],
  ] as const) {
    await filled({ answers: { LIST: 'TAG NO no\r\n' }, ...behaviour }, async (login) => {
      await assert.rejects(emptyLogin({ ...login, tls }), fails(sentence))
    })
  }
})
