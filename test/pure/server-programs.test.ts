/** Which programs will do, which of them may open what another one wrote, and one file of settings for two Dovecots. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { claim, openingOf, type ServerProgram } from '../../deploy/server-programs.ts'
import { linesFor, root } from '../../deploy/template.ts'

/** What start.mjs asks, before anything is built. */
interface System {
  readonly packages: readonly { readonly name: string }[]
  wrongNode(version: string): string | undefined
  wrongVersion(need: readonly string[], here: (file: string) => string | undefined): string | undefined
  missingOf(wanted: System['packages'], isHere: (file: string) => boolean): string[]
  withoutApt(missing: readonly string[]): string
}
const system = (await import(join(root, 'deploy/system.mjs'))) as System

const program = (text: string) => {
  const [name, line] = text.split(' ')
  return { name, line } as ServerProgram
}

test('a program opens what it or an older one of its kind wrote, and nothing else', () => {
  for (const [written, here, opening] of [
    ['Dovecot 2.3', 'Dovecot 2.3', 'same'],
    ['Dovecot 2.3', 'Dovecot 2.4', 'forward'],
    ['Dovecot 2.4', 'Dovecot 2.3', 'refused'],
    ['Redis 7.0', 'Redis 8.0', 'forward'],
    ['Redis 7.2', 'Redis 7.0', 'refused'],
    ['Redis 8.0', 'Redis 7.4', 'refused'],
    ['Redis 8.0', 'Redis 10.0', 'forward'],
    ['Redis 7.0', 'Valkey 8.1', 'forward'],
    ['Redis 7.4', 'Valkey 8.1', 'refused'],
    ['Redis 8.0', 'Valkey 9.0', 'refused'],
    ['Valkey 8.0', 'Valkey 8.1', 'forward'],
    ['Valkey 8.1', 'Redis 8.0', 'refused'],
  ] as const)
    assert.equal(openingOf(program(written), program(here)), opening, `${written} by ${here}`)
})

test('a step forward is said once, and the step back is refused with what to do', () => {
  const folder = mkdtempSync('/tmp/tributary-programs-')
  try {
    const kept = { what: 'the mail', mark: join(folder, 'mark'), unmarked: undefined }
    const before = { ...kept, unmarked: program('Dovecot 2.3') }
    assert.equal(claim(kept, program('Dovecot 2.3')), undefined)
    assert.match(
      claim(kept, program('Dovecot 2.4')) ?? '',
      /^the mail was written by Dovecot 2\.3; Dovecot 2\.4 goes on/,
    )
    assert.equal(claim(kept, program('Dovecot 2.4')), undefined)
    assert.throws(() => claim(before, program('Dovecot 2.3')), /written by Dovecot 2\.4.*Install Dovecot 2\.4 or newer/)
    assert.equal(readFileSync(kept.mark, 'utf8'), 'Dovecot 2.4\n')
    // What was written before there were marks.
    rmSync(kept.mark)
    assert.match(claim(before, program('Dovecot 2.4')) ?? '', /written by Dovecot 2\.3/)
    writeFileSync(kept.mark, 'nonsense')
    assert.match(claim(before, program('Dovecot 2.4')) ?? '', /written by Dovecot 2\.3/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a line or a block of the settings is for one Dovecot, and everything else for both', () => {
  const template = [
    'both',
    '  {{2.3}} a = {{A}}',
    '  {{2.4}} b',
    '{{2.3}}',
    'old',
    '{{2.4}}',
    'new',
    '{{}}',
    'end {{B}}',
  ]
  assert.equal(linesFor('2.3', template.join('\n')), 'both\n  a = {{A}}\nold\nend {{B}}')
  assert.equal(linesFor('2.4', template.join('\n')), 'both\n  b\nnew\nend {{B}}')
})

test('the versions of the programs decide, and not the name of the system', () => {
  for (const [version, fits] of [
    ['20.19.2', true],
    ['20.18.9', false],
    ['18.20.0', false],
    ['22.0.0', true],
    ['24.21.0', true],
  ] as const)
    assert.equal(system.wrongNode(version) === undefined, fits, version)
  const said = (dovecot: string, redis?: string, valkey?: string) =>
    system.wrongVersion(['dovecot', 'redis'], (file) =>
      file.endsWith('dovecot') ? dovecot : file.endsWith('redis-server') ? redis : valkey,
    )
  const redis = (version: string) => `Redis server v=${version} sha=00000000:0 malloc=jemalloc-5.3.0 bits=64`
  for (const dovecot of ['2.3.19.1 (9b53102964)', '2.3.21 (47349e2482)', '2.4.1-4 (7d8c0e5759)'])
    assert.equal(said(dovecot, redis('7.0.15')), undefined)
  assert.match(
    said('2.2.36', redis('7.0.15')) ?? '',
    /^Dovecot 2\.2 is on this machine, and Dovecot 2\.3 or 2\.4 is needed: docker/,
  )
  assert.match(
    said('2.4.1', redis('6.0.16')) ?? '',
    /^Redis 6\.0 is on this machine, and Redis 7\.0 or newer is needed/,
  )
  assert.equal(
    said('error while loading shared libraries: libdovecot.so.0', redis('7.0.15')),
    '/usr/sbin/dovecot --version names no version ("error while loading shared libraries: libdovecot.so.0"): install Dovecot 2.3 or 2.4 anew. Or docker compose runs everything on any system: see README.md.',
  )
  assert.equal(said('2.4.1', redis('6.0.16'), 'Server v=8.1.1 sha=0'), undefined)
  assert.match(said('2.4.1', undefined, 'Server v=7.2.5 sha=0') ?? '', /Valkey 8\.0/)
  assert.equal(
    system.wrongVersion(['redis'], (file) => (file.endsWith('dovecot') ? '2.2.1' : redis('8.0.2'))),
    undefined,
  )
})

test('Valkey stands in for Redis, and where there is no apt everything missing is named', () => {
  const missing = (...files: string[]) => system.missingOf(system.packages, (file) => files.includes(file))
  assert.deepEqual(missing('/usr/bin/valkey-server', '/usr/bin/openssl'), ['dovecot-imapd', 'dovecot-pop3d'])
  const sentence = system.withoutApt(missing())
  for (const words of ['Redis 7.0', 'Valkey 8.0', 'Dovecot 2.3 or 2.4', 'OpenSSL', 'docker compose'])
    assert.ok(sentence.includes(words), words)
})
