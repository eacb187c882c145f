/** Reads mail in the store for clients that wait for the answer. It uses a few connections for each destination, and reads no longer than the clients wait. */
import type { Readable } from 'node:stream'
import { targetOf } from '../src/account/destination.ts'
import { assertNever } from '../src/assert-never.ts'
import { underSignals } from '../src/deadline.ts'
import type { StoreEndpoint } from '../src/server-urls.ts'
import { describeAsked } from '../src/failure/sentences.ts'
import { SessionFailed } from '../src/failure/session-failed.ts'
import { loginOf, serverOf } from '../src/imap/connection.ts'
import { streamOf } from '../src/imap/message.ts'
import { Orders } from '../src/imap/orders.ts'
import type { Part } from '../src/imap/parts.ts'
import { StorePool } from '../src/imap/pool.ts'
import { type Reader, type ReadWaits, Unreadable, usualReadWaits } from '../src/imap/reading.ts'
import type { Destinations } from '../src/redis/destinations.ts'
import type { InstanceSettingsStore } from '../src/redis/instance-settings.ts'
import type { Proxy } from '../src/account/proxy.ts'
import type { Seal } from '../src/seal.ts'
import { findDestination } from './http/found.ts'
import { conflict, Problem } from './http/problems.ts'
import { apiLimits } from './limits.ts'

export interface MailReadingWorld {
  readonly destinations: Destinations
  readonly seal: Seal
  /** The instance's. */
  readonly proxy?: Proxy | undefined
  readonly settings: InstanceSettingsStore
  readonly store: StoreEndpoint
  /** Tests give shorter waits. */
  readonly readWaits?: Partial<ReadWaits>
}

/** A part of a message, or the whole message, as it arrives. */
export interface PartStream {
  readonly content: Readable
  /** The part; undefined for the whole message. */
  readonly part: Part | undefined
}

export class MailReading {
  readonly #world: MailReadingWorld
  readonly #waits: ReadWaits
  readonly #pool: StorePool
  readonly #orders = new Orders()

  constructor(world: MailReadingWorld) {
    this.#world = world
    this.#waits = { ...usualReadWaits, ...world.readWaits }
    const bounds = {
      connectionsMax: apiLimits.readersPerDestination,
      turnWaitMs: this.#waits.answerMs,
      purpose: 'read' as const,
    }
    this.#pool = new StorePool(world.store, {
      ...bounds,
      // Whoever could not write it down now learns it again.
      learns: (id, version, traits) => void world.destinations.learn(id, version, traits).catch(() => {}),
    })
  }

  async close(): Promise<void> {
    await this.#pool.close()
  }

  /**
   * @param gone is aborted when the client goes away: then the work is ended too.
   * @param more `moreMs`: what it may take longer than usual.
   * @throws Problem if the store does not answer in time, or has no such folder, message or part.
   */
  async read<T>(
    destinationId: string,
    gone: AbortSignal,
    work: (reader: Reader) => Promise<T>,
    { moreMs = 0 }: { readonly moreMs?: number } = {},
  ): Promise<T> {
    const waits = { ...this.#waits, endMs: this.#waits.endMs + moreMs }
    const { target, server, user } = await this.#target(destinationId)
    const orders = { memory: this.#orders, mailbox: `${destinationId}\0${server}\0${user}` }
    const readUnder = async (end: AbortSignal) => {
      const closing = async (client: Reader['client']) => {
        const close = () => client.close()
        end.addEventListener('abort', close, { once: true })
        return await work({ client, waits, orders }).finally(() => end.removeEventListener('abort', close))
      }
      try {
        return await this.#pool.borrow(target, closing, end)
      } catch (error) {
        if (end.aborted)
          throw new Problem(
            'store-unavailable',
            `The mail store ${server} had not told all of it after ${waits.endMs / 1000} s. Try again in a moment.`,
          )
        throw problemIn(error, server, waits)
      }
    }
    return await underSignals([gone], readUnder, waits.endMs)
  }

  /** Opens a part of a message; without a part number it opens the whole message. The connection is lent for as long as the stream flows. */
  async open(destinationId: string, place: Parameters<typeof streamOf>[1], partNumber?: string): Promise<PartStream> {
    const waits = this.#waits
    const { target, server } = await this.#target(destinationId)
    return await new Promise<PartStream>((resolve, reject) => {
      const opened = (content: Readable, part: Part | undefined) => resolve({ content, part })
      // A failure after this point is reported by the stream.
      this.#pool
        .borrow(target, (client) => streamOf({ client, waits }, place, partNumber, opened))
        .catch((error) => reject(problemIn(error, server, waits)))
    })
  }

  async #target(destinationId: string) {
    const { destinations, seal, settings, store, proxy } = this.#world
    const record = await findDestination(destinations, destinationId)
    const target = targetOf(record, seal, await settings.get(), proxy)
    const login = loginOf(target, store)
    return { target, server: serverOf(login), user: login.user }
  }
}

function problemIn(error: unknown, server: string, waits: ReadWaits): unknown {
  if (error instanceof SessionFailed) return new Problem('store-unavailable', describeAsked(error.failure))
  if (!(error instanceof Unreadable)) return error
  const { reason } = error
  switch (reason) {
    case 'no folder':
      return new Problem('not-found', 'There is no such folder in this mailbox; list its folders again.')
    case 'no message':
      return new Problem('not-found', 'This message is not in the folder any more; list the folder again.')
    case 'no part':
      return new Problem('not-found', 'The message has no such attachment; read the message for what it has.')
    case 'other UIDs':
      return conflict('The folder was made anew, and its messages have other UIDs by now; list the folder again.')
    case 'search too long':
      return new Problem(
        'store-unavailable',
        `The mail store ${server} did not get through the folder in ${waits.answerMs / 1000} s; search in a folder with fewer messages.`,
      )
    default:
      return assertNever(reason)
  }
}
