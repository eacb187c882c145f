/** The Lua scripts as texts: each says what it does and takes, and is used once. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { keys } from '../../src/redis/key-names.ts'
import { luaOf } from '../../src/redis/scripts.ts'
import { statusKeys } from '../../src/redis/statuses.ts'
import { notedStatuses } from '../../src/runs/status.ts'

const folder = 'src/redis/scripts'
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.lua'))
  .map((name) => name.slice(0, -4))
  .toSorted()
const headOf = (name: string) => /^(?:--.*\n)+/.exec(readFileSync(`${folder}/${name}.lua`, 'utf8'))?.[0] ?? ''

test('each script begins with what it does, its keys with their tag, and what it returns', () => {
  assert.ok(names.length > 10)
  for (const name of names) {
    const head = headOf(name)
    assert.match(head, /^-- [A-Z][^]*?\.\n/, name)
    assert.match(head, /^-- KEYS, (?:tag \{(?:account|tributary)\}|without a tag).*:$/m, name)
    assert.match(head, /^-- Returns /m, name)
    if (/ARGV\[/.test(luaOf(name))) assert.match(head, /^-- ARGV:$/m, name)
  }
})

test('the keys of a script lie in one slot of a Cluster, but for those that are given others there', () => {
  const included = (name: string) =>
    [...readFileSync(`${folder}/${name}.lua`, 'utf8').matchAll(/^-- @include (\S+)$/gm)].map(([, file]) =>
      readFileSync(`${folder}/includes/${file}.lua`, 'utf8'),
    )
  for (const name of names) {
    const text = [headOf(name), ...included(name)].join('\n')
    const several = /tag \{tributary\}/.test(text) && /tag \{account\}/.test(text)
    if (several) assert.match(text, /unless in a Cluster|in a Cluster, and otherwise/, name)
  }
})

test('what has no key is asked of every master: only nodes.ts, and what is given one node, calls it', () => {
  const sources = ['src', 'workers', 'api'].flatMap((room) =>
    readdirSync(room, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${room}/${name}`),
  )
  const calling = sources.filter((path) =>
    /[rR]edis\.(?:info|config|scan|keys|dbsize|flushall|duplicate|nodes|wait)\(/.test(readFileSync(path, 'utf8')),
  )
  assert.deepEqual(calling.toSorted(), ['src/redis/node-settings.ts', 'src/redis/nodes.ts', 'src/redis/reliable.ts'])
})

test('each script is loaded in one place, and each place names a script', () => {
  const sources = readdirSync('src/redis', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  const text = sources.map((name) => readFileSync(`src/redis/${name}`, 'utf8')).join('\n')
  const loaded = [...text.matchAll(/\b(?:script(?:<[^\n]*?>)?|guarded|restating(?:<[^\n]*?>)?)\('([a-z-]+)'/g)]
  assert.deepEqual(loaded.map(([, name]) => name ?? '').toSorted(), names)
})

test('what Redis is sent holds what is included, the numbers of limits.ts, and no comments', () => {
  for (const name of names) assert.doesNotMatch(luaOf(name), /^\s*--|limits\./m, name)
  assert.match(luaOf('write-intent'), /SUPERSEDED/)
})

test('restate.lua has the statuses in the order of their keys', () => {
  const listed = [...luaOf('restate').matchAll(/\{ '([a-z ]+)', KEYS\[(\d+)\] \}/g)]
  assert.deepEqual(
    listed.map(([, status, nth]) => [status, statusKeys[Number(nth) - 1]]),
    notedStatuses.map((status) => [status, keys.accountsAt(status)]),
  )
})
