/** From an address to its POP3 servers: scripted DNS and web, real POP3 and HTTPS servers of this machine. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { hostMistakes } from '../../src/account/host.ts'
import { readAutoconfig } from '../../src/discover/autoconfig.ts'
import { type Address, addressOf, type Candidate } from '../../src/discover/candidate.ts'
import { discover } from '../../src/discover/discover.ts'
import { Discoveries } from '../../src/discover/discoveries.ts'
import { systemDns, web, type WebOptions } from '../../src/discover/network.ts'
import { everywhere, type Reach } from '../../src/account/reach.ts'
import { discoverLimits } from '../../src/discover/limits.ts'
import { meantDomain } from '../../src/discover/misspelt.ts'
import { answers } from '../../src/pop3/probe.ts'
import { providerOfDomain, providerOfExchange, providerOfHost, providers } from '../../src/account/providers.ts'
import { certificate } from '../support/certificates.ts'
import { here, type Internet, nameOnWire, startDns, surroundingsOf } from '../support/internet.ts'
import { type Behaviour, startPop3Server } from '../support/pop3-server.ts'
import { startScriptedSmtp } from '../support/scripted-smtp.ts'

/** Nobody is waited for who does not answer; servers that do have all the time that they take. */
const waits = { askMs: 300, probeMs: 1500 }
const patient = { askMs: 300, probeMs: 60_000 }
const address = (text: string): Address => addressOf(text) ?? assert.fail(`no address: ${text}`)

/** What is found, in short: `source tls user@host:port`, `+` where a server answered. */
async function found(text: string, internet: Internet, asked: string[] = [], within = waits) {
  const { candidates, note } = await discover(address(text), surroundingsOf(internet, asked), within)
  return { lines: candidates.map(inShort), candidates, note }
}
const inShort = ({ source, tls, user, host, port, verified }: Candidate) =>
  `${verified ? '+ ' : ''}${source}: ${tls} ${user} ${host}:${port}`

const config = (...servers: readonly string[]) =>
  `<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="example.net">${servers.join('')}</emailProvider></clientConfig>`
const incoming = (host: string, port: number | string, socketType: string, more = '', user = '%EMAILADDRESS%') =>
  `<incomingServer type="pop3"><hostname>${host}</hostname><port>${port}</port><socketType>${socketType}</socketType><username>${user}</username>${more}</incomingServer>`

test('the list of providers is sound: names that can be dialled, each domain once, sentences', () => {
  const domains = providers.flatMap((provider) => provider.domains)
  const exchanges = providers.flatMap(({ mx = [] }) => mx)
  const hosts = providers.flatMap(({ host }) => host ?? [])
  for (const names of [domains, exchanges, hosts]) {
    assert.deepEqual(
      names.filter((name, nth) => names.indexOf(name) !== nth),
      [],
    )
    for (const name of names) {
      assert.deepEqual(hostMistakes(name), [], name)
      assert.match(name, /^[a-z0-9-]+(\.[a-z0-9-]+)+$/)
    }
  }
  assert.ok(domains.length > 250 && hosts.length > 80)
  for (const { name, host, note, domains: own, mx = [] } of providers) {
    assert.ok(host !== undefined || note !== undefined, `${name} has neither a server nor a reason`)
    assert.ok(own.length + mx.length > 0, name)
    if (note !== undefined) assert.match(note, /^[A-Z0-9].*[^.]\.$/i, name)
  }
})

test('a provider is known by an address, by its mail host, and by the host of an account', () => {
  assert.equal(providerOfDomain('googlemail.com')?.name, 'Gmail')
  assert.equal(providerOfDomain('mail.gmail.com'), undefined)
  assert.equal(providerOfExchange('aspmx.l.google.com')?.host, 'pop.gmail.com')
  assert.equal(providerOfExchange('example-net.mail.protection.outlook.com')?.host, 'outlook.office365.com')
  assert.equal(providerOfExchange('mx-aol.mail.gm0.yahoodns.net')?.name, 'AOL')
  assert.equal(providerOfExchange('mta5.am0.yahoodns.net')?.name, 'Yahoo')
  assert.equal(providerOfExchange('mx2.zoho.eu')?.host, 'poppro.zoho.eu')
  assert.equal(providerOfExchange('notgoogle.com'), undefined)
  assert.equal(providerOfHost('POP.GMX.NET.')?.name, 'GMX')
  assert.equal(providerOfHost('pop.example.net'), undefined)
})

test('an address of a provider of the list is known without asking anybody, and what to know beforehand is said', async () => {
  for (const [text, line, note] of [
    ['me@gmail.com', 'built in: implicit me@gmail.com pop.gmail.com:995', /app password.*POP switched on/],
    ['Me@WEB.DE', 'built in: implicit Me pop3.web.de:995', /POP3 and IMAP are switched on/],
    ['me@hotmail.co.uk', 'built in: implicit me@hotmail.co.uk outlook.office365.com:995', /sign in instead/],
    ['me@tim.it', 'built in: starttls me@tim.it pop.tim.it:110', undefined],
  ] as const) {
    const asked: string[] = []
    const { lines, candidates, note: why } = await found(text, {}, asked)
    assert.deepEqual(lines, [line])
    assert.equal(asked.filter((question) => question === `${candidates[0]?.host}:${candidates[0]?.port}`).length, 1)
    assert.ok(
      asked.every((question) => /^[a-z0-9.-]+:\d+$/.test(question)),
      'nobody is asked',
    )
    if (note === undefined) assert.equal(candidates[0]?.note, null)
    else assert.match(candidates[0]?.note ?? '', note)
    assert.equal(why, null)
  }
})

test('a provider without POP3 gives no candidate, and the reason; so for domains that it hosts', async () => {
  assert.deepEqual(await discover(address('me@icloud.com'), surroundingsOf({}), waits), {
    candidates: [],
    smtp: [],
    reason: 'no POP3',
    guess: null,
    advice: { code: 'forward', provider: 'iCloud', url: 'https://www.icloud.com/mail' },
    note: 'iCloud has no POP3 at all: have the mailbox forward its mail instead, at https://www.icloud.com/mail under Settings, Mail Forwarding.',
  })
  const asked: string[] = []
  const mx = { 'example.org': [{ exchange: 'mail.protonmail.ch', priority: 10 }] }
  const { lines, note } = await found('me@example.org', { mx }, asked)
  assert.deepEqual(lines, [])
  assert.match(note ?? '', /^Proton Mail has no POP3/)
  assert.ok(!asked.some((question) => question.startsWith('pop.')), 'nothing is guessed')
})

test('addresses: IDN domains as the DNS has them, and what is none', async () => {
  assert.deepEqual(address(' Jörg@Bücher.Example '), {
    whole: 'Jörg@xn--bcher-kva.example',
    local: 'Jörg',
    domain: 'xn--bcher-kva.example',
  })
  for (const text of [
    '',
    'me',
    'me@',
    '@example.net',
    'a@b@example.net',
    'me@localhost',
    'me@[127.0.0.1]',
    'me@127.0.0.1',
    'me@2130706433',
    'm e@example.net',
    'me@exa mple.net',
    'me@-example..net',
    'me\0@example.net',
    'me@example.net/x',
    'me@example.net:80',
  ])
    assert.equal(addressOf(text), undefined, text)
  const asked: string[] = []
  await found('jörg@bücher.example', {}, asked)
  assert.ok(asked.includes('xn--bcher-kva.example'))
  assert.ok(
    asked.includes(
      'https://autoconfig.xn--bcher-kva.example/mail/config-v1.1.xml?emailaddress=j%C3%B6rg%40xn--bcher-kva.example',
    ),
  )
})

test('a configuration file is read for its POP3 servers, and its placeholders are filled in', () => {
  const text = config(
    '<incomingServer type="imap"><hostname>imap.example.net</hostname><port>993</port><socketType>SSL</socketType><username>x</username></incomingServer>',
    incoming(
      'pop.%EMAILDOMAIN%',
      ' 995 ',
      'SSL',
      '<pop3><leaveMessagesOnServer>true</leaveMessagesOnServer><hostname>other.example</hostname></pop3>',
    ),
    incoming(
      'POP.Example.Net.',
      110,
      'STARTTLS',
      '<authentication>password-cleartext</authentication>',
      '%EMAILLOCALPART%.%EMAILDOMAIN%',
    ),
    incoming('b&#252;cher.example', 110, 'plain', '', 'A&amp;B'),
    incoming('oauth.example.net', 995, 'SSL', '<authentication>OAuth2</authentication>'),
    '<outgoingServer type="smtp"><hostname>smtp.example.net</hostname></outgoingServer>',
  )
  const read = readAutoconfig(text, address('me@example.net'), 'autoconfig')
  assert.deepEqual(read.pop3.map(inShort), [
    'autoconfig: implicit me@example.net pop.example.net:995',
    'autoconfig: starttls me.example.net pop.example.net:110',
    'autoconfig: none A&B xn--bcher-kva.example:110',
    'autoconfig: implicit me@example.net oauth.example.net:995',
  ])
  assert.deepEqual(
    read.pop3.map(({ note }) => note),
    [
      null,
      null,
      'The password would go there in clear.',
      'Its provider says that it takes no password: its owner signs in (auth "oauth2"), by an application that is registered there.',
    ],
  )
})

test('a configuration file that breaks off anywhere is no trouble', () => {
  const text = config(
    incoming('pop.example.net', 995, 'SSL', '<authentication>OAuth2</authentication>', 'A&amp;&#252;'),
  )
  for (let end = 0; end < text.length; end += 1) {
    const read = readAutoconfig(text.slice(0, end), address('me@example.net'), 'autoconfig')
    assert.ok(read.pop3.length + read.smtp.length <= 1, text.slice(0, end))
  }
})

test('what is not fit to be dialled, or no such file, is dropped', () => {
  const read = (text: string) => readAutoconfig(text, address('me@example.net'), 'autoconfig').pop3.length
  for (const [host, port, socketType, user] of [
    ['127.0.0.1', 995, 'SSL', 'me'],
    ['[::1]', 995, 'SSL', 'me'],
    ['localhost', 995, 'SSL', 'me'],
    ['0x7f.1', 995, 'SSL', 'me'],
    ['pop.example.net/x', 995, 'SSL', 'me'],
    ['pop.example.net', 0, 'SSL', 'me'],
    ['pop.example.net', 65_536, 'SSL', 'me'],
    ['pop.example.net', '9e2', 'ssl', 'me'],
    ['pop.example.net', 995, 'SSL', ''],
    ['pop.example.net', 995, 'SSL', 'me&#13;&#10;DELE 1'],
  ] as const) {
    assert.equal(read(config(incoming(host, port, socketType, '', user))), 0, `${host} ${port} ${socketType} ${user}`)
  }
  for (const text of [
    '',
    'not found',
    '<html><body>Welcome!',
    '{"a":1}',
    config('<incomingServer type="pop3">'),
    '<incomingServer type="pop3"',
  ])
    assert.equal(read(text), 0, text)
  assert.equal(
    read(config(...Array.from({ length: 1000 }, (_, nth) => incoming(`p${nth}.example.net`, 995, 'SSL')))),
    discoverLimits.discoverOffersMax,
  )
  const bomb = `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>${config(incoming('&b;&f;.example.net', 995, 'SSL'), incoming('pop.example.net', 995, 'SSL', '', '&f;'))}`
  assert.deepEqual(
    readAutoconfig(bomb, address('me@example.net'), 'autoconfig').pop3.map(({ user }) => user),
    ['&f;'],
  )
})

test('all are asked at once, and the best source comes first; the same server is named once', async () => {
  const internet: Internet = {
    pages: {
      'https://autoconfig.example.net/mail/config-v1.1.xml': config(
        incoming('a.example.net', 110, 'STARTTLS'),
        incoming('a.example.net', 995, 'SSL'),
      ),
      'https://example.net/.well-known/autoconfig/mail/config-v1.1.xml': config(incoming('w.example.net', 995, 'SSL')),
      'https://autoconfig.thunderbird.net/v1.1/example.net': config(
        incoming('a.example.net', 995, 'SSL'),
        incoming('t.example.net', 995, 'SSL'),
        incoming('c.example.net', 110, 'plain'),
      ),
    },
    srv: {
      '_pop3s._tcp.example.net': [
        { name: 's2.example.net', port: 9950, priority: 20, weight: 0 },
        { name: 's1.example.net', port: 995, priority: 10, weight: 0 },
      ],
      '_pop3._tcp.example.net': [{ name: '.', port: 0, priority: 0, weight: 0 }],
    },
    mx: { 'example.net': [{ exchange: 'mx1.example.net', priority: 10 }] },
  }
  const asked: string[] = []
  const { lines } = await found('me@example.net', internet, asked)
  assert.deepEqual(lines, [
    'autoconfig: implicit me@example.net a.example.net:995',
    'autoconfig: starttls me@example.net a.example.net:110',
    'well-known: implicit me@example.net w.example.net:995',
    'thunderbird: implicit me@example.net t.example.net:995',
    'srv: implicit me@example.net s1.example.net:995',
    'srv: implicit me@example.net s2.example.net:9950',
  ])
  assert.ok(!asked.some((question) => question.startsWith('pop.example.net')), 'nothing is guessed')
})

test('a server of a provider of the list brings its note, whoever names it', async () => {
  const pages = { 'https://autoconfig.thunderbird.net/v1.1/example.net': config(incoming('pop.gmail.com', 995, 'SSL')) }
  const { candidates } = await found('me@example.net', { pages })
  assert.match(candidates[0]?.note ?? '', /^Gmail wants an app password/)
})

test('in clear only where nobody offers anything better', async () => {
  const pages = {
    'https://autoconfig.thunderbird.net/v1.1/example.net': config(incoming('c.example.net', 110, 'plain')),
  }
  const { lines, candidates } = await found('me@example.net', { pages })
  assert.deepEqual(lines, ['thunderbird: none me@example.net c.example.net:110'])
  assert.equal(candidates[0]?.note, 'The password would go there in clear.')
})

test('a domain that a provider of the list hosts is known by its MX records, the first of them', async () => {
  const mx = {
    'example.net': [
      { exchange: 'mx.elsewhere.example', priority: 50 },
      { exchange: 'ASPMX.L.Google.com', priority: 1 },
    ],
  }
  const { lines, candidates } = await found('me@example.net', { mx })
  assert.deepEqual(lines, ['mx: implicit me@example.net pop.gmail.com:995'])
  assert.match(candidates[0]?.note ?? '', /^Gmail wants an app password/)
})

test('a domain that somebody else hosts is looked up by the domain of its mail host, never by a registry', async () => {
  const asked: string[] = []
  const { lines } = await found(
    'me@example.net',
    {
      mx: { 'example.net': [{ exchange: 'mx1.hoster.co.uk', priority: 10 }] },
      pages: {
        'https://autoconfig.hoster.co.uk/mail/config-v1.1.xml': config(incoming('pop.hoster.co.uk', 995, 'SSL')),
      },
    },
    asked,
  )
  assert.deepEqual(lines, ['mx: implicit me@example.net pop.hoster.co.uk:995'])
  assert.ok(asked.includes('https://autoconfig.thunderbird.net/v1.1/co.uk'))
  assert.ok(!asked.some((question) => /^https:\/\/(?:autoconfig\.)?co\.uk/.test(question)))
})

async function pop3(t: TestContext, behaviour: Partial<Behaviour>): Promise<number> {
  const server = await startPop3Server({ messages: [], ...behaviour })
  t.after(() => server.close())
  return server.port
}

test('where nobody knows anything the usual names are tried, and those are given that answer as they should', async (t) => {
  const pop = certificate('pop.example.net')
  const mail = certificate('mail.example.net')
  const internet: Internet = {
    ca: pop.cert + mail.cert,
    mx: { 'example.net': [{ exchange: 'mx.example.net', priority: 10 }] },
    servers: {
      'pop.example.net:995': await pop3(t, { tls: pop }),
      'pop.example.net:110': await pop3(t, { stls: pop, capabilities: ['USER', 'STLS'] }),
      // Its certificate is another's.
      'pop3.example.net:995': await pop3(t, { tls: pop }),
      // STLS is not to be had.
      'pop3.example.net:110': await pop3(t, { capabilities: ['USER'] }),
      'mail.example.net:995': await pop3(t, { tls: mail, greeting: '* OK IMAP4rev1 ready' }),
    },
  }
  const { lines, note } = await found('me@example.net', internet, [], patient)
  assert.deepEqual(lines, [
    '+ guess: implicit me@example.net pop.example.net:995',
    '+ guess: starttls me@example.net pop.example.net:110',
  ])
  assert.equal(note, null)
  const servers = { 'mx.example.net:110': await pop3(t, { greeting: null }) }
  const { mx = {} } = internet
  const mute = await found('me@example.net', { mx, servers, silent: ['mx.example.net:995'] })
  assert.deepEqual(mute.lines, [])
})

const failingWith = (code: string) => async () => {
  throw Object.assign(new Error(code), { code })
}

test('a line that is down, a domain that is not there, and one of which nobody says anything are told apart', async () => {
  const nobody = { answers: async () => false, smtpAnswers: async () => false }
  const down = failingWith('ECONNREFUSED')
  const offline = { ...nobody, dns: { srv: down, mx: down }, http: { get: failingWith('EAI_AGAIN') } }
  const told = async (around: Parameters<typeof discover>[1]) => {
    const { candidates, reason, guess, note } = await discover(address('me@example.net'), around, waits)
    assert.deepEqual(candidates, [])
    return { reason, guess: guess?.host ?? null, note: note ?? '' }
  }
  const cut = await told(offline)
  assert.deepEqual([cut.reason, cut.guess], ['offline', 'pop.example.net'])
  assert.match(cut.note, /reaches neither the name servers nor the web/)

  const missing = failingWith('ENOTFOUND')
  const unregistered = { ...nobody, dns: { srv: missing, mx: missing }, http: { get: missing } }
  assert.deepEqual(await told(unregistered), {
    reason: 'no such domain',
    guess: null,
    note: 'There is no domain example.net: check how the address is spelt.',
  })

  const none = failingWith('ENODATA')
  const unknown = await told({ ...nobody, dns: { srv: none, mx: none }, http: { get: failingWith('ENOTFOUND') } })
  assert.deepEqual([unknown.reason, unknown.guess], ['unknown', 'pop.example.net'])
  assert.equal((await told(surroundingsOf({ silent: ['example.net'] }))).reason, 'unknown')
})

test('a domain that is one letter away from a common one is asked back', () => {
  for (const [typed, meant] of [
    ['gmail.co', 'gmail.com'],
    ['gmial.com', 'gmail.com'],
    ['hotmial.com', 'hotmail.com'],
    ['yaho.com', 'yahoo.com'],
    ['t-online.d', 't-online.de'],
    ['gmail.com', undefined],
    ['example.net', undefined],
    ['mail.example.com', undefined],
  ] as const)
    assert.equal(meantDomain(typed), meant, typed)
})

test('what the providers want has a code, and where the note names a page, its address', () => {
  for (const { name, note, advice } of providers) {
    assert.equal(advice === undefined, note === undefined, name)
    assert.equal(advice?.url ?? undefined, /https:\/\/\S+[^\s.,:;]/.exec(note ?? '')?.[0], name)
  }
})

test('what answers comes before what does not, wherever it is from', async (t) => {
  const own = certificate('s.example.net')
  const { lines } = await found(
    'me@example.net',
    {
      ca: own.cert,
      pages: {
        'https://autoconfig.example.net/mail/config-v1.1.xml': config(incoming('gone.example.net', 995, 'SSL')),
      },
      srv: { '_pop3s._tcp.example.net': [{ name: 's.example.net', port: 995, priority: 1, weight: 1 }] },
      servers: { 's.example.net:995': await pop3(t, { tls: own }) },
    },
    [],
    patient,
  )
  assert.deepEqual(lines, [
    '+ srv: implicit me@example.net s.example.net:995',
    'autoconfig: implicit me@example.net gone.example.net:995',
  ])
})

test('who never answers is not waited for: what the others say is given', async () => {
  const began = performance.now()
  const { lines } = await found('me@example.net', {
    pages: { 'https://autoconfig.thunderbird.net/v1.1/example.net': config(incoming('t.example.net', 995, 'SSL')) },
    silent: [
      'example.net',
      '_pop3s._tcp.example.net',
      'https://autoconfig.example.net/mail/config-v1.1.xml?emailaddress=me%40example.net',
      't.example.net:995',
    ],
  })
  assert.deepEqual(lines, ['thunderbird: implicit me@example.net t.example.net:995'])
  const tookMs = performance.now() - began
  assert.ok(tookMs >= waits.askMs && tookMs < waits.askMs + waits.probeMs + 20_000, `${tookMs} ms`)
  assert.ok(discoverLimits.discoverAskMs + discoverLimits.discoverProbeMs < 8000)
})

const anywhere = { web: everywhere, pop3: everywhere, smtp: everywhere }
const outside: Reach = { addresses: 'public', ports: [110, 443, 995] }

test('the same address is looked into once at a time, and remembered; too many at once are refused', async () => {
  const asked: string[] = []
  const discoveries = new Discoveries(() => surroundingsOf({}, asked))
  const me = address('me@example.net')
  const [one, other] = await Promise.all([discoveries.of(me, anywhere), discoveries.of(me, anywhere)])
  assert.equal(one, other)
  const questions = asked.length
  assert.equal(await discoveries.of(me, anywhere), one)
  assert.equal(asked.length, questions)
  assert.notEqual(await discoveries.of(me, { ...anywhere, pop3: outside }), one)
  const many = Array.from({ length: discoverLimits.discoveriesAtOnce + 1 }, (_, nth) =>
    discoveries.of(address(`u${nth}@example.net`), anywhere),
  )
  const answers = await Promise.all(many)
  assert.deepEqual(
    answers.map((answer) => answer === undefined),
    [...many.slice(1).map(() => false), true],
  )
  assert.notEqual(await discoveries.of(address('later@example.net'), anywhere), undefined)
})

test('the DNS: SRV and MX as they come over the wire', async (t) => {
  const server = await startDns({
    15: Buffer.from([0, 10, ...nameOnWire('mx.example.net')]),
    33: Buffer.from([0, 1, 0, 2, 3, 227, ...nameOnWire('pop.example.net')]),
  })
  t.after(() => server.close())
  const dns = systemDns([server.at])
  const mx = await dns.mx('example.net')
  assert.deepEqual([mx[0]?.exchange, mx[0]?.priority], ['mx.example.net', 10])
  const srv = await dns.srv('_pop3s._tcp.example.net')
  assert.deepEqual([srv[0]?.name, srv[0]?.port, srv[0]?.priority, srv[0]?.weight], ['pop.example.net', 995, 1, 2])
})

test('a POP3 server inside is not tried for an owner', async (t) => {
  const port = await pop3(t, {})
  const tried = async (reach: Reach) => {
    const endpoint = { host: 'pop.example.net', port, tls: 'none', tlsVerify: true, tlsFingerprint: null } as const
    return await answers({ ...endpoint, lookup: here, reach }, 60_000)
  }
  assert.equal(await tried(everywhere), true)
  assert.equal(await tried({ ...outside, ports: [port] }), false)
  assert.equal(await tried({ ...everywhere, ports: [995] }), false)
})

const bounds = { maxOctets: 1000, waitMs: 60_000 }

test('the web: HTTPS by name alone, redirects through the same checks, bounded in octets and time', async (t) => {
  const own = certificate('autoconfig.example.net')
  const paths: string[] = []
  const locations: Readonly<Record<string, string>> = {
    '/moved': '/there',
    '/http': 'http://autoconfig.example.net/there',
    '/address': 'https://127.0.0.1/there',
    '/port': 'https://autoconfig.example.net:8443/there',
    '/other': 'https://other.example.net/there',
    '/loop': '/loop',
  }
  const answer: RequestListener = (request, response) => {
    const path = request.url ?? ''
    paths.push(path)
    const location = locations[path]
    if (location !== undefined) response.writeHead(302, { location }).end()
    else if (path === '/there') response.end('<xml/>')
    else if (path === '/large') response.end('x'.repeat(bounds.maxOctets + 1))
    else if (path !== '/silent') response.writeHead(404).end('no')
  }
  const server = createServer({ cert: own.cert, key: own.key }, answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const looked: string[] = []
  const how: Omit<WebOptions, 'reach'> = {
    ca: own.cert,
    port: (server.address() as AddressInfo).port,
    lookup: (name, options, callback) => {
      looked.push(name)
      if (name === 'metadata.example.net') callback(new Error('refused'), '')
      else here(name, options, callback)
    },
  }
  const webOf = (reach: Reach) => web({ ...how, reach })
  const http = webOf(everywhere)
  const get = async (path: string) => await http.get(`https://autoconfig.example.net${path}`, bounds)
  assert.equal(await get('/there'), '<xml/>')
  assert.equal(await get('/moved'), '<xml/>')
  assert.equal(await get('/none'), undefined)
  paths.length = 0
  for (const path of ['/http', '/address', '/port', '/loop']) assert.equal(await get(path), undefined, path)
  assert.deepEqual(paths, ['/http', '/address', '/port', ...Array.from({ length: 4 }, () => '/loop')])
  for (const url of [
    'http://autoconfig.example.net/',
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://2130706433/',
    'https://me@autoconfig.example.net/',
  ])
    assert.equal(await http.get(url, bounds), undefined, url)
  await assert.rejects(get('/other'), /altnames/)
  await assert.rejects(get('/large'), /more than 1000 octets/)
  await assert.rejects(
    http.get('https://autoconfig.example.net/silent', { ...bounds, waitMs: 200 }),
    /^Error: no answer within /,
  )
  await assert.rejects(http.get('https://metadata.example.net/', bounds), /refused/)
  // Of an owner's, all that leads to this machine is out of reach, and so are ports that are none of theirs.
  await assert.rejects(webOf(outside).get('https://autoconfig.example.net/there', bounds), { code: 'ERR_OUT_OF_REACH' })
  const noWeb: Reach = { ...everywhere, ports: [80] }
  await assert.rejects(webOf(noWeb).get('https://autoconfig.example.net/there', bounds), { code: 'ERR_OUT_OF_REACH' })
  assert.deepEqual(new Set(looked), new Set(['autoconfig.example.net', 'other.example.net', 'metadata.example.net']))
})

const outgoing = (host: string, port: number, socketType: string, more = '<username>%EMAILADDRESS%</username>') =>
  `<outgoingServer type="smtp"><hostname>${host}</hostname><port>${port}</port><socketType>${socketType}</socketType>${more}</outgoingServer>`

async function sending(text: string, internet: Internet): Promise<string[]> {
  return (await discover(address(text), surroundingsOf(internet), patient)).smtp.map(inShort)
}

test('the servers for sending are found beside those for reading, the most trusted first, and none in clear', async () => {
  const internet: Internet = {
    pages: {
      'https://autoconfig.example.net/mail/config-v1.1.xml': config(
        incoming('pop.example.net', 995, 'SSL'),
        outgoing('smtp.%EMAILDOMAIN%', 587, 'STARTTLS', ''),
        outgoing('clear.example.net', 25, 'plain'),
      ),
    },
    srv: {
      '_submissions._tcp.example.net': [{ name: 's.example.net', port: 465, priority: 1, weight: 1 }],
      '_submission._tcp.example.net': [{ name: '.', port: 0, priority: 0, weight: 0 }],
    },
  }
  assert.deepEqual(await sending('me@example.net', internet), [
    'autoconfig: starttls me@example.net smtp.example.net:587',
    'srv: implicit me@example.net s.example.net:465',
  ])
  for (const [text, line] of [
    ['me@gmail.com', 'built in: implicit me@gmail.com smtp.gmail.com:465'],
    ['me@hotmail.com', 'built in: starttls me@hotmail.com smtp-mail.outlook.com:587'],
    ['me@web.de', 'built in: implicit me smtp.web.de:465'],
  ] as const)
    assert.deepEqual(await sending(text, {}), [line])
  const hosted = { 'example.net': [{ exchange: 'x.mail.protection.outlook.com', priority: 1 }] }
  assert.deepEqual(await sending('me@example.net', { mx: hosted }), [
    'mx: starttls me@example.net smtp.office365.com:587',
  ])
})

test('where nobody names a server for sending the usual names are tried, and given if they answer EHLO', async (t) => {
  const own = certificate('smtp.example.net')
  const secure = await startScriptedSmtp({ tls: own, implicit: true })
  const upgraded = await startScriptedSmtp({ tls: own })
  const clear = await startScriptedSmtp({})
  t.after(async () => await Promise.all([secure, upgraded, clear].map(async (server) => await server.close())))
  const internet: Internet = {
    ca: own.cert,
    pages: { 'https://autoconfig.example.net/mail/config-v1.1.xml': config(incoming('pop.example.net', 995, 'SSL')) },
    servers: {
      'smtp.example.net:465': secure.port,
      'smtp.example.net:587': upgraded.port,
      // Its certificate is another's.
      'mail.example.net:465': secure.port,
      // STARTTLS is not to be had.
      'pop.example.net:587': clear.port,
    },
  }
  assert.deepEqual(await sending('me@example.net', internet), [
    '+ guess: implicit me@example.net smtp.example.net:465',
    '+ guess: starttls me@example.net smtp.example.net:587',
  ])
})

test('the list of servers for sending is sound, and has nearly every provider', () => {
  const hosts = providers.flatMap(({ smtp }) => smtp ?? [])
  for (const { host, port, tls } of hosts) {
    assert.match(host, /^[a-z0-9-]+(\.[a-z0-9-]+)+$/)
    assert.equal(port, tls === 'implicit' ? 465 : 587)
  }
  assert.ok(hosts.length > 80 && providers.filter(({ host, smtp }) => host !== undefined && !smtp).length < 4)
})
