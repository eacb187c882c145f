/** What is said of our packages in docs/dependencies.md is so, and the lock file pins them whole. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { abilities, abilitiesOf, lockIn } from '../support/abilities.ts'

const lock = lockIn('package-lock.json')
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}
const page = readFileSync('docs/dependencies.md', 'utf8')

/** The rows below a heading: name -> the second column. */
function rowsUnder(heading: string): Map<string, string> {
  const [, part = ''] = page.split(`\n## ${heading}\n`)
  const rows = [...(part.split('\n## ')[0] ?? '').matchAll(/^\| `([^`]+)` \| ([^|]*?) \|/gm)]
  assert.equal(new Set(rows.map(([, name]) => name)).size, rows.length, `each has one line under ${heading}`)
  return new Map(rows.map(([, name = '', second = '']) => [name, second]))
}

test('each package of package.json has its line in docs/dependencies.md, and each line there a package', () => {
  assert.deepEqual([...rowsUnder('At run time').keys()], Object.keys(manifest.dependencies).toSorted())
  assert.deepEqual([...rowsUnder('For development').keys()], Object.keys(manifest.devDependencies).toSorted())
})

test('docs/dependencies.md says of each package at run time what its sources can do, and of no other that it can do anything', () => {
  const told = new Map([...rowsUnder('At run time'), ...rowsUnder('Brought along')])
  const found = abilitiesOf(lock)
  assert.ok(found.size > 20)
  const wordsOf = (name: string) => abilities.filter((ability) => found.get(name)?.has(ability)).join(', ') || 'nothing'
  const names = [...new Set([...told.keys(), ...found.keys()])].toSorted()
  assert.deepEqual(
    names.map((name) => `${name}: ${told.get(name) ?? 'no line'}`),
    names.map((name) => `${name}: ${wordsOf(name)}`),
  )
})

test('the lock file pins every package by version and digest, names no registry, and knows of one install script', () => {
  assert.equal(lock.lockfileVersion, 3)
  const packages = Object.entries(lock.packages).filter(([path]) => path !== '')
  assert.ok(packages.length > 100)
  for (const [path, { version, integrity, resolved }] of packages) {
    assert.match(version, /^\d+\.\d+\.\d+(?:-[\w.]+)?$/, path)
    assert.match(integrity ?? '', /^sha512-[A-Za-z0-9+/]{86}==$/, path)
    assert.equal(resolved, undefined, path)
  }
  const scripts = packages.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path)
  assert.deepEqual(scripts, ['node_modules/msgpackr-extract'])
  assert.match(readFileSync('.npmrc', 'utf8'), /^ignore-scripts=true$/m)
})

test('package.json names exact versions, and the lock file the same', () => {
  const root = lock.packages[''] as unknown as typeof manifest
  for (const kind of ['dependencies', 'devDependencies'] as const) {
    assert.deepEqual(root[kind], manifest[kind])
    for (const [name, version] of Object.entries(manifest[kind])) {
      assert.match(version, /^\d+\.\d+\.\d+$/, name)
      assert.equal(lock.packages[`node_modules/${name}`]?.version, version, name)
    }
  }
})

test('what is installed is what the lock file says', () => {
  const installed = Object.entries(lockIn('node_modules/.package-lock.json').packages)
  assert.ok(installed.length > 100)
  for (const [path, { version, integrity }] of installed) {
    assert.equal(version, lock.packages[path]?.version, path)
    assert.equal(integrity, lock.packages[path]?.integrity, path)
    const own = JSON.parse(readFileSync(`${path}/package.json`, 'utf8')) as { readonly version: string }
    assert.equal(own.version, version, path)
  }
})
