/** The visit that a run makes: it opens the ports of src/pull/ports.ts, and learns the traits of the provider's server meanwhile. */
import { randomBytes } from 'node:crypto'
import type { ImportLimits } from '../src/account/import-limits.ts'
import type { ServerTrait } from '../src/account/server-traits.ts'
import type { Failure } from '../src/failure/failure.ts'
import { failureOf, SessionFailed } from '../src/failure/session-failed.ts'
import { isTokenCut } from '../src/failure/token-ended.ts'
import type { Logger } from '../src/log.ts'
import type { Token } from '../src/mail/message.ts'
import type { AccountLedger } from '../src/pull/ledger-ports.ts'
import type { Maildrop, WindowPace } from '../src/pull/maildrop-ports.ts'
import type { World } from '../src/pull/ports.ts'
import type { Store } from '../src/pull/store-ports.ts'
import { pullAccount } from '../src/pull/pull.ts'
import { rebuild } from '../src/pull/rebuild.ts'
import type { Arrivals } from '../src/redis/arrivals.ts'
import { refusalOf } from '../src/redis/headroom.ts'
import type { Lease } from '../src/redis/lease.ts'
import { RedisLedger } from '../src/redis/ledger.ts'
import { Recorder } from '../src/redis/transcripts.ts'
import { Spread } from '../src/runs/measures.ts'
import type { Run, RunCounts } from '../src/runs/run.ts'
import { Allowance } from './allowance.ts'
import { noticeSentence } from './notices.ts'
import { Progress } from './progress.ts'
import { openField } from '../src/redis/key-names.ts'
import { ListingRoom } from '../src/pop3/listing-room.ts'
import { workerLimits } from './limits.ts'
import { sharesOf } from './maildrops.ts'
import type { LoginDelay } from './login-delay.ts'
import type { BegunSession } from './check.ts'
import type { RunPorts } from './options.ts'
import type { HeldPlace } from './place.ts'
import type { LoadedAccount, PullWorld } from './pull-world.ts'
import type { SentMail } from './sent-mail.ts'
import { logNotice, logRunBroke, logServerLearnt } from './run-log.ts'

/** A run that is to be made, and its lease. */
export interface RunOrder {
  readonly run: Run
  readonly loaded: LoadedAccount
  readonly lease: Lease
  /** Is aborted if the run may not go on. */
  readonly signal: AbortSignal
  readonly log: Logger
  /** The time when it was due. */
  readonly dueMs: number
  /** Somebody asked for it. */
  readonly asked: boolean
  /** The session that is open already. */
  readonly begun?: BegunSession | undefined
  readonly place: HeldPlace
  readonly delay: LoginDelay
  /** If it finds nothing to do it becomes a part of the account's row of idle visits. */
  readonly joinsRow: boolean
  /** Nobody has heard of it. */
  readonly isQuiet: boolean
}

/** The records that a run writes while it is at work. */
interface RunRecords {
  /** The counts grow as the run goes, so that a run that fails still reports what it did. */
  readonly counts: RunCounts
  readonly progress: Progress
  readonly arrivals: Pick<Arrivals, 'add'>
  readonly sentMail: SentMail
  readonly recorder: Recorder | undefined
  readonly setAsideAfterMs: number
  readonly importLimits: readonly ImportLimits[]
  /** It was told at an earlier visit that the ids of this maildrop change. */
  readonly idsChangedBefore: boolean
}

/** The ports that are opened for a run, and the traits that are learnt of the provider's server meanwhile. */
export class Visit {
  /** The time that the store took for each append. */
  readonly appends = new Spread('tributary_append_duration_seconds')
  readonly #world: PullWorld
  readonly #order: RunOrder
  readonly #records: RunRecords
  readonly #ports: RunPorts
  #loginDelayMs = 0
  #wasLetIn = false
  #leaveLane: (() => void) | undefined
  #peer: string | undefined
  #idsChanged = false
  readonly #allowance: Allowance
  readonly #listingRoom: ListingRoom
  /** Why messages are deferred, though the run is done. */
  #deferredBecause: Failure | undefined

  constructor(world: PullWorld, order: RunOrder, records: RunRecords) {
    this.#world = world
    this.#order = order
    this.#records = records
    this.#ports = world.between?.(order.run.accountId) ?? {}
    const shares = sharesOf(order.loaded.account)
    this.#listingRoom =
      order.begun?.listingRoom ?? new ListingRoom(world.listingBudget, { shares, signal: order.signal })
    this.#allowance = new Allowance(world, order.loaded, order.signal, records.importLimits)
  }

  /** Uses the known traits of the server. If only the way of asking was wrong, the session is repeated at once. */
  async pullAsItCan(): Promise<Failure | undefined> {
    return this.#withSilences(await this.#pullAsItCan())
  }

  async #pullAsItCan(): Promise<Failure | undefined> {
    const { serverTraits, clock } = this.#world
    const { account } = this.#order.loaded
    const before = await serverTraits.of(account, clock.nowMs())
    const traits = this.#order.begun?.traits ?? new Set(before)
    let failure = await this.#pull(traits)
    if (isTokenCut(failure)) failure = await this.#goOnWithNewTokens(failure, traits)
    const learnt = [...traits].filter((trait) => !before.has(trait))
    if (learnt.length === 0 || failure?.kind === 'superseded') return failure
    await serverTraits.learn(account, learnt, clock.nowMs())
    logServerLearnt(this.#order.log, account, learnt)
    const again = failure !== undefined && (learnt.includes('one at a time') || learnt.includes('no UIDL n'))
    return again && !this.#order.delay.blocks() ? await this.#pull(traits) : failure
  }

  get #mayLogInAgain(): boolean {
    return this.#order.delay.leftMs === 0
  }

  /**
   * A run that outlives its token goes on with another one, as long as that brings mail. Where the server wants a time between logins, or has
   * cut the run off often enough, the account is due again.
   */
  async #goOnWithNewTokens(cut: Failure | undefined, traits: Set<ServerTrait>): Promise<Failure | undefined> {
    const { counts } = this.#records
    let failure = cut
    let before = 0
    for (let nth = 0; isTokenCut(failure); nth += 1) {
      const hasMoved = counts.stored + counts.recovered + counts.deleted > before
      before = counts.stored + counts.recovered + counts.deleted
      if (nth > 0 && !hasMoved) return failure
      const isOver = nth === workerLimits.tokensPerRun || !this.#mayLogInAgain || this.#allowance.overtimeMs() >= 0
      if (isOver && before === 0) return failure
      if (isOver) {
        this.#allowance.leavesMore('time')
        return undefined
      }
      failure = await this.#pull(traits)
    }
    return failure
  }

  /** The provider has let us in, at least once. */
  get wasLetIn(): boolean {
    return this.#wasLetIn
  }

  /** The address and port that were reached last. */
  get peer(): string | undefined {
    return this.#peer ?? this.#order.begun?.peer
  }

  /** Known messages had new ids. */
  get idsChanged(): boolean {
    return this.#idsChanged
  }

  /** Why messages are deferred, though the run is done; undefined if none was due. */
  get deferredBecause(): Failure | undefined {
    return this.#withSilences(this.#deferredBecause)
  }

  /** Adds how long a server was silent in all, where the visit has asked it more than once. */
  #withSilences(failure: Failure | undefined): Failure | undefined {
    const { silences } = this.#order.place.pulse
    return failure?.kind === 'silent' && !failure.slow && silences.times > 1 ? { ...failure, silences } : failure
  }

  /** When it is to go on, if it has ended before all was done and nothing has failed (CONTRACT section 5, `more`); undefined: it has not. */
  get moreAfterMs(): number | undefined {
    return this.#allowance.moreAfterMs
  }

  /** LOGIN-DELAY of its server (RFC 2449 section 6.5); 0: it names none. */
  get loginDelaySeconds(): number {
    return this.#loginDelayMs / 1000
  }

  async #pull(traits: Set<ServerTrait>): Promise<Failure | undefined> {
    const { loaded, run, lease, signal, log } = this.#order
    try {
      const store = await this.#world.openStore(loaded.destination, lease, signal, loaded.account)
      const world = this.#runWorld(timed(this.#ports.store?.(store) ?? store, this.appends), traits)
      const { account } = loaded
      if (run.task === 'rebuild') await rebuild(world, account, this.#records.counts)
      else this.#deferredBecause = await pullAccount(world, account, this.#records.counts)
      return undefined
    } catch (error) {
      // An error that our own abort caused tells how the session broke, and not why.
      if (signal.aborted) return signal.reason instanceof SessionFailed ? signal.reason.failure : { kind: 'superseded' }
      const failure = refusalOf(error) ?? failureOf(error)
      if (failure.kind === 'internal' && failure.remedy === undefined) logRunBroke(log, error)
      return failure
    } finally {
      this.#leaveLane?.()
      this.#leaveLane = undefined
      this.#allowance.end()
      this.#listingRoom.release()
    }
  }

  #runWorld(store: Store, traits: Set<ServerTrait>): World {
    const { publicName, clock } = this.#world
    const { run, loaded, signal, log, asked } = this.#order
    const isAsked = asked || run.cause === 'request'
    const { progress, arrivals, sentMail } = this.#records
    const ledger = this.#ledger()
    return {
      run: {
        id: run.id,
        publicName,
        requested: isAsked,
        setAsideAfterMs: this.#records.setAsideAfterMs,
      },
      store,
      ledger,
      intents: ledger,
      spool: ledger,
      quarantine: ledger,
      attempts: ledger,
      clock,
      openMaildrop: (pace) => this.#openMaildrop(traits, pace),
      openTraces: () =>
        this.#world.openTraces(
          loaded.destination,
          signal,
          async () => isAsked || (await this.#world.isRequested(openField(run.accountId, run.task))),
        ),
      newToken: tokens(),
      enterLane: async () => {
        const { lane, laneWaitMs = workerLimits.laneWaitMs } = this.#world
        this.#leaveLane ??= await lane.enter(signal, laneWaitMs)
        return this.#leaveLane !== undefined
      },
      leaveLane: () => {
        this.#leaveLane?.()
        this.#leaveLane = undefined
      },
      stopping: () => this.#world.stopping(),
      overtimeMs: () => this.#allowance.overtimeMs(),
      enterHeavy: async () => await this.#allowance.enterHeavy(),
      isWanted: () => this.#allowance.isWanted(),
      importBudget: this.#allowance.importBudget,
      sorting: sentMail,
      leavesMore: (why) => this.#allowance.leavesMore(why),
      progress: (fetched, secondsLeft) => progress.changed(fetched, secondsLeft),
      arrived: (messages) => {
        arrivals.add(messages)
        sentMail.arrived(messages)
      },
      notice: (notice) => {
        const isIdsChanged = notice.event === 'ids changed'
        this.#idsChanged ||= isIdsChanged
        // Some servers have other ids in each session.
        if (isIdsChanged && this.#records.idsChangedBefore) return
        const sentence = noticeSentence(notice)
        logNotice(log, notice, sentence)
        progress.notice(sentence)
      },
    }
  }

  #ledger(): AccountLedger {
    const { redis, stampMs } = this.#world
    const { run, loaded, lease } = this.#order
    const { counts } = this.#records
    const roomFor = async (records: number) => await this.#listingRoom.expect(records)
    const { predecessor } = loaded
    const ledger = new RedisLedger(redis, lease, stampMs, { id: run.id, counts, predecessor, roomFor })
    return this.#ports.ledger?.(ledger) ?? ledger
  }

  async #openMaildrop(traits: Set<ServerTrait>, pace: WindowPace): Promise<Maildrop> {
    const { accounts } = this.#world
    const { loaded, signal, begun, place, delay } = this.#order
    const { recorder } = this.#records
    const reached = (peer: string) => {
      this.#peer = peer
      place.reached(peer)
    }
    const budget = this.#allowance.room
    const visit = {
      traits,
      pace,
      signal,
      transcript: recorder?.transcript,
      reached,
      pulse: place.pulse,
      delay,
      budget,
      listingRoom: this.#listingRoom,
    }
    const opening = begun?.openMaildrop(pace, budget) ?? this.#world.openMaildrop(loaded, visit)
    const maildrop = await opening.finally(() => recorder?.write())
    this.#wasLetIn = true
    this.#loginDelayMs = maildrop.loginDelayMs
    // This is stored for people, and for later: a server may say so in one session and not in the next.
    if (maildrop.hidesRetrieved && !loaded.account.hidesRetrieved)
      await accounts.update(loaded.account.id, ({ account, ...rest }) => ({
        record: { ...rest, account: { ...account, hidesRetrieved: true } },
        due: 'as before',
      }))
    return this.#ports.maildrop?.(maildrop) ?? maildrop
  }
}

function timed(store: Store, appends: Spread): Store {
  return {
    ...store,
    async append(...args) {
      const fromMs = performance.now()
      const answer = await store.append(...args)
      appends.observe(performance.now() - fromMs)
      return answer
    },
  }
}

/** Random octets are taken a page at a time: to ask the kernel for each token costs more than the rest of an intent's entry. */
function tokens(): () => Token {
  let page = Buffer.alloc(0)
  return () => {
    if (page.length === 0) page = randomBytes(4096)
    const token = page.toString('hex', 0, 16) as Token
    page = page.subarray(16)
    return token
  }
}
