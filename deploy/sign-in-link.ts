/** Asks the API for a link that signs a browser in. It is shown on a terminal, and stands in nothing that is kept. */
import { readFileSync } from 'node:fs'
import type { Config } from '../src/config.ts'
import type { Home } from '../src/disk/home.ts'
import { askApi } from './probes.ts'

export interface SignInLink {
  readonly url: string
  readonly expiresAt: string
}

/** Undefined: there is none, and the token signs in all the same. */
export async function signInLink(config: Config, home: Home): Promise<SignInLink | undefined> {
  try {
    const token = readFileSync(config.adminTokenFile ?? home.adminToken, 'utf8').trim()
    const answer = await askApi(config, '/api/v1/session/link', { method: 'POST', token })
    return answer?.ok ? (JSON.parse(answer.text) as SignInLink) : undefined
  } catch {
    return undefined
  }
}
