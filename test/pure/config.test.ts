import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { test } from 'node:test'
import { ConfigInvalid, type Environment, readConfig as read } from '../../src/config.ts'
import { nearestSetting } from '../../src/nearest-setting.ts'
import { parseStoreUrl } from '../../src/server-urls.ts'

/** @param files by their path. */
const readConfig = (env: Environment, files: Readonly<Record<string, string>> = {}) =>
  read(env, (path) => {
    const content = files[path]
    if (content === undefined) throw new Error(`ENOENT: ${path}`)
    return content
  })

const mistakesOf = (env: Environment, files?: Readonly<Record<string, string>>): string => {
  try {
    readConfig(env, files)
  } catch (error) {
    assert.ok(error instanceof ConfigInvalid)
    return error.message
  }
  return ''
}

test('without settings everything is as the contract says', () => {
  assert.deepEqual(readConfig({}), {
    home: './data',
    adminTokenFile: undefined,
    secretKeyFile: undefined,
    http: { host: '127.0.0.1', port: 8420, trustedProxies: [] },
    secretKeys: undefined,
    mail: { host: '127.0.0.1', imapPort: 1143, imapsPort: 1993, pop3Port: 1110, pop3sPort: 1995 },
    submission: { host: '127.0.0.1', submissionsPort: 1465, submissionPort: 1587 },
    publicName: 'localhost',
    publicUrl: 'http://127.0.0.1:8420',
    tls: undefined,
    redisUrl: undefined,
    redisSentinelPassword: undefined,
    store: undefined,
    storeUsersFile: undefined,
    policy: undefined,
    workers: Math.max(1, availableParallelism() - 1),
    sessions: 256,
    proxy: undefined,
    hasSample: false,
    logLevel: 'info',
    unknown: [],
  })
  assert.deepEqual(readConfig({ TRIBUTARY_HTTP_PORT: '', PATH: 'x' }), readConfig({}), 'empty is not set')
})

test('workers and sessions are whole numbers from one on', () => {
  const { workers, sessions } = readConfig({ TRIBUTARY_WORKERS: '3', TRIBUTARY_SESSIONS: '40' })
  assert.deepEqual([workers, sessions], [3, 40])
  for (const name of ['TRIBUTARY_WORKERS', 'TRIBUTARY_SESSIONS'])
    for (const value of ['0', '-1', '2.5', 'many', '1000000'])
      assert.match(
        mistakesOf({ [name]: value }),
        new RegExp(`^${name} is "${value}", and must be a whole number from 1 to \\d+$`),
      )
})

test('two services at one port, and a host that is none, are told by their settings', () => {
  const equal = { TRIBUTARY_IMAP_PORT: '2000', TRIBUTARY_POP3S_PORT: '2000' }
  assert.match(mistakesOf(equal), /^TRIBUTARY_POP3S_PORT is 2000, and so is TRIBUTARY_IMAP_PORT: /)
  const withHttp = { TRIBUTARY_IMAP_PORT: '8420' }
  assert.match(mistakesOf(withHttp), /^TRIBUTARY_IMAP_PORT is 8420, and so is TRIBUTARY_HTTP_PORT: /)
  assert.match(mistakesOf({ ...withHttp, TRIBUTARY_MAIL_HOST: '0.0.0.0' }), /TRIBUTARY_HTTP_PORT/)
  assert.equal(mistakesOf({ ...withHttp, TRIBUTARY_MAIL_HOST: '127.0.0.2' }), '', 'at two addresses')
  const elsewhere = { TRIBUTARY_STORE_URL: 'imaps://g:p@host', TRIBUTARY_STORE_USERS_FILE: '/users' }
  assert.equal(mistakesOf({ ...equal, ...elsewhere }), '', 'no store is started')
  for (const name of ['TRIBUTARY_PUBLIC_NAME', 'TRIBUTARY_MAIL_HOST', 'TRIBUTARY_HTTP_HOST']) {
    for (const host of ['a b', 'https://mail', 'x\ny', '[::1]'])
      assert.match(
        mistakesOf({ [name]: host }),
        new RegExp(`^${name} is ".*", and must be a host name or an IP address$`),
      )
    for (const host of ['mail_1.example.org', '::1', '10.0.0.1']) assert.equal(mistakesOf({ [name]: host }), '')
  }
})

test('every mistake is told at once, by the name of its setting', () => {
  const wrong = {
    TRIBUTARY_HTTP_PORT: '70000',
    TRIBUTARY_IMAP_PORT: 'many',
    TRIBUTARY_TRUSTED_PROXIES: '10.0.0.0/8, proxy.example.org',
    TRIBUTARY_LOG_LEVEL: 'loud',
    TRIBUTARY_TLS_CERT: '/cert.pem',
    TRIBUTARY_STORE_URL: 'imaps://gateway:s3cret@',
  }
  assert.throws(
    () => readConfig(wrong),
    (error: unknown) => {
      assert.ok(error instanceof ConfigInvalid)
      for (const name of Object.keys(wrong)) assert.match(error.message, new RegExp(`^${name} `, 'm'))
      assert.match(error.message, /TRIBUTARY_STORE_USERS_FILE/)
      assert.match(error.message, /trace, debug, info/)
      assert.doesNotMatch(error.message, /s3cret/)
      return true
    },
  )
})

test('a slip of the pen is told, with the setting that was probably meant', () => {
  assert.deepEqual(readConfig({ TRIBUTARY_HTPP_PORT: '1' }).unknown, ['TRIBUTARY_HTPP_PORT'])
  for (const [slip, meant] of [
    ['TRIBUTARY_HTPP_PORT', 'TRIBUTARY_HTTP_PORT'],
    ['TRIBUTARY_IMAP', 'TRIBUTARY_IMAP_PORT'],
    ['TRIBUTARY_LOGLEVEL', 'TRIBUTARY_LOG_LEVEL'],
    ['TRIBUTARY_REDIS_PASWORD_FILE', 'TRIBUTARY_REDIS_PASSWORD_FILE'],
    ['TRIBUTARY_ADMIN_TOKEN', 'TRIBUTARY_ADMIN_TOKEN_FILE'],
  ] as const)
    assert.equal(nearestSetting(slip), meant)
  assert.equal(nearestSetting('TRIBUTARY_COLOUR_OF_THE_SKY'), undefined)
})

test('a wrong value is shown with what it must be, and no value of a secret ever', () => {
  for (const [name, value, words] of [
    ['TRIBUTARY_HTTP_PORT', '70000', 'TRIBUTARY_HTTP_PORT is "70000", and must be a whole number from 1 to 65535'],
    ['TRIBUTARY_IMAP_PORT', 'many', 'TRIBUTARY_IMAP_PORT is "many", and must be a whole number from 1 to 65535'],
    ['TRIBUTARY_POP3_PORT', '1.5', 'TRIBUTARY_POP3_PORT is "1.5", and must be a whole number from 1 to 65535'],
    ['TRIBUTARY_SAMPLE', 'yes', 'TRIBUTARY_SAMPLE is "yes", and must be one of on, off'],
  ] as const)
    assert.equal(mistakesOf({ [name]: value }), words)
})

test('a URL that is none is told in a sentence, without what it holds', () => {
  for (const url of [
    'foo',
    'localhost:6379',
    'http://:s3cret@redis',
    'redis://',
    'redis:///run/s3cret',
    'redis://:s3/cret@redis',
    'redis://:s3cret%zz@redis',
  ])
    assert.match(mistakesOf({ TRIBUTARY_REDIS_URL: url }), /^TRIBUTARY_REDIS_URL must be like redis:[^\n]*$/, url)
  for (const url of ['/run/redis.sock', 'redis://redis', 'rediss://me:p%40ss@redis:6380/1', 'redis://[::1]:6379'])
    assert.equal(readConfig({ TRIBUTARY_REDIS_URL: url }).redisUrl, url)
  for (const url of ['foo', 'imaps://gateway:s3cret%zz@store', 'imaps://gateway:s3/cret@store'])
    assert.match(
      mistakesOf({ TRIBUTARY_STORE_URL: url, TRIBUTARY_STORE_USERS_FILE: '/users' }),
      /^TRIBUTARY_STORE_URL must look like imaps:[^\n]*$/,
      url,
    )
})

test('the URL of a store', () => {
  assert.deepEqual(parseStoreUrl('imaps://gate%40way:p%2Fw@[::1]:1993'), {
    host: '::1',
    port: 1993,
    tls: 'implicit',
    masterUser: 'gate@way',
    masterPassword: 'p/w',
  })
  const clear = parseStoreUrl('imap://g:p@127.0.0.1')
  assert.ok(typeof clear !== 'string')
  assert.deepEqual([clear.port, clear.tls], [143, 'none'])
  for (const bad of ['x', 'https://g:p@h', 'imaps://h', 'imaps://g@h'])
    assert.equal(typeof parseStoreUrl(bad), 'string', bad)
})

test('secrets come from files too, and passwords apart from their URLs', () => {
  const files = { '/redis': 'p@ss/w%rd', '/store': 'gate:way', '/url': 'rediss://:own@redis.example.org:6380/1' }
  const { redisUrl, store, unknown } = readConfig(
    {
      TRIBUTARY_REDIS_URL: 'redis://redis:6379',
      TRIBUTARY_REDIS_PASSWORD_FILE: '/redis',
      TRIBUTARY_STORE_URL: 'imap://gateway@store:1143',
      TRIBUTARY_STORE_PASSWORD_FILE: '/store',
      TRIBUTARY_STORE_USERS_FILE: '/users',
    },
    files,
  )
  assert.equal(redisUrl, 'redis://:p%40ss%2Fw%25rd@redis:6379')
  assert.equal(decodeURIComponent(new URL(redisUrl).password), 'p@ss/w%rd')
  assert.equal(store?.masterPassword, 'gate:way')
  assert.deepEqual(unknown, [])
  assert.equal(readConfig({ TRIBUTARY_REDIS_URL_FILE: '/url' }, files).redisUrl, files['/url'])
})

test('what is wrong with a secret is told without telling it', () => {
  const twice = { TRIBUTARY_REDIS_URL: 'redis://:s3cret@a', TRIBUTARY_REDIS_URL_FILE: '/url' }
  assert.match(mistakesOf(twice, { '/url': 'redis://b' }), /^TRIBUTARY_REDIS_URL and TRIBUTARY_REDIS_URL_FILE say/)
  assert.match(
    mistakesOf({ TRIBUTARY_REDIS_URL_FILE: '/none', TRIBUTARY_STORE_PASSWORD_FILE: '/empty' }, { '/empty': '' }),
    /^TRIBUTARY_REDIS_URL_FILE cannot be read: ENOENT.*\nTRIBUTARY_STORE_PASSWORD_FILE names \/empty, which is empty\n/,
  )
  for (const url of ['/run/redis.sock', 'redis://:own@redis', undefined]) {
    const message = mistakesOf({ TRIBUTARY_REDIS_URL: url, TRIBUTARY_REDIS_PASSWORD: 's3cret' })
    assert.match(message, /^TRIBUTARY_REDIS_PASSWORD (?:needs|goes with)/)
    assert.doesNotMatch(message, /s3cret/)
  }
  const store = { TRIBUTARY_STORE_URL: 'imap://gateway:own@store', TRIBUTARY_STORE_USERS_FILE: '/users' }
  assert.match(mistakesOf({ ...store, TRIBUTARY_STORE_PASSWORD: 's3cret' }), /^TRIBUTARY_STORE_URL must look like/)
})

test('the address for browsers is https, or on this machine', () => {
  const url = (text: string) => readConfig({ TRIBUTARY_PUBLIC_URL: text }).publicUrl
  assert.equal(url('https://mail.example.net/gather/'), 'https://mail.example.net/gather')
  assert.equal(url('http://127.0.0.1:9000'), 'http://127.0.0.1:9000')
  assert.equal(url('http://[::1]:9000/'), 'http://[::1]:9000')
  for (const text of ['http://mail.example.net', 'ftp://x', 'mail', 'https://me:pw@x', 'https://x/?a', 'https://x/#a'])
    assert.match(mistakesOf({ TRIBUTARY_PUBLIC_URL: text }), /TRIBUTARY_PUBLIC_URL must be an https URL/, text)
  for (const text of ['https://mail.example.net/api', 'https://mail.example.net/assets/x/', 'https://x/docs'])
    assert.match(mistakesOf({ TRIBUTARY_PUBLIC_URL: text }), /one of Tributary's own/, text)
  const own = readConfig({ TRIBUTARY_TLS_CERT: 'c', TRIBUTARY_TLS_KEY: 'k', TRIBUTARY_PUBLIC_NAME: 'mail.example.net' })
  assert.equal(own.publicUrl, 'https://mail.example.net:8420')
  assert.equal(readConfig({ TRIBUTARY_HTTP_HOST: '::' }).publicUrl, 'http://127.0.0.1:8420')
})

test('a proxy is read as it is written, and a mistake in it shows no password', () => {
  const proxy = { protocol: 'socks5', host: 'proxy.example.net', port: 1080, user: 'me', password: 's@cret' }
  assert.deepEqual(readConfig({ TRIBUTARY_PROXY: 'socks5://me:s%40cret@proxy.example.net:1080' }).proxy, proxy)
  const said = mistakesOf({ TRIBUTARY_PROXY: 'socks4://me:s%40cret@proxy.example.net:1080' })
  assert.match(said, /^TRIBUTARY_PROXY must be socks5:/)
  assert.doesNotMatch(said, /cret/)
})
