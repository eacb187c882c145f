/** What a backup holds, as it is read: which records there are, and whether the rest of it belongs to them. */
import { accountOfKey, BackupUnfit, damaged, type Entry, runOfKey } from './backup-entry.ts'
import type { AccountRecord } from './account-record.ts'
import type { DestinationRecord } from './destinations.ts'
import { keys } from './key-names.ts'
import { redisLimits } from './limits.ts'
import { readable } from '../readable.ts'
import type { TokenRecord } from './tokens.ts'

export class BackupContents {
  readonly #accounts = new Set<string>()
  readonly #destinations = new Set<string>()
  /** Login -> the destination that has it. */
  readonly #logins = new Map<string, string>()
  readonly #twice = new Set<string>()
  /** Destination -> one of the accounts that say that theirs it is. */
  readonly #owners = new Map<string, string>()
  readonly #tokens = new Set<string>()
  readonly #webhooks = new Set<string>()
  readonly #others = new Set<string>()
  /** The string that is being read, and how long it is up to now. */
  #string = { key: '', octets: 0 }

  /** @throws BackupUnfit if the entry belongs to no account before it, or continues a string that is not there. */
  add(entry: Entry, line: number): void {
    const accountId = accountOfKey(entry.key)
    if (accountId !== undefined && !this.#accounts.has(accountId))
      throw damaged(line, `something of the account ${accountId}, which is not in it`)
    if (entry.type === 'string') this.#addPiece(entry, line)
    if (entry.type !== 'hash') return
    const ids = Object.keys(entry.value)
    if (entry.key === keys.accounts) {
      this.#addIds(this.#accounts, ids, line)
      for (const [id, json] of Object.entries(entry.value)) this.#addOwner(id, json)
    } else if (entry.key === keys.destinations) {
      this.#addIds(this.#destinations, ids, line)
      for (const [id, json] of Object.entries(entry.value)) this.#addLogin(id, json)
    } else this.#addGrants(entry.key, entry.value)
  }

  /** A piece far behind the end would make Redis fill what is between. A run is one piece. */
  #addPiece({ key, at, value }: Extract<Entry, { type: 'string' }>, line: number): void {
    const continues = key === this.#string.key && at === this.#string.octets && runOfKey(key) === undefined
    if (at !== 0 && !continues) throw damaged(line, `a piece of ${key} without the one before it`)
    this.#string = { key, octets: at + Buffer.byteLength(value, 'base64') }
  }

  #addIds(to: Set<string>, ids: readonly string[], line: number): void {
    for (const id of ids) {
      if (!/^[0-9A-Z]{26}$/.test(id)) throw damaged(line, 'no id')
      to.add(id)
    }
    if (to.size > redisLimits.backupRecordsMax) throw damaged(line, 'more records than any instance has')
  }

  #addOwner(id: string, json: string): void {
    const { destinationId } = (readable<AccountRecord>(json, 'account')?.account ?? {}) as {
      readonly destinationId?: unknown
    }
    if (typeof destinationId === 'string') this.#owners.set(destinationId, id)
  }

  #addLogin(id: string, json: string): void {
    const { login } = (readable<DestinationRecord>(json, 'destination')?.destination ?? {}) as {
      readonly login?: unknown
    }
    if (typeof login !== 'string') return
    if (this.#logins.has(login) && this.#logins.get(login) !== id) this.#twice.add(login)
    this.#logins.set(login, id)
  }

  #addGrants(key: string, value: Readonly<Record<string, string>>): void {
    if (key === keys.tokens)
      for (const [id, json] of Object.entries(value)) {
        const record = readable<TokenRecord>(json, 'scopes')
        if (record?.destinationId === null && record.scopes.includes('admin')) this.#tokens.add(id)
      }
    if (key === keys.webhooks) for (const id of Object.keys(value)) this.#webhooks.add(id)
    if (key === keys.passwords && 'admin' in value) this.#others.add('an admin’s password')
    if (key === keys.notice && 'notice' in value) this.#others.add('an SMTP server for the bulletin')
    if (key === keys.settings && 'ownerPorts' in value) this.#others.add('settings of where owners may lead')
    if (key === keys.oauthApplications && Object.keys(value).length > 0) this.#others.add('applications for signing in')
  }

  counts(): { readonly accounts: number; readonly destinations: number } {
    return { accounts: this.#accounts.size, destinations: this.#destinations.size }
  }

  /** @throws BackupUnfit if two destinations have one login, or an account has a destination that is not in it. */
  demandWhole(): void {
    const [login] = this.#twice
    if (login !== undefined)
      throw new BackupUnfit('file', `In this backup two destinations have the login ${login}. Nothing was changed.`)
    for (const [destination, account] of this.#owners)
      if (!this.#destinations.has(destination))
        throw new BackupUnfit(
          'file',
          `In this backup the account ${account} has a destination that is not in it. Nothing was changed.`,
        )
  }

  /** What somebody may have put there to get in later, or to have something sent. */
  grants(): string[] {
    const counted = (many: number, one: string, more: string) =>
      many === 0 ? [] : [many === 1 ? `1 ${one}` : `${many} ${more}`]
    return [
      ...counted(this.#tokens.size, 'token for the whole instance', 'tokens for the whole instance'),
      ...counted(this.#webhooks.size, 'webhook', 'webhooks'),
      ...[...this.#others].toSorted(),
    ]
  }
}
