import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigInvalid, parseStoreUrl, readConfig } from '../src/config.ts'

test('without settings everything is as the contract says', () => {
  assert.deepEqual(readConfig({}), {
    home: './data',
    http: { host: '127.0.0.1', port: 8420 },
    mail: { host: '127.0.0.1', imapPort: 1143, imapsPort: 1993, pop3Port: 1110, pop3sPort: 1995 },
    publicName: 'localhost',
    tls: undefined,
    redisUrl: undefined,
    store: undefined,
    storeUsersFile: undefined,
    logLevel: 'info',
    unknown: [],
  })
  assert.deepEqual(readConfig({ TRIBUTARY_HTTP_PORT: '', PATH: 'x' }), readConfig({}), 'empty is not set')
})

test('every mistake is told at once, by the name of its setting', () => {
  const wrong = {
    TRIBUTARY_HTTP_PORT: '70000',
    TRIBUTARY_IMAP_PORT: 'many',
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

test('a slip of the pen is told', () => {
  assert.deepEqual(readConfig({ TRIBUTARY_HTPP_PORT: '1' }).unknown, ['TRIBUTARY_HTPP_PORT'])
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
