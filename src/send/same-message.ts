/**
 * Tells whether a message that a mail program filed by itself is one that it gave us to send. It has no Message-ID, which we have added to what went
 * out, so its text has to be the same, and whatever it says of the message in its header.
 */
import { createHash, type Hash } from 'node:crypto'
import { limits } from '../limits.ts'

/** What both say, or neither. */
const compared = ['from', 'to', 'cc', 'subject'] as const

/** @param sent reads what went out. What cannot be read is the same as nothing. */
export function sameAs(sent: () => AsyncIterable<Buffer>): (other: Buffer) => Promise<boolean> {
  let reading: Promise<Contents | undefined> | undefined
  return async (other) => {
    reading ??= contentsOf(sent()).catch(() => undefined)
    const [ours, theirs] = [await reading, await contentsOf([other])]
    if (ours === undefined) return false
    const isDated = theirs.fields.has('date')
    const names = isDated ? [...compared, 'date'] : compared
    return ours.text === theirs.text && names.every((name) => ours.fields.get(name) === theirs.fields.get(name))
  }
}

interface Contents {
  readonly fields: ReadonlyMap<string, string>
  /** The digest of the text, without the line ends at its end. */
  readonly text: string
}

async function contentsOf(pieces: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<Contents> {
  const text = new TextDigest()
  let head: Buffer = Buffer.alloc(0)
  let end = -1
  for await (const piece of pieces) {
    if (end !== -1) {
      text.add(piece)
      continue
    }
    head = Buffer.concat([head, piece])
    end = head.indexOf('\r\n\r\n')
    if (end === -1 && head.length > limits.sliceOctets) end = head.length
    if (end !== -1) text.add(head.subarray(end + 4))
  }
  return { fields: fieldsOf(head.toString('latin1', 0, end === -1 ? head.length : end)), text: text.digest() }
}

function fieldsOf(header: string): Map<string, string> {
  const fields = new Map<string, string>()
  for (const line of header.replace(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(0, colon)).trim().toLowerCase()
    if (name !== '' && !fields.has(name)) fields.set(name, line.slice(colon + 1).trim())
  }
  return fields
}

class TextDigest {
  readonly #hash = createHash('sha256')
  /** Its state before the line ends that may be the last ones. */
  #before: Hash | undefined

  add(piece: Buffer): void {
    let end = piece.length
    while (end > 0 && (piece[end - 1] === 10 || piece[end - 1] === 13)) end -= 1
    if (end > 0) {
      this.#hash.update(piece.subarray(0, end))
      this.#before = undefined
    }
    if (end === piece.length) return
    this.#before ??= this.#hash.copy()
    this.#hash.update(piece.subarray(end))
  }

  digest(): string {
    return (this.#before ?? this.#hash).digest('hex')
  }
}
