/** Makes of a message that comes in pieces the one that goes out. Nothing but its header is ever held, and no piece is one string. */
import { createHash } from 'node:crypto'
import { isAscii } from 'node:buffer'
import type { ShortHash } from '../mail/message.ts'
import { digestOfPieces } from '../mail/octets.ts'
import { limits } from '../limits.ts'
import { sendLimits } from './limits.ts'
import { checkOutgoing, type CheckedHead, type OutgoingRules } from './outgoing.ts'
import { malformed, OutgoingRefused } from './refused.ts'

export interface CheckedMessage extends Omit<CheckedHead, 'head'> {
  /** Of what goes out. */
  readonly octets: number
  /** Of what goes out, as the ledger makes it of what is pulled (mail/octets.ts). */
  readonly digest: ShortHash
  /** SHA-256 of what came, in hex: it is the same when a client sends the same message again. */
  readonly came: string
  /** Its body needs 8BITMIME (RFC 6152). */
  readonly eightBit: boolean
}

export interface MessageRules extends OutgoingRules {
  readonly octetsMax?: number
}

const CR = 13
const LF = 10

/** @param write is called for one piece after the other. @throws OutgoingRefused; what was written by then is worth nothing. */
export async function writeOutgoing(
  source: AsyncIterable<Buffer>,
  rules: MessageRules,
  write: (piece: Buffer) => Promise<unknown>,
): Promise<CheckedMessage> {
  const came = createHash('sha256')
  const bytes = new StrictBytes()
  let [octets, octetsCame, eightBit] = [0, 0, false]
  let checked = undefined as CheckedHead | undefined

  async function* checkedPieces(): AsyncGenerator<Buffer> {
    for await (const piece of inSlices(source)) {
      octetsCame += piece.length
      if (octetsCame > (rules.octetsMax ?? sendLimits.messageOctetsMax)) throw tooLarge(rules.octetsMax)
      bytes.see(piece)
      came.update(piece)
      yield piece
    }
    bytes.end()
  }

  async function* goesOut(): AsyncGenerator<Buffer> {
    const beginning = new Beginning()
    for await (const piece of checkedPieces()) {
      if (checked !== undefined) {
        eightBit ||= !isAscii(piece)
        yield piece
        continue
      }
      const parts = beginning.split(piece)
      if (parts === undefined) continue
      checked = checkOutgoing(parts.head, rules)
      eightBit = !isAscii(parts.rest)
      yield checked.head
      yield parts.rest
    }
    if (checked !== undefined) return
    // A message without a body has no empty line.
    checked = checkOutgoing(beginning.all(), rules)
    yield checked.head
  }

  async function* written(): AsyncGenerator<Buffer> {
    for await (const piece of goesOut()) {
      await write(piece)
      octets += piece.length
      yield piece
    }
  }

  const digest = await digestOfPieces(written())
  if (checked === undefined) throw new Error('the header was not checked')
  const { head, ...rest } = checked
  eightBit ||= !isAscii(head)
  return { ...rest, octets, digest, came: came.digest('hex'), eightBit }
}

/** Collects the header, which may come one octet at a time. */
class Beginning {
  readonly #pieces: Buffer[] = []
  #octets = 0
  /** The last three octets. */
  #tail = Buffer.alloc(0)

  /** Undefined as long as the empty line has not come. @throws OutgoingRefused */
  split(piece: Buffer): { readonly head: Buffer; readonly rest: Buffer } | undefined {
    const before = this.#tail
    const seen = Buffer.concat([before, piece])
    const isFirstLine = this.#octets === before.length && before.length < 2 && seen[0] === CR && seen[1] === LF
    const found = isFirstLine ? 0 : seen.indexOf('\r\n\r\n') + 2
    const end = isFirstLine || found > 1 ? this.#octets - before.length + found : undefined
    this.#pieces.push(piece)
    this.#octets += piece.length
    this.#tail = Buffer.from(seen.subarray(-3))
    if ((end ?? this.#octets) > sendLimits.headOctetsMax) throw headTooLong()
    if (end === undefined) return undefined
    const whole = this.all()
    return { head: whole.subarray(0, end), rest: whole.subarray(end) }
  }

  all(): Buffer {
    return Buffer.concat(this.#pieces)
  }
}

/**
 * Refuses a CR or LF by itself, and NUL: servers do not agree where such a line ends, so that a text may end a message within it and begin
 * another one, with anybody's address (SMTP smuggling).
 */
class StrictBytes {
  #before = 0

  see(piece: Buffer): void {
    let before = this.#before
    for (let at = 0; at < piece.length; at += 1) {
      const octet = piece[at] ?? 0
      if (octet === 0) throw malformed('The message holds a NUL octet')
      if (octet === LF ? before !== CR : before === CR) throw bareLineEnd()
      before = octet
    }
    this.#before = before
  }

  end(): void {
    if (this.#before === CR) throw bareLineEnd()
  }
}

function bareLineEnd(): OutgoingRefused {
  return malformed('A line of the message ends in CR or LF alone: each must end in CR LF')
}

function headTooLong(): OutgoingRefused {
  return new OutgoingRefused(
    552,
    '5.3.4',
    `The header of the message is longer than ${sendLimits.headOctetsMax} octets`,
  )
}

function tooLarge(octetsMax: number = sendLimits.messageOctetsMax): OutgoingRefused {
  return new OutgoingRefused(552, '5.3.4', `The message is larger than ${octetsMax} octets`)
}

/** A piece may be the whole message. */
async function* inSlices(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of source)
    for (let from = 0; from < piece.length; from += limits.sliceOctets)
      yield piece.subarray(from, from + limits.sliceOctets)
}
