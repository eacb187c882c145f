/** Pulls by Tributary as production runs it, and says what its parts used for it. */
import type { Child } from '../deploy/child.ts'
import { PullQueue } from '../src/redis/queue.ts'
import { Runs } from '../src/redis/runs.ts'
import type { TestDovecot } from '../test/support/dovecot.ts'
import { startGateway } from '../test/support/gateway.ts'
import { type Maildrop, pullWaitMs } from './peers.ts'
import { type Usage, watch } from './usage.ts'

export interface Ours {
  readonly store: TestDovecot
  readonly workerPid: number
  /** Pulls into a login of the store that holds nothing yet. The time is the run's own, from start to finish. */
  pull(maildrop: Maildrop, login: string): Promise<OursPulled>
  stop(): Promise<void>
}

export interface OursPulled {
  readonly seconds: number
  readonly worker: Usage
  readonly redis: Usage
  readonly store: Usage
}

/** @param logins are those of the store. @param built is the folder of the built worker; another one serves to compare two builds. */
export async function startOurs(folder: string, logins: readonly string[], built?: string): Promise<Ours> {
  const gateway = await startGateway(folder, logins, built)
  const { redis, server, store, said } = gateway
  const runs = new Runs(redis)
  const queue = new PullQueue(redis, runs, { onError: () => {} })
  const worker: Child = await gateway.startWorker()

  return {
    store,
    workerPid: worker.pid,
    async pull({ port, user, password, messages }, login) {
      const destinationId = await gateway.destination(login)
      const [account] = await gateway.register([{ port, user, password, destinationId, paused: true }])
      if (account === undefined) throw new Error('there is no account')
      const watched = watch({ worker: worker.pid, redis: server.pid, store: store.pid() })
      const { id } = await queue.request(account.id)
      const run = await runs.waitForEnd(id, pullWaitMs)
      const usages = watched.stop()
      if (run?.state !== 'done' || run.stored !== messages) {
        throw new Error(`Tributary: ${JSON.stringify(run)}\n${said.join('\n')}`)
      }
      const seconds = (Date.parse(run.finishedAt ?? '') - Date.parse(run.startedAt ?? '')) / 1000
      return { seconds, ...usages }
    },
    async stop() {
      await worker.stop(20_000)
      await queue.close()
      await runs.close()
      await gateway.stop()
    },
  }
}
