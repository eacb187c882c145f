/** Takes the digest of a body while it passes to its handler, and what an answer has while it passes to the client. */
import { createHash } from 'node:crypto'
import { Readable, Transform, pipeline } from 'node:stream'
import { callbackify } from 'node:util'
import type { BodyDigest } from '../../src/redis/answers.ts'

/** A body that is read once, by whoever takes `stream`. */
export class PassingBody {
  readonly stream: Readable
  #digest: BodyDigest | undefined

  constructor(body: Readable) {
    // It reads nothing before somebody reads it: Node passes over the rest of a body that nobody has begun to read.
    this.stream = Readable.from(this.#pass(body), { objectMode: false })
  }

  /** Undefined until the last of it was read: nothing can be said of the rest. */
  get digest(): BodyDigest | undefined {
    return this.#digest
  }

  async *#pass(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const hash = createHash('sha256')
    let octets = 0
    for await (const piece of body) {
      hash.update(piece)
      octets += piece.length
      yield piece
    }
    this.#digest = { octets, sha256: hash.digest('base64url') }
  }
}

/** Whether the body is the one with this digest. What comes after the first octet too many is passed over. */
export async function isBodyOf(body: Readable, { octets, sha256 }: BodyDigest): Promise<boolean> {
  const hash = createHash('sha256')
  let read = 0
  for await (const piece of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    hash.update(piece)
    read += piece.length
    if (read > octets) return false
  }
  return read === octets && hash.digest('base64url') === sha256
}

/**
 * Passes the answer on. `ended` is told its text before the client has the end of it: undefined if it broke off, or has more octets than
 * `octetsMax`.
 */
export function passingAnswer(
  answer: Readable,
  octetsMax: number,
  ended: (text: string | undefined) => Promise<void>,
): Readable {
  const pieces: Buffer[] = []
  let octets = 0
  let isTold = false
  const passing = new Transform({
    transform(piece: Buffer, _encoding, done) {
      octets += piece.length
      if (octets <= octetsMax) pieces.push(piece)
      else pieces.length = 0
      done(null, piece)
    },
    flush(done) {
      isTold = true
      const text = octets <= octetsMax ? Buffer.concat(pieces).toString() : undefined
      callbackify(async () => await ended(text))(done)
    },
  })
  pipeline(answer, passing, (error) => {
    if (error && !isTold) void ended(undefined)
  })
  return passing
}
