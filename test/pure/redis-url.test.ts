/** The forms of TRIBUTARY_REDIS_URL: each is read whole, and what is wrong is told without what it holds. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigInvalid, readConfig } from '../../src/config.ts'
import { redisPlaceOf } from '../../src/redis-url.ts'

const noFiles = () => ''

function mistakesOf(env: Readonly<Record<string, string>>): string {
  try {
    readConfig(env, noFiles)
  } catch (error) {
    assert.ok(error instanceof ConfigInvalid)
    return error.message
  }
  return ''
}

test('one Redis', () => {
  for (const url of ['/run/redis.sock', 'redis://redis', 'rediss://me:p%40ss@redis:6380/1', 'redis://[::1]:6379'])
    assert.deepEqual(redisPlaceOf(url), { kind: 'one', url })
})

test('the master that Sentinels know', () => {
  assert.deepEqual(redisPlaceOf('redis-sentinel://a:26379,b:26380/mymaster'), {
    kind: 'sentinel',
    tls: false,
    username: undefined,
    password: undefined,
    hosts: [
      { host: 'a', port: 26379 },
      { host: 'b', port: 26380 },
    ],
    name: 'mymaster',
    db: 0,
  })
  assert.deepEqual(redisPlaceOf('rediss-sentinel://me:p%40s%2Fs@[fd00::1]:1,10.0.0.1/main/3'), {
    kind: 'sentinel',
    tls: true,
    username: 'me',
    password: 'p@s/s',
    hosts: [
      { host: 'fd00::1', port: 1 },
      { host: '10.0.0.1', port: 26379 },
    ],
    name: 'main',
    db: 3,
  })
})

test('a Cluster', () => {
  assert.deepEqual(redisPlaceOf('rediss-cluster://:secret@a,b:7001'), {
    kind: 'cluster',
    tls: true,
    username: undefined,
    password: 'secret',
    hosts: [
      { host: 'a', port: 6379 },
      { host: 'b', port: 7001 },
    ],
  })
  for (const url of ['redis-cluster://a', 'redis-cluster://a/', 'redis-cluster://a/0'])
    assert.equal(redisPlaceOf(url)?.kind, 'cluster', url)
})

test('what is no such URL is told in one line, without what it holds', () => {
  for (const url of [
    'redis-sentinel://:s3cret@a:1,b:2',
    'redis-sentinel://:s3cret@a:1,b:2/',
    'redis-sentinel://:s3cret@a:1,,b:2/name',
    'redis-sentinel://:s3cret@a:1/name/x',
    'redis-sentinel://:s3cret@a:70000/name',
    'redis-sentinel://:s3cret%zz@a:1/name',
    'redis-sentinel://:s3cret@a b:1/name',
    'redis-sentinel://',
    'redis-cluster://:s3cret@a:1/1',
    'redis-cluster://:s3cret@a:1/name',
    'redis-cluster://:s3/cret@a:1',
    'redis-cluster://',
    'redis-cluster:///run/s3cret',
    'redis-clusters://:s3cret@a',
    'redis+sentinel://:s3cret@a/name',
    'REDIS-CLUSTER://:s3cret@a',
  ]) {
    const message = mistakesOf({ TRIBUTARY_REDIS_URL: url })
    assert.match(message, /^TRIBUTARY_REDIS_URL must be like redis:[^\n]*redis-cluster:[^\n]*$/, url)
    assert.doesNotMatch(message, /s3/, url)
  }
})

test('passwords stand apart from the URL, and the Sentinels have their own', () => {
  const config = readConfig(
    {
      TRIBUTARY_REDIS_URL: 'redis-sentinel://me@a:1,b:2/name/1',
      TRIBUTARY_REDIS_PASSWORD: 'p@ss/w%rd,x',
      TRIBUTARY_REDIS_SENTINEL_PASSWORD_FILE: '/sentinel',
    },
    () => 'other',
  )
  assert.equal(config.redisSentinelPassword, 'other')
  assert.deepEqual(config.unknown, [])
  const place = redisPlaceOf(config.redisUrl ?? '')
  assert.ok(place?.kind === 'sentinel')
  assert.deepEqual([place.username, place.password, place.name, place.db], ['me', 'p@ss/w%rd,x', 'name', 1])
  const cluster = readConfig({ TRIBUTARY_REDIS_URL: 'redis-cluster://a', TRIBUTARY_REDIS_PASSWORD: 'x' }, noFiles)
  assert.equal(cluster.redisUrl, 'redis-cluster://:x@a')
})

test('passwords without a place are told, all at once', () => {
  const message = mistakesOf({
    TRIBUTARY_REDIS_URL: 'redis-cluster://:own@a',
    TRIBUTARY_REDIS_PASSWORD: 's3cret',
    TRIBUTARY_REDIS_SENTINEL_PASSWORD: 's3cret',
  })
  assert.match(message, /^TRIBUTARY_REDIS_SENTINEL_PASSWORD needs .*\nTRIBUTARY_REDIS_PASSWORD needs /)
  assert.doesNotMatch(message, /s3cret|own/)
  assert.match(
    mistakesOf({ TRIBUTARY_REDIS_SENTINEL_PASSWORD: 's3cret' }),
    /^TRIBUTARY_REDIS_SENTINEL_PASSWORD needs [^\n]*$/,
  )
})
