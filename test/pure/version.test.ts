/** Whoever asks which version this is gets one answer, and CHANGELOG.md begins with it. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { documentation } from '../../api/http/openapi.ts'
import { programVersion } from '../../src/disk/version.ts'

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string }

test('package.json, its lock file, the command line, the API’s document and the newest section of CHANGELOG.md say the same version', () => {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    readonly version: string
    readonly packages: Readonly<Record<string, { readonly version: string }>>
  }
  const sections = [...readFileSync('CHANGELOG.md', 'utf8').matchAll(/^## (.*)$/gm)].map(([, words = '']) => words)
  const told = {
    lock: lock.version,
    'its own package': lock.packages['']?.version,
    data: programVersion(),
    'command line': execFileSync(process.execPath, ['dist/cli/main.js', '--version'], { encoding: 'utf8' }).trim(),
    document: 'openapi' in documentation ? documentation.openapi?.info?.version : undefined,
    changelog: sections[0]?.split(' ')[0],
  }
  for (const [who, says] of Object.entries(told)) assert.equal(says, version, who)
  for (const section of sections) assert.match(section, /^\d+\.\d+\.\d+ \((?:unreleased|\d{4}-\d\d-\d\d)\)$/)
  for (const section of sections.slice(1)) assert.doesNotMatch(section, /unreleased/)
})
