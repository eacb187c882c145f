/** `/sample`: the account to try Tributary with, if local mode has one. It is registered like any other account. */
import { type SampleProvider, sampleLogin } from '../../src/account/sample.ts'
import type { App } from '../app.ts'
import * as schemas from '../schemas/sample.ts'

export interface SampleWorld {
  /** Undefined: there is no sample provider, as in production. */
  readonly sample?: SampleProvider | undefined
}

export async function sampleRoutes(app: App, { sample }: SampleWorld): Promise<void> {
  app.get(
    '/sample',
    {
      config: { scope: 'admin', instance: true },
      schema: {
        operationId: 'readSample',
        summary: 'Read which account there is to try Tributary with',
        description: 'For POST /accounts, with a destinationId. Its provider is on this machine, and its mail made up.',
        response: { 200: schemas.Sample },
      },
    },
    async () => {
      if (sample === undefined) return { account: null }
      return { account: { ...sample, address: 'you@example.net', tls: 'none' as const, user: sampleLogin } }
    },
  )
}
