/** Puts the submission server together: with the certificate of the mail ports, now and whenever it is renewed. */
import type { Redis } from 'ioredis'
import type { Config } from '../../src/config.ts'
import { type CertificateFiles, type Pair, readPair, watchPair } from '../../src/disk/certificate.ts'
import type { Home } from '../../src/disk/home.ts'
import { isThere } from '../../src/disk/is-there.ts'
import type { Accounts } from '../../src/redis/accounts.ts'
import { readMark } from '../../src/redis/format/mark.ts'
import { externalUsersIn } from './external-users.ts'
import { type LoginsWorld, SubmissionLogins } from './logins.ts'
import { permittedSenders } from './permitted-senders.ts'
import { SubmissionServer } from './server.ts'
import type { SubmissionWorld } from './submission.ts'

export interface ServedWorld extends Omit<LoginsWorld, 'users'>, Pick<SubmissionWorld, 'desk'> {
  readonly accounts: Accounts
  readonly redis: Redis
}

export interface ServedSubmission {
  stop(): Promise<void>
}

/** The files of the certificate; undefined if there is none, or no port: mail programs do not send here then. */
export function submissionCertificate({ tls, submission }: Config, home: Home): CertificateFiles | undefined {
  if (submission.submissionPort === 0 && submission.submissionsPort === 0) return undefined
  const { certFile, keyFile } = home
  return tls ?? (isThere(certFile) && isThere(keyFile) ? { certFile, keyFile } : undefined)
}

export async function serveSubmission(
  { submission, publicName }: Pick<Config, 'submission' | 'publicName'>,
  files: CertificateFiles | undefined,
  world: ServedWorld,
): Promise<ServedSubmission | undefined> {
  const { log, redis } = world
  if (files === undefined) {
    log.info(
      { event: 'submission off' },
      'Mail programs do not send by this process: it has no certificate, or no port',
    )
    return undefined
  }
  let pair: Pair
  try {
    pair = readPair(files)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    log.error(
      { event: 'submission broke', reason },
      `Mail programs cannot send here: the certificate cannot be served (${reason})`,
    )
    return undefined
  }
  const logins = new SubmissionLogins({ ...world, users: externalUsersIn(redis) })
  const server = new SubmissionServer({ ...submission, publicName }, pair, {
    ...world,
    logins,
    isChanging: async () => (await readMark(redis)).state !== 'settled',
    sendersOf: async (id) => await permittedSenders(world.accounts, id),
  })
  await server.listen()
  const watch = watchPair(files, {
    changed(renewed) {
      server.renew(renewed)
      log.info({ event: 'certificate renewed', part: 'submission', validTo: renewed.validTo })
    },
    refused: (reason) =>
      log.error(
        { event: 'certificate refused', part: 'submission', reason },
        'The new certificate is not served; the one before stays',
      ),
  })
  return {
    async stop() {
      watch.stop()
      await server.stop()
    },
  }
}
