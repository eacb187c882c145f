/** Where the command line finds the instance of this machine. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { findPlace } from '../../cli/place.ts'

let folder: string
/** As docker-compose.yml sets it: what is not wanted is empty. */
let container: Record<string, string>
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-place-'))
  writeFileSync(join(folder, 'token'), 'a token\n')
  writeFileSync(join(folder, 'cert.pem'), 'a certificate\n')
  container = {
    TRIBUTARY_HOME: folder,
    TRIBUTARY_ADMIN_TOKEN_FILE: join(folder, 'token'),
    TRIBUTARY_HTTP_HOST: '0.0.0.0',
    TRIBUTARY_TLS_CERT: '',
  }
})
after(() => rmSync(folder, { recursive: true }))

test('in a container, which has no file with the address, the settings say it', () => {
  const { url, token, certificate } = findPlace({}, container)
  assert.deepEqual([url.href, token, certificate], ['http://127.0.0.1:8420/', 'a token', undefined])
})

test('where the settings name a certificate the API speaks HTTPS, and that certificate alone is taken', () => {
  const { url, certificate } = findPlace({}, { ...container, TRIBUTARY_TLS_CERT: join(folder, 'cert.pem') })
  assert.deepEqual([url.href, certificate], ['https://127.0.0.1:8420/', 'a certificate'])
})
