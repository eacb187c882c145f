/** Logins at POP3 servers by SASL and APOP: which way is taken, and what becomes of one that does not do what it says. */
import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import type { LookupFunction } from 'node:net'
import { test } from 'node:test'
import type { ServerTrait } from '../../src/account/server-traits.ts'
import { SessionFailed } from '../../src/failure/session-failed.ts'
import { openMaildrop } from '../../src/pop3/open-maildrop.ts'
import type { SessionOptions } from '../../src/pop3/session.ts'
import { type Behaviour, type ScriptedServer, startPop3Server } from '../support/pop3-server.ts'

type Options = SessionOptions & { readonly traits: Set<ServerTrait> }
type Say = (command: string, nth: number) => string | undefined

/** Gives every host the address of this machine. */
const here: LookupFunction = (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }])

interface Told {
  /** Answers a command, after CAPA; undefined: as usual. */
  readonly say: Say
  readonly offers?: string
  readonly more?: Partial<Behaviour>
  readonly login?: Partial<Options>
}

async function at(
  { say, offers = '', more, login }: Told,
  use: (options: Options, server: ScriptedServer) => Promise<void>,
) {
  let nth = 0
  const capabilities = ['USER', 'UIDL', ...(offers === '' ? [] : [`SASL ${offers}`])]
  const mangles = (reply: Buffer, command: string) => {
    if (command === 'greeting' || command === 'CAPA') return reply
    const said = say(command, (nth += 1))
    return said === undefined ? reply : Buffer.from(said, 'latin1')
  }
  const server = await startPop3Server({ messages: [], capabilities, mangles, ...more })
  const waits = { connectMs: 2000, replyMs: 300, capaMs: 300, listingMs: 300, quitMs: 300 }
  const where = { host: '127.0.0.1', port: server.port, tls: 'none', tlsVerify: false, tlsFingerprint: null } as const
  try {
    await use({ ...where, user: 'me', password: 'secret', waits, traits: new Set(), ...login }, server)
  } finally {
    await server.close()
  }
}

/** The commands of logins alone. */
const logins = ({ commands }: ScriptedServer) =>
  commands
    .filter((line) => !/^(?:CAPA|UIDL|LIST|QUIT|NOOP)/.test(line))
    .map((line) => line.replace(/^(APOP \S+) .*/, '$1'))

async function opened(options: Options): Promise<void> {
  await (await openMaildrop(options)).quit()
}

async function failureOf(options: Options) {
  const error: unknown = await opened(options).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof SessionFailed, String(error))
  return error.failure
}

const base64 = (text: string) => Buffer.from(text).toString('base64')
const challenge = '<1896.697170952@postoffice.example.net>'
const cram = `me ${createHmac('md5', 'secret').update(challenge).digest('hex')}`

test('CRAM-MD5 proves the password without telling it', async () => {
  const say: Say = (command) => {
    if (command === 'AUTH CRAM-MD5') return `+ ${base64(challenge)}\r\n`
    return command === base64(cram) ? '+OK\r\n' : undefined
  }
  await at({ say, offers: 'PLAIN CRAM-MD5' }, async (options, server) => {
    await opened(options)
    assert.deepEqual(logins(server), ['AUTH CRAM-MD5', '***'])
    assert.deepEqual(
      [...options.traits].filter((trait) => trait.includes('CRAM')),
      ['CRAM-MD5 works'],
    )
  })
})

for (const words of [
  'Unsupported authentication mechanism',
  '[SYS/PERM] switched off',
  'Unknown AUTH command',
  'Protocol error. 14',
]) {
  test(`a mechanism that is refused makes room for the next one, and is not asked for again (${words})`, async () => {
    const say: Say = (command) => (command.startsWith('AUTH CRAM') ? `-ERR ${words}\r\n` : undefined)
    await at({ say, offers: 'CRAM-MD5 PLAIN' }, async (options, server) => {
      await opened(options)
      await opened(options)
      assert.deepEqual(logins(server), ['AUTH CRAM-MD5', 'AUTH PLAIN ***', 'AUTH PLAIN ***'])
    })
  })
}

test('a refusal that passes is not remembered of the mechanism', async () => {
  const say: Say = (command) => (command.startsWith('AUTH CRAM') ? '-ERR [SYS/TEMP] no secrets today\r\n' : undefined)
  await at({ say, offers: 'CRAM-MD5 PLAIN' }, async (options, server) => {
    await opened(options)
    assert.ok(!options.traits.has('no CRAM-MD5'))
    assert.deepEqual(logins(server), ['AUTH CRAM-MD5', 'AUTH PLAIN ***'])
  })
})

const asksForCram: Say = (command) => {
  if (command === 'AUTH CRAM-MD5') return `+ ${base64(challenge)}\r\n`
  return command === base64(cram) ? '-ERR [AUTH] Authentication failed\r\n' : undefined
}

test('where a proof is refused that has let nobody in yet, the password itself is tried once', async () => {
  await at({ say: asksForCram, offers: 'CRAM-MD5 PLAIN LOGIN' }, async (options, server) => {
    await opened(options)
    assert.deepEqual(logins(server), ['AUTH CRAM-MD5', '***', 'AUTH PLAIN ***'])
    assert.ok(options.traits.has('no CRAM-MD5'))
  })
})

test('a wrong password is tried twice at most, and once where the mechanism is known to work', async () => {
  const say: Say = (command, nth) => asksForCram(command, nth) ?? '-ERR [AUTH] Authentication failed\r\n'
  await at({ say, offers: 'SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN' }, async (options, server) => {
    assert.equal((await failureOf(options)).kind, 'credentials refused')
    assert.equal(logins(server).length, 2)
    assert.deepEqual([...options.traits], [], 'nothing is learnt of a login that failed')
  })
  await at({ say, offers: 'CRAM-MD5 PLAIN LOGIN' }, async (options, server) => {
    options.traits.add('CRAM-MD5 works')
    assert.equal((await failureOf(options)).kind, 'credentials refused')
    assert.deepEqual(logins(server), ['AUTH CRAM-MD5', '***'])
  })
})

test('a way that was chosen is the only one', async () => {
  await at({ say: () => undefined, offers: 'PLAIN', login: { sasl: 'CRAM-MD5' } }, async (options, server) => {
    const failure = await failureOf(options)
    assert.equal(failure.kind, 'provider refused')
    assert.deepEqual(logins(server), ['AUTH CRAM-MD5'])
  })
  await at({ say: () => undefined, offers: 'PLAIN CRAM-MD5', login: { sasl: 'USER' } }, async (options, server) => {
    await opened(options)
    assert.deepEqual(logins(server), ['USER me', 'PASS ***'])
  })
})

test('a server that does not know the password ends the session, whatever else it offers', async () => {
  for (const final of [`+ ${base64('v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=')}`, '+OK logged in']) {
    const say: Say = (command) => {
      const [, , response = ''] = command.split(' ')
      if (command.startsWith('AUTH SCRAM-SHA-1')) {
        const [, nonce = ''] = /r=(.*)$/.exec(Buffer.from(response, 'base64').toString()) ?? []
        return `+ ${base64(`r=${nonce}more,s=QSXCR+Q6sek8bf92,i=4096`)}\r\n`
      }
      return Buffer.from(command, 'base64').toString().startsWith('c=') ? `${final}\r\n` : undefined
    }
    await at({ say, offers: 'SCRAM-SHA-1 PLAIN' }, async (options, server) => {
      const failure = await failureOf(options)
      assert.equal(failure.kind, 'broken protocol')
      assert.ok(!server.commands.some((line) => /^(?:AUTH PLAIN|USER)/.test(line)))
    })
  }
})

for (const [name, said] of Object.entries({
  'asks twice': `+ ${base64(challenge)}`,
  'asks for nothing': '+ ',
  'asks in words': '+ your turn, please!',
  'asks at length': `+ ${'QUJD'.repeat(1100)}`,
})) {
  test(`a mechanism that is announced and broken is given up (${name})`, async () => {
    const say: Say = (command) => {
      if (command === '*') return '-ERR given up\r\n'
      return /^(?:AUTH CRAM|[A-Za-z0-9+/=]{8,}$)/.test(command) ? `${said}\r\n` : undefined
    }
    await at({ say, offers: 'CRAM-MD5 PLAIN' }, async (options, server) => {
      await opened(options)
      assert.deepEqual(logins(server).slice(-2), ['*', 'AUTH PLAIN ***'])
      await opened(options)
      assert.equal(logins(server).filter((line) => line === 'AUTH CRAM-MD5').length, 1)
    })
  })
}

test('a mechanism at which the server hangs up or is silent is given up in a new session', async () => {
  for (const more of [{ dropOn: 'AUTH CRAM' }, { silentOn: 'AUTH CRAM' }]) {
    await at({ say: () => undefined, offers: 'CRAM-MD5 PLAIN', more }, async (options, server) => {
      await opened(options)
      await opened(options)
      assert.deepEqual(logins(server), ['AUTH CRAM-MD5', 'AUTH PLAIN ***', 'AUTH PLAIN ***'])
    })
  }
})

test('a server that hangs up behind a refusal is asked by the next way in a new session', async () => {
  const more = { atConnection: (nth: number) => (nth === 0 ? { hangsUpAfter: 'AUTH CRAM' } : {}) }
  await at({ say: () => undefined, offers: 'CRAM-MD5 PLAIN', more }, async (options, server) => {
    await opened(options)
    assert.equal(server.commands.filter((line) => line === 'CAPA').length >= 2, true)
    assert.ok(logins(server).includes('AUTH PLAIN ***'))
  })
})

test('a server that wants the response on a line of its own gets it so from then on', async () => {
  const say: Say = (command) => (command.startsWith('AUTH PLAIN ') ? '-ERR Protocol error. 14\r\n' : undefined)
  await at({ say, offers: 'PLAIN' }, async (options, server) => {
    await opened(options)
    await opened(options)
    assert.deepEqual(logins(server), ['AUTH PLAIN ***', 'AUTH PLAIN', '***', 'AUTH PLAIN', '***'])
  })
})

test('LOGIN answers what it is asked, in whatever words', async () => {
  for (const [first, second] of [
    [base64('Username:'), base64('Password:')],
    ['', ''],
    ['Benutzer?', 'Kennwort?'],
  ]) {
    const say: Say = (command) => {
      if (command === 'AUTH LOGIN') return `+ ${first}\r\n`
      if (command === base64('me')) return `+ ${second}\r\n`
      return command === base64('secret') ? '+OK\r\n' : undefined
    }
    await at({ say, offers: 'LOGIN' }, async (options, server) => {
      await opened(options)
      assert.equal(logins(server).length, 3)
    })
  }
})

test('a token is refused by a challenge that says why', async () => {
  const say: Say = (command) => {
    if (command.startsWith('AUTH XOAUTH2')) return `+ ${base64('{"status":"401"}')}\r\n`
    return command === '' ? '-ERR [AUTH] token expired\r\n' : undefined
  }
  const login = { auth: 'oauth2', password: 'token' } as const
  await at({ say, offers: 'XOAUTH2 PLAIN', login }, async (options, server) => {
    assert.equal((await failureOf(options)).kind, 'credentials refused')
    assert.ok(!server.commands.some((line) => /^(?:AUTH PLAIN|USER)/.test(line)))
  })
})

test('APOP proves the password by the timestamp of the greeting; where it is refused USER follows, and comes first from then on', async () => {
  const greeting = `+OK ready ${challenge}`
  const digest = createHash('md5').update(`${challenge}secret`).digest('hex')
  const say: Say = (command) => (command === `APOP me ${digest}` ? '+OK\r\n' : undefined)
  await at({ say, more: { greeting } }, async (options, server) => {
    await opened(options)
    assert.deepEqual(logins(server), ['APOP me'])
  })
  await at({ say: () => undefined, more: { greeting } }, async (options, server) => {
    await opened(options)
    await opened(options)
    assert.deepEqual(logins(server), ['APOP me', 'USER me', 'PASS ***', 'USER me', 'PASS ***'])
  })
  const elsewhere = { host: 'pop.example.net', lookup: here }
  await at({ say, more: { greeting }, login: elsewhere }, async (options, server) => {
    await opened(options)
    assert.deepEqual(logins(server), ['USER me', 'PASS ***'], 'whoever stands in between could choose the timestamp')
  })
})

test('on a line that nobody checks nothing weaker is tried than what has let the account in', async () => {
  const elsewhere = { host: 'pop.example.net', lookup: here, loginTraits: new Set(['CRAM-MD5 works']) } as const
  await at({ say: () => undefined, offers: 'PLAIN', login: elsewhere }, async (options, server) => {
    const failure = await failureOf(options)
    assert.equal(failure.kind, 'broken protocol')
    assert.deepEqual(logins(server), [])
  })
})

test('a password with letters beyond ASCII is tried once more as Latin-1, and so from then on', async () => {
  const plain = (encoding: BufferEncoding) => Buffer.from('\0me\0s\xe9cret', encoding).toString('base64')
  const say: Say = (command) => {
    if (command === `AUTH PLAIN ${plain('latin1')}`) return '+OK\r\n'
    return command.startsWith('AUTH PLAIN') ? '-ERR [AUTH] Authentication failed\r\n' : undefined
  }
  await at({ say, offers: 'PLAIN', login: { password: 's\xe9cret', sasl: 'PLAIN' } }, async (options, server) => {
    await opened(options)
    await opened(options)
    assert.equal(logins(server).length, 3)
    assert.ok(options.traits.has('Latin-1 passwords'))
  })
})

test('octets and questions that come one at a time give an exchange no more time than it has', async () => {
  const say: Say = (command) => (command === 'AUTH CRAM-MD5' ? `+ ${base64(challenge)}\r\n` : undefined)
  const more = { trickle: { on: 'AUTH CRAM', everyMs: 60 } }
  await at({ say, offers: 'CRAM-MD5 PLAIN', more, login: { sasl: 'CRAM-MD5' } }, async (options) => {
    const failure = await failureOf(options)
    assert.ok(failure.kind === 'silent' && failure.slow && failure.waitedMs === 600, JSON.stringify(failure))
  })
  await at({ say, offers: 'CRAM-MD5 PLAIN', more }, async (options) => {
    await opened(options)
    assert.ok(options.traits.has('no CRAM-MD5'), 'the next way is tried')
  })
})
