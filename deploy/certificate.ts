/** Finds the certificate of the hosted store: the one that the settings name, or else a self-signed one that is made once. */
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Config, ConfigInvalid } from '../src/config.ts'
import type { Home } from '../src/disk/home.ts'
import { isThere } from '../src/disk/is-there.ts'

export interface Certificate {
  readonly certFile: string
  readonly keyFile: string
}

export function ensureCertificate({ publicName, tls }: Config, { certFile, keyFile }: Home): Certificate {
  if (tls !== undefined) {
    for (const file of [tls.certFile, tls.keyFile])
      if (!isThere(file))
        throw new ConfigInvalid(`there is no file ${file}; see TRIBUTARY_TLS_CERT and TRIBUTARY_TLS_KEY`)
    return tls
  }
  if (isThere(certFile) && isThere(keyFile)) return { certFile, keyFile }
  mkdirSync(dirname(certFile), { recursive: true, mode: 0o700 })
  const names = new Set([`DNS:${publicName}`, 'DNS:localhost', 'IP:127.0.0.1'])
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3650']
  const subject = ['-subj', `/CN=${publicName}`, '-addext', `subjectAltName=${[...names].join(',')}`]
  execFileSync('openssl', [...request, ...subject, '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' })
  return { certFile, keyFile }
}
