/** `/sample`: the account to try Tributary with, if local mode has one. It is registered like any other account. */
import { type SampleProvider, sampleAddress, sampleLogin } from '../../src/account/sample.ts'
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
      const { smtpPort, ...pop3 } = sample
      const { host } = pop3
      const smtp = smtpPort === undefined ? (false as const) : { host, port: smtpPort, tls: 'none' as const }
      return { account: { ...pop3, address: sampleAddress, tls: 'none' as const, user: sampleLogin, smtp } }
    },
  )
}
