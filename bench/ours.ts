/** Pulls by Tributary as production runs it, and says what its parts used for it. */
import type { Child } from '../deploy/child.ts'
import type { Account } from '../src/account/account.ts'
import type { AccountId } from '../src/mail/message.ts'
import { Accounts } from '../src/redis/accounts.ts'
import { keys } from '../src/redis/key-names.ts'
import { PullQueue } from '../src/redis/queue.ts'
import { Runs } from '../src/redis/runs.ts'
import type { Run } from '../src/runs/run.ts'
import type { TestDovecot } from '../test/support/dovecot.ts'
import { startGateway } from '../test/support/gateway.ts'
import { type Maildrop, pullWaitMs } from './peers.ts'
import { type Usage, watch } from './usage.ts'

export interface Ours {
  readonly store: TestDovecot
  readonly workerPid: number
  /** Pulls into a login of the store that holds nothing yet. The time is the run's own, from start to finish. */
  pull(maildrop: Maildrop, login: string): Promise<OursPulled>
  /** Visits the maildrop that was pulled last once more, and deletes there what is stored. */
  deleteAll(): Promise<OursPulled>
  /** Visits the maildrop that was pulled last again, as it is set now. */
  visitAgain(stored: number, deleted: number): Promise<OursPulled>
  /** The octets that Redis has for what is known of the messages of the account that was pulled last. */
  ledgerOctets(): Promise<number>
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

  let last: { readonly account: Account; readonly messages: number } | undefined
  const visit = async (accountId: AccountId, wanted: Pick<Run, 'stored' | 'deleted'>): Promise<OursPulled> => {
    const watched = watch({ worker: worker.pid, redis: server.pid, store: store.pid() })
    const { id } = await queue.request(accountId)
    const run = await runs.waitForEnd(id, pullWaitMs)
    const usages = watched.stop()
    if (run?.state !== 'done' || run.stored !== wanted.stored || run.deleted !== wanted.deleted) {
      throw new Error(`Tributary: ${JSON.stringify(run)}\n${said.join('\n')}`)
    }
    const seconds = (Date.parse(run.finishedAt ?? '') - Date.parse(run.startedAt ?? '')) / 1000
    return { seconds, ...usages }
  }

  return {
    store,
    workerPid: worker.pid,
    async pull({ port, user, password, messages, tls = false }, login) {
      const destinationId = await gateway.destination(login)
      const line = { port, tls: tls ? 'implicit' : 'none', tlsVerify: !tls } as const
      const [account] = await gateway.register([{ ...line, user, password, destinationId, paused: true }])
      if (account === undefined) throw new Error('there is no account')
      last = { account, messages }
      return await visit(account.id, { stored: messages, deleted: 0 })
    },
    async deleteAll() {
      if (last === undefined) throw new Error('nothing was pulled')
      const { account, messages } = last
      const changed = await new Accounts(redis).update(account.id, (before) => {
        const after = { ...before.account, retention: { mode: 'delete' } as const }
        return { record: { ...before, account: after }, due: 'as before' }
      })
      if (typeof changed === 'string') throw new Error(changed)
      return await visit(account.id, { stored: 0, deleted: messages })
    },
    async visitAgain(stored, deleted) {
      if (last === undefined) throw new Error('nothing was pulled')
      return await visit(last.account.id, { stored, deleted })
    },
    async ledgerOctets() {
      if (last === undefined) throw new Error('nothing was pulled')
      return await redis.strlen(keys.ledger(last.account.id))
    },
    async stop() {
      await worker.stop(20_000)
      await queue.close()
      await runs.close()
      await gateway.stop()
    },
  }
}
