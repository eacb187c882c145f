/** The memory of the API that imports of state files share. Who finds no room in a while is asked to come again. */
import type { Readable } from 'node:stream'
import { NoRoom, OctetBudget } from '../src/budget.ts'
import { MiB } from '../src/units.ts'
import { Problem } from './http/problems.ts'
import { apiLimits } from './limits.ts'

export class ImportRoom {
  readonly #budget = new OctetBudget(apiLimits.importsHeldMax)

  /**
   * Does the work with the body, as far as that may be long, when there is room for it.
   *
   * @param octets of the body, as far as that is known. @param signal is aborted when the client goes away.
   */
  async with<T>(
    body: Readable,
    { octets, signal }: { readonly octets: number | undefined; readonly signal: AbortSignal },
    work: (file: AsyncIterable<Buffer>) => Promise<T>,
  ): Promise<T> {
    if (octets !== undefined && octets > apiLimits.foreignStateOctetsMax) throw tooLarge()
    const wanted = Math.ceil((octets ?? apiLimits.foreignStateOctetsMax) / 2)
    const holding = await this.#budget
      .hold(wanted, { signal, waitMs: apiLimits.importsWaitMs })
      .catch((error: unknown) => {
        // The client reads the answer when it has sent everything.
        body.resume()
        throw error instanceof NoRoom ? full() : error
      })
    try {
      holding.adjust(wanted)
      return await work(bounded(body))
    } catch (error) {
      body.resume()
      throw error
    } finally {
      holding.release()
    }
  }
}

async function* bounded(body: Readable): AsyncGenerator<Buffer> {
  let octets = 0
  for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    octets += chunk.length
    if (octets > apiLimits.foreignStateOctetsMax) throw tooLarge()
    yield chunk
  }
}

function full(): Problem {
  const detail =
    'Other files are being imported just now, and there is no room for one more. Nothing was read of this one: send it again.'
  return new Problem('too-many-requests', detail, [], apiLimits.importAgainSeconds)
}

function tooLarge(): Problem {
  return new Problem(
    'too-large',
    `A state file has up to ${apiLimits.foreignStateOctetsMax / MiB} MiB: split it, and send one part after the other.`,
  )
}
