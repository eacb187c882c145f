/** Gets a quarantined message for a person who wants to read it: from the spool, or once more from the provider. */
import type { Redis } from 'ioredis'
import { OctetBudget } from '../src/budget.ts'
import { underSignals } from '../src/deadline.ts'
import { describeAsked } from '../src/failure/sentences.ts'
import { SessionFailed } from '../src/failure/session-failed.ts'
import { retrieveAgain } from '../src/pop3/retrieve-again.ts'
import { type QuarantineEntry, recordOf } from '../src/pull/quarantine.ts'
import type { AccountRecord } from '../src/redis/account-record.ts'
import { exclusively } from '../src/redis/exclusively.ts'
import { atGuestSlot, NoSlot } from '../src/redis/guest-slots.ts'
import type { InstanceSettingsStore } from '../src/redis/instance-settings.ts'
import { readRecords } from '../src/redis/ledger-records.ts'
import { spooledMessage } from '../src/redis/spool.ts'
import type { Seal } from '../src/seal.ts'
import { ownTraits } from '../src/sasl/kept-traits.ts'
import { Problem } from './http/problems.ts'
import { currentReach } from './http/reach.ts'
import { apiLimits } from './limits.ts'

interface QuarantinedMessagesWorld {
  readonly redis: Redis
  readonly seal: Seal
  readonly settings: InstanceSettingsStore
}

export class QuarantinedMessages {
  readonly #world: QuarantinedMessagesWorld
  readonly #budget = new OctetBudget(apiLimits.downloadsHeldMax)

  constructor(world: QuarantinedMessagesWorld) {
    this.#world = world
  }

  /**
   * @param gone is aborted when the client goes away.
   * @throws Problem if a run holds the maildrop, or the provider does not give the message.
   */
  async bytesOf(record: AccountRecord, entry: QuarantineEntry, gone: AbortSignal): Promise<Buffer> {
    const { redis } = this.#world
    const { account } = record
    const spooled = entry.spooled && (await spooledMessage(redis, account.id, entry.spooled))
    if (spooled) return spooled.bytes
    const holding = await this.#budget.hold(entry.size, { signal: gone })
    gone.addEventListener('abort', () => holding.release(), { once: true })
    const bytes = await this.#retrieve(record, entry, gone)
    if (bytes === undefined)
      throw new Problem('gone', `The provider does not list the message of ${entry.id} any more.`)
    holding.adjust(bytes.length)
    return bytes
  }

  /** Takes the maildrop for itself: most servers let in one session at a time, and a session of ours would make a run fail. */
  async #retrieve({ account, sealedPassword, ...rest }: AccountRecord, entry: QuarantineEntry, gone: AbortSignal) {
    const { redis, seal, settings } = this.#world
    const wanted = recordOf(entry, await readRecords(redis, account.id)) ?? recordFrom(entry)
    const password = seal.open(sealedPassword, account.id, 'password')
    const reach = await currentReach(settings, rest, 'pop3')
    const patience = { waitMs: apiLimits.leaseWaitMs, pollMs: apiLimits.leasePollMs, late: maildropInUse }
    return await exclusively(
      redis,
      account.id,
      patience,
      async ({ lost }) =>
        await underSignals([lost, gone], async (signal) => {
          return await atGuestSlot(redis, account, async (loginGate) => {
            return await retrieveAgain(
              { ...account, ...ownTraits(account, rest), password, reach, signal, loginGate },
              wanted,
            )
          })
        }),
    ).catch((error: unknown) => {
      throw problemAtProvider(error)
    })
  }
}

/** Makes a record from what the entry itself says about its message. It is used if the ledger has no record of the message any more. */
function recordFrom({ size, record: { uidl, digest } }: QuarantineEntry) {
  return { uidl: uidl ?? undefined, digest: digest ?? undefined, fingerprint: undefined, size }
}

function problemAtProvider(error: unknown): unknown {
  if (error instanceof NoSlot) return new Problem('provider-unavailable', error.message)
  if (!(error instanceof SessionFailed)) return error
  const { failure } = error
  return new Problem('provider-unavailable', failure.kind === 'internal' ? failure.reason : describeAsked(failure))
}

function maildropInUse(): Problem {
  return new Problem(
    'maildrop-in-use',
    'Somebody is visiting this maildrop just now, mostly a run; try again when it has ended.',
  )
}
