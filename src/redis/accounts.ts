/** Stores the accounts: the record of each, the state that its last runs have left, and when it is due. */
import { createHash } from 'node:crypto'
import type { ChainableCommander, Redis } from 'ioredis'
import { type Account, withRetentionCounted } from '../account/account.ts'
import { formsOfAddress } from '../send/identity.ts'
import { formerSourceName } from '../account/sources.ts'
import { type FailureHistory, noFailures } from '../failure/consequence.ts'
import type { LastFailure } from '../failure/trouble-reason.ts'
import { readable } from '../readable.ts'
import { wellFormedJson } from '../well-formed.ts'
import { redisLimits } from './limits.ts'
import {
  type AccountsWanted,
  addressMemberOf,
  addToIndex,
  dropNeedless,
  idOfMember,
  type Piece,
  walkOf,
  searchWordsOf,
} from './account-index.ts'
import { eraseAccount } from './account-erasure.ts'
import { type AccountRecord, accountRecordIn, readableRecordIn, storedAccount } from './account-record.ts'
import { hashOf } from './hashes.ts'
import { keys } from './key-names.ts'
import { orderSize, putInOrder, textBeginning, textsFrom } from './packed-order.ts'
import { indexQuarantines } from './quarantine-index.ts'
import { whileChanged } from './replaced.ts'
import { type AccountPlaces, placesOfUnreadable } from './unreadable-account.ts'
import { revokeLease, untilReleased } from './revocations.ts'
import { restate, restating, statusKeys } from './statuses.ts'
import { type OpenRuns, stopRuns } from './stopped-runs.ts'

/** What an account of the same source means for a change: see update-account.lua. */
export type Rival = 'refuse' | 'beside' | 'before'

export interface AccountChange {
  readonly record: AccountRecord
  /** `now`: with its failures forgotten. */
  readonly due: 'as before' | 'never' | 'now'
  /** If it is not given, an account stands beside another one of its source only if it is paused and did so before. */
  readonly rival?: Rival
}

/** Written by the worker after each run. */
export interface AccountState extends FailureHistory {
  /** The account is stopped until somebody acts. */
  readonly attention: boolean
  readonly lastFailure: LastFailure | null
  /** Only somebody can mend the last failure, though it is tried again by itself (failure/needs-person.ts). */
  readonly needsPerson?: true
  /** The last visit that went well met messages under new ids. It was told, and is not again while it stays so. */
  readonly idsChanged?: true
  /** So many times in a row its server let it in no more, because we had too many sessions there. */
  readonly turnedAway?: number
  /** So many times in a row its visit gave way to others because its server stood still (workers/put-off.ts). */
  readonly stoodStill?: number
}

export const defaultState: AccountState = { ...noFailures, attention: false, lastFailure: null }

/** One that cannot be read is as if there were none. */
export function accountStateIn(json: string | null | undefined): AccountState {
  return { ...defaultState, ...readable<AccountState>(json) }
}

/** Names the mail that an account fetches and its destination: a second account with the same source would fetch the same mail to the same place. */
export function sourceOf({ host, port, user, destinationId }: Account): string {
  return JSON.stringify([host.toLowerCase(), port, user, destinationId])
}

/** Its name in the order of sources: 96 bits. */
export function sourceNameOf(account: Account): string {
  return createHash('sha256').update(sourceOf(account)).digest('base64url').slice(0, 16)
}

/** The account that fetches the mail of this one to the same place. */
export async function ownerOfSource(redis: Redis, account: Account): Promise<string | undefined> {
  return (await textBeginning(redis, keys.sourceOrder, `${sourceNameOf(account)} `))?.split(' ')[1]
}

/** Notes that the account has its source. */
export function addSource(all: ChainableCommander, account: Account): void {
  putInOrder(all, keys.sourceOrder, `${sourceNameOf(account)} ${account.id}`)
}

/** The first keys of a script that includes account-keys.lua. */
const accountKeys = [
  ...statusKeys,
  keys.sourceOrder,
  keys.destinations,
  keys.due,
  keys.accountOrder,
  keys.addressOrder,
  keys.accountWords,
]
const accountKeysOnly = accountKeys.length - statusKeys.length

const createAccount = restating<Created>('create-account', accountKeysOnly + 3)
const updateAccount = restating<Exclude<Created, 'too many'> | 'changed'>('update-account', accountKeysOnly + 5)
const removeAccount = restating<'done' | 'changed' | 'sending'>('remove-account', accountKeysOnly + 8)
const setAccountState = restating<0 | 1>('set-account-state', 0)

export type Created = 'done' | 'conflict' | 'no destination' | 'too many'

interface Creation {
  /** Nothing is made: it is only told what would happen. */
  readonly trial?: boolean
  /** So many accounts may its destination have; undefined: any number. */
  readonly most?: number | undefined
}

/** The number of accounts that are read at once when all are read. */
const chunk = 500

export class Accounts {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** Makes an account. It is due at once, unless it is paused, or somebody is to sign in first. */
  async create(record: AccountRecord, creation: Creation = {}): Promise<Created> {
    const [created] = await this.createAll([record], creation)
    if (created === undefined || created instanceof Error) throw created ?? new Error('Redis gave no answer')
    return created
  }

  /** Makes many accounts, each whole or not at all, and reports the result for each. */
  async createAll(records: readonly AccountRecord[], creation: Creation = {}): Promise<(Created | Error)[]> {
    const all = this.#redis.pipeline()
    for (const record of records) addCreation(all, record, creation)
    const answers = (await all.exec()) ?? []
    return records.map((_record, nth) => {
      const [error, answer] = answers[nth] ?? [new Error('Connection is closed.')]
      return error ?? (answer as Created)
    })
  }

  async get(id: string): Promise<AccountRecord | undefined> {
    return (await this.all([id]))[0]
  }

  /** Gives those of these accounts that exist and can be read. */
  async all(ids: readonly string[]): Promise<AccountRecord[]> {
    if (ids.length === 0) return []
    const found = await this.#redis.hmget(keys.accounts, ...ids)
    return found.flatMap((json, nth) => (json === null ? [] : (readableRecordIn(ids[nth] ?? '', json) ?? [])))
  }

  /**
   * @param change is given the record as it stands. It is called again if somebody else changed the record meanwhile.
   */
  async update(
    id: string,
    change: (before: AccountRecord) => AccountChange,
  ): Promise<AccountRecord | 'unknown' | 'conflict' | 'no destination'> {
    const answer = await whileChanged(this.#redis, { hash: keys.accounts, field: id }, async (json) => {
      const before = accountRecordIn(id, json)
      const { record: changed, due, rival } = change(before)
      const record = { ...changed, account: withRetentionCounted(before.account, changed.account) }
      const [from, to] = [before.account, record.account]
      const sets = [keys.accountsOf(from.destinationId), keys.accountsOf(to.destinationId)]
      const former = [keys.formerSources(from.destinationId), keys.formerSources(to.destinationId)]
      const sources = [sourceNameOf(from), sourceNameOf(to)]
      const members = [addressMemberOf(from), addressMemberOf(to)]
      const usual = sources[0] === sources[1] && to.paused ? 'beside' : 'refuse'
      const fields = [...members, searchWordsOf(to), rival ?? usual, formerSourceName(from), formerSourceName(to)]
      const args = [id, json, storedAccount(record), ...sources, to.destinationId, due, ...fields]
      const answer = await updateAccount(this.#redis, [...accountKeys, ...sets, keys.predecessors, ...former], args)
      return answer === 'done' ? record : answer
    })
    return answer ?? 'unknown'
  }

  /**
   * Removes an account, also one whose record cannot be read, with its ledger and history; its stored mail stays where it is. Its runs end first: when this resolves, nothing is
   * stored or deleted for the account any more. One that has something to send stays: `sending`.
   *
   * @param steps `allow` is given the record as it stands, and may throw; `removed` is called once it is gone for everybody, before its
   * runs have ended.
   */
  async remove(
    id: string,
    runs: OpenRuns,
    nowMs: number,
    steps: { readonly allow?: (before: AccountRecord) => void; readonly removed?: () => Promise<void> } = {},
  ): Promise<'done' | 'unknown' | 'sending'> {
    const outcome = await whileChanged(this.#redis, { hash: keys.accounts, field: id }, async (json) => {
      const record = readableRecordIn(id, json)
      if (record !== undefined) steps.allow?.(record)
      const places = record === undefined ? await placesOfUnreadable(this.#redis, id) : placesOf(record.account)
      const { lastRuns, lastMail, told, removedAccounts, quarantined, predecessors } = keys
      const { destinationId, source, address, former } = places
      const own = [lastRuns, lastMail, told, removedAccounts, quarantined, predecessors]
      const names = [keys.accountsOf(destinationId), ...own, keys.formerSources(destinationId)]
      const args = [id, json, source, address, nowMs, former]
      return await removeAccount(this.#redis, [...accountKeys, ...names], args)
    })
    if (outcome !== 'done') return outcome ?? 'unknown'
    await steps.removed?.()
    await revokeLease(this.#redis, id)
    await stopRuns(this.#redis, runs, id, 'queued')
    await untilReleased(this.#redis, id)
    // That of a worker that died, and one that was claimed or asked for in the moment of the removal.
    await stopRuns(this.#redis, runs, id, 'all')
    await eraseAccount(this.#redis, id)
    return 'done'
  }

  /**
   * @param after a member of the index; `next`: the one to go on after, null at the end. A page may be shorter than its limit, or empty,
   * and still have a `next`: it looks at `redisLimits.accountsWalkedPerPage` accounts at most.
   * @param show gives the entries of those with these ids, in their order, and none for those that do not belong here after all.
   */
  async page<T>(
    limit: number,
    after: string | undefined,
    wanted: AccountsWanted,
    show: (ids: readonly string[]) => Promise<readonly (T | undefined)[]>,
  ): Promise<{ items: T[]; next: string | null }> {
    const walk = await walkOf(this.#redis, wanted)
    // If one more is found than asked for, there is a next page.
    const read = limit + 1
    const found: { readonly member: string; readonly item: T }[] = []
    let from: string | null = after ?? null
    for (let left = redisLimits.accountsWalkedPerPage; ; ) {
      const piece: Piece = await walk.on(from, walk.sparse ? redisLimits.accountsWalkedAtOnce : read)
      for (let at = 0; at < piece.members.length; at += read) {
        const members = piece.members.slice(at, at + read)
        const items = await show(members.map(idOfMember))
        for (const [nth, member] of members.entries()) {
          const item = items[nth]
          if (item !== undefined) found.push({ member, item })
        }
        if (found.length > limit)
          return { items: found.slice(0, limit).map(({ item }) => item), next: found[limit - 1]?.member ?? null }
      }
      left -= piece.looked
      if (piece.next === null || left <= 0) return { items: found.map(({ item }) => item), next: piece.next }
      from = piece.next
    }
  }

  /** Gives all wanted accounts, some at a time. */
  async *everyone(wanted: AccountsWanted): AsyncGenerator<AccountRecord[]> {
    const walk = await walkOf(this.#redis, wanted)
    for (let from: string | null | undefined; from !== null; ) {
      const { members, next }: Piece = await walk.on(from ?? null, chunk)
      yield await this.all(members.map(idOfMember))
      from = next
    }
  }

  /** Those of one destination that have this address; a domain is one in both of its forms. */
  async withAddress(address: string, destinationId: string, most = chunk): Promise<AccountRecord[]> {
    const starts = formsOfAddress(address).map((form) => `${form} `)
    const pages = starts.map(async (start) => await textsFrom(this.#redis, keys.addressOrder, `[${start}`, most))
    const found = (await Promise.all(pages)).flatMap((texts, nth) =>
      texts.filter((text) => text.startsWith(starts[nth] ?? '')).map(idOfMember),
    )
    const records = await this.all([...new Set(found)])
    return records.filter(({ account }) => account.destinationId === destinationId)
  }

  async state(id: string): Promise<AccountState> {
    return accountStateIn(await this.#redis.hget(keys.accountStates, id))
  }

  /** Writes the state, unless the account is gone. */
  async setState(id: string, state: AccountState): Promise<void> {
    await setAccountState(this.#redis, statusKeys, [id, wellFormedJson(state)])
  }

  /** Counts the accounts that gather in each of these destinations. */
  async counts(destinationIds: readonly string[]): Promise<number[]> {
    return await Promise.all(destinationIds.map((id) => this.#redis.zcard(keys.accountsOf(id))))
  }

  /** Makes the indexes of accounts and quarantines that an earlier version has stored without one. The API calls it at its start. */
  async ensureIndexed(): Promise<void> {
    await Promise.all([indexQuarantines(this.#redis), dropNeedless(this.#redis)])
    const kept = await this.#redis.hlen(keys.accounts)
    const sizes = await Promise.all(
      [keys.accountOrder, keys.addressOrder].map((order) => orderSize(this.#redis, order)),
    )
    const hasSources = kept === 0 || (await this.#redis.exists(keys.sourceOrder)) === 1
    if (hasSources && sizes.every((size) => size === kept)) return
    for await (const found of hashOf(this.#redis, keys.accounts)) {
      const all = this.#redis.pipeline()
      for (const [id, json] of Object.entries(found)) {
        const record = readableRecordIn(id, json)
        if (record === undefined) continue
        const { account, twinOf } = record
        addToIndex(all, account)
        if (!hasSources && twinOf === undefined) addSource(all, account)
      }
      await all.exec()
      await restate(this.#redis, Object.keys(found))
    }
  }
}

function addCreation(all: ChainableCommander, record: AccountRecord, { trial = false, most }: Creation): void {
  const { account } = record
  const args = [
    account.id,
    storedAccount(record),
    sourceNameOf(account),
    account.destinationId,
    account.paused || account.auth === 'oauth2' ? 'never' : 'now',
    addressMemberOf(account),
    searchWordsOf(account),
    trial ? 'try' : '',
    formerSourceName(account),
    most ?? '',
  ]
  const { destinationId } = account
  const names = [keys.accountsOf(destinationId), keys.predecessors, keys.formerSources(destinationId)]
  createAccount(all, [...accountKeys, ...names], args)
}

function placesOf(account: Account): AccountPlaces {
  const { destinationId } = account
  return {
    destinationId,
    source: sourceNameOf(account),
    address: addressMemberOf(account),
    former: formerSourceName(account),
  }
}
