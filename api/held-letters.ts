/** Bounds the messages that come as JSON at once: each is held whole, several times over while it is read. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from './http/problems.ts'
import { apiLimits } from './limits.ts'

export class HeldLetters {
  readonly #most: number
  #held = 0

  constructor(most: number = apiLimits.lettersHeldMax) {
    this.#most = most
  }

  /** A hook: it demands room for the body, until the answer has gone. */
  readonly demand = async (
    { headers }: Pick<FastifyRequest, 'headers'>,
    { raw }: Pick<FastifyReply, 'raw'>,
  ): Promise<void> => {
    if (!/^application\/json\b/i.test(headers['content-type'] ?? '')) return
    // What does not say how much it is may be as much as is let in.
    const octets = Number(headers['content-length'] ?? apiLimits.letterOctetsMax)
    if (octets > apiLimits.letterOctetsMax) throw tooLarge()
    if (this.#held > 0 && this.#held + octets > this.#most)
      throw new Problem(
        'too-many-requests',
        'Others send messages as large as this one just now; send it again in a moment.',
        [],
        apiLimits.letterAgainSeconds,
      )
    this.#held += octets
    raw.once('close', () => {
      this.#held -= octets
    })
  }
}

function tooLarge(): Problem {
  const most = `As JSON a message has up to ${apiLimits.letterOctetsMax} octets, attachments in base64 included`
  return new Problem('too-large', `${most}; send a larger one as message/rfc822, or by a mail program.`)
}
