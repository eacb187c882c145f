/** A message that was accepted, and a store of one of three kinds in which its copy and its report are to stand. */
import { createServer, connect as dial, type Server } from 'node:net'
import assert from 'node:assert/strict'
import { ulid } from 'ulid'
import type { Redis } from 'ioredis'
import type { OutboxFiles } from '../../src/disk/outbox.ts'
import type { StoreTarget } from '../../src/imap/connection.ts'
import type { StorePool } from '../../src/imap/pool.ts'
import type { Token } from '../../src/mail/message.ts'
import type { Store } from '../../src/pull/store-ports.ts'
import { Sendings } from '../../src/redis/outbox.ts'
import type { OutboxEntry } from '../../src/send/entry.ts'
import { type FollowUpWorld, followCopy } from '../../workers/outbox-copies.ts'
import type { TestDovecot } from './dovecot.ts'
import { entryOf } from './entries.ts'
import { converse, readFolder } from './reader.ts'

const second = 1000
export const sentBcc = 'Bcc: bob@example.org\r\n'
export const sentBytes = Buffer.from(
  'Date: Mon, 30 Nov 2026 10:00:00 +0000\r\nMessage-ID: <tea@example.net>\r\nFrom: me@example.net\r\nTo: ann@example.org\r\nSubject: Tea\r\n\r\nAt four?\r\n',
)

export interface SentPlaces {
  readonly redis: Redis
  readonly dovecot: Pick<TestDovecot, 'imapPort'>
  readonly bare: Server
  readonly pool: StorePool
  readonly files: OutboxFiles
  /** Logins that nobody has used. */
  readonly logins: string[]
}

/** The same store, without UIDPLUS and MOVE, and without a folder that it says is for sent mail. */
export async function withoutMoving(port: number): Promise<Server> {
  const relay = createServer((client) => {
    const store = dial(port, '127.0.0.1')
    client.on('error', () => store.destroy()).pipe(store)
    store.on('error', () => client.destroy())
    store.on('data', (piece) => {
      const text = piece.toString('latin1').replaceAll('UIDPLUS', 'XIDPLUS').replaceAll(' MOVE', ' XOVE')
      client.write(text.replace(/ \[APPENDUID [^\]]*\]|\* LIST [^\r]*\\Sent[^\r]*\r\n/g, ''), 'latin1')
    })
    store.on('end', () => client.end())
  })
  return await new Promise((resolve) => relay.listen(0, '127.0.0.1', () => resolve(relay)))
}

export type Kind = 'hosted' | 'imap' | 'bare'

export class SentCase implements FollowUpWorld {
  readonly login: string
  readonly sendings: FollowUpWorld['sendings']
  readonly bodies: OutboxFiles
  readonly pool: StorePool
  readonly publicName = 'gather.example.org'
  readonly kind: Kind
  /** The store cannot be reached. */
  isAway = false
  sentCopy: 'auto' | 'always' | 'never' = 'auto'
  id = ''
  /** The time of acceptance. */
  readonly beganMs = Date.UTC(2026, 10, 30, 10)
  now = this.beganMs
  /** Ends the process before or after the nth effect. */
  crash: { readonly when: 'before' | 'after'; readonly nth: number } | undefined
  /** How it ends: by an exception, unless it is a process of its own. */
  end = async (): Promise<never> => {
    throw new Crash()
  }
  effects: string[] = []
  #token = 0
  #holder = 0

  readonly #place: SentPlaces

  constructor(kind: Kind, places: SentPlaces) {
    this.kind = kind
    this.#place = places
    this.login = places.logins.pop() ?? assert.fail('every mailbox of this file is in use')
    this.bodies = places.files
    this.pool = places.pool
    const sendings = new Sendings(places.redis)
    this.sendings = {
      get: (id) => sendings.get(id),
      change: async (id, change) => await this.#effect('write', () => sendings.change(id, change)),
    }
  }

  async begin(changes: Partial<OutboxEntry> = {}, body = sentBytes): Promise<this> {
    this.id = ulid()
    const spooled = await this.bodies.spool(this.id)
    await spooled.write(body)
    await spooled.commit()
    const messageId = 'tea@example.net'
    const entry = entryOf(['queued'], {
      id: this.id,
      messageId,
      octets: body.length,
      bcc: sentBcc,
      createdAtMs: this.beganMs,
    })
    const sendings = new Sendings(this.#place.redis)
    await sendings.create(entry, undefined)
    await sendings.change(this.id, (made) => ({
      ...made,
      state: 'accepted',
      nextAttemptAtMs: null,
      endedAtMs: this.beganMs,
      recipients: made.recipients.map((one) => ({ ...one, state: 'accepted' })),
      copy: { ...made.copy, nextAtMs: this.beganMs + 20 * second },
      ...changes,
    }))
    return this
  }

  nowMs = () => this.now
  newToken = () =>
    `${this.id.toLowerCase().replaceAll(/[^0-9a-f]/g, '0')}${`${(this.#token += 1)}`.padStart(6, '0')}` as Token
  sentCopyOf = async () => this.sentCopy

  async target(): Promise<StoreTarget> {
    const { bare, dovecot } = this.#place
    if (this.kind === 'hosted' && !this.isAway) return { kind: 'hosted', id: `d-${this.login}`, login: this.login }
    const port = this.kind === 'bare' ? (bare.address() as { port: number }).port : dovecot.imapPort
    const at = {
      host: '127.0.0.1',
      port: this.isAway ? 1 : port,
      tls: 'none',
      user: this.login,
      password: 'secret',
    } as const
    return { kind: 'imap', id: `d-${this.login}`, ...at }
  }

  async openStore(target: StoreTarget, name: string, mayCommit: () => boolean): Promise<Store> {
    this.#holder += 1
    const store = await this.pool.store(target, {
      staging: { accountId: name, holder: `${this.#holder}-x` },
      mayCommit,
    })
    return {
      ...store,
      prepare: async (path) => await this.#effect('prepare', () => store.prepare(path)),
      append: async (path, copies, flags) => await this.#effect('append', () => store.append(path, copies, flags)),
      deliver: async (path, appended) => await this.#effect('deliver', () => store.deliver(path, appended)),
      finish: async () => await this.#effect('finish', () => store.finish()),
    }
  }

  async #effect<T>(name: string, act: () => Promise<T>): Promise<T> {
    const nth = this.effects.push(name) - 1
    // A process that has ended does nothing more.
    if (this.crash !== undefined && nth > this.crash.nth) await this.end()
    if (this.crash?.when === 'before' && this.crash.nth === nth) await this.end()
    const done = await act()
    if (this.crash?.when === 'after' && this.crash.nth === nth) await this.end()
    return done
  }

  /** What a worker does at that time. */
  async at(ms: number): Promise<OutboxEntry> {
    this.now = this.beganMs + ms
    await followCopy(this, this.id)
    return await this.entry()
  }

  async entry(): Promise<OutboxEntry> {
    return (await this.sendings.get(this.id)) ?? assert.fail('it is gone')
  }

  async files(message: Buffer, to = 'Sent'): Promise<void> {
    const append = `b APPEND "${to}" (\\Seen) {${message.length}+}\r\n${message.toString('latin1')}`
    const said = await converse(this.#place.dovecot.imapPort, [
      `a LOGIN ${this.login} secret`,
      `c CREATE "${to}"`,
      append,
      'z LOGOUT',
    ])
    assert.match(said.toString('latin1'), /b OK/)
  }

  async sent(path = 'Sent') {
    return await readFolder(this.#place.dovecot.imapPort, this.login, 'secret', path)
  }
}

export class Crash extends Error {}
