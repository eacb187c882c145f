/**
 * Reads a message that somebody else wrote as far as its structure goes (RFC 2045, 2046), within bounds: a bounce may be made to cost much.
 * Nothing is kept of it but what the caller takes.
 */
import { bounceLimits } from './bounce-limits.ts'

export interface EntityField {
  /** In lower case. */
  readonly name: string
  /** Unfolded, one character for each octet. */
  readonly value: string
}

/** A part that holds no further parts; `message/rfc822` is one, too. */
export interface Leaf {
  /** In lower case, without its parameters. */
  readonly type: string
  readonly fields: readonly EntityField[]
  /** As it was sent, one character for each octet. */
  readonly body: string
}

export interface Entity {
  readonly fields: readonly EntityField[]
  readonly leaves: readonly Leaf[]
}

/** Reads no more than the beginning of a message. */
export function entityOf(message: Buffer): Entity {
  const start = message.toString('latin1', 0, bounceLimits.octetsRead).replace(/\r\n?/g, '\n')
  const leaves: Leaf[] = []
  const { fields } = walk(start, 0, leaves)
  return { fields, leaves }
}

/** The header of a message, and what follows its first empty line. */
export function divided(text: string): { readonly fields: EntityField[]; readonly body: string } {
  const end = text.startsWith('\n') ? 0 : text.indexOf('\n\n')
  const header = end === -1 ? text : text.slice(0, end)
  const body = end === -1 ? '' : text.slice(end === 0 ? 1 : end + 2)
  return { fields: fieldsIn(header), body }
}

/** The fields that stand in a text; lines that are none are passed over. */
export function fieldsIn(header: string): EntityField[] {
  const fields: { name: string; value: string }[] = []
  for (const line of header.split('\n', bounceLimits.fieldLinesMax)) {
    const last = fields.at(-1)
    if (/^[ \t]/.test(line) && last !== undefined) {
      if (last.value.length < bounceLimits.valueLettersMax) last.value += ` ${line.trim()}`
      continue
    }
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(0, colon)).trimEnd()
    if (/^[!-9;-~]{1,80}$/.test(name))
      fields.push({
        name: name.toLowerCase(),
        value: line.slice(colon + 1, colon + bounceLimits.valueLettersMax).trim(),
      })
  }
  return fields
}

export function fieldOf(fields: readonly EntityField[], name: string): string | undefined {
  return fields.find((field) => field.name === name)?.value
}

/** One parameter of a `Content-Type`, quoted or not. Its name stands in no other parameter's value that a server writes. */
export function parameterOf(value: string, name: string): string | undefined {
  const match = new RegExp(String.raw`;\s*${name}\s*=\s*(?:"([^"]{0,200})"|([^\s;"]{1,200}))`, 'i').exec(value)
  return match?.[1] ?? match?.[2]
}

function walk(text: string, depth: number, leaves: Leaf[]): { readonly fields: readonly EntityField[] } {
  const { fields, body } = divided(text)
  const contentType = fieldOf(fields, 'content-type') ?? 'text/plain'
  const type = (/^[\w.+/-]+/.exec(contentType)?.[0] ?? 'text/plain').toLowerCase()
  const boundary = parameterOf(contentType, 'boundary')
  const pieces =
    type.startsWith('multipart/') && boundary !== undefined && depth < bounceLimits.depthMax
      ? partsBetween(body, boundary)
      : []
  for (const piece of pieces) {
    if (leaves.length >= bounceLimits.leavesMax) break
    walk(piece, depth + 1, leaves)
  }
  // Whose parts cannot be found is read as text.
  if (pieces.length === 0) leaves.push({ type: type.startsWith('multipart/') ? 'text/plain' : type, fields, body })
  return { fields }
}

function partsBetween(body: string, boundary: string): string[] {
  const parts: string[] = []
  const text = `\n${body}`
  const line = `\n--${boundary}`
  let at = text.indexOf(line)
  while (at !== -1 && parts.length < bounceLimits.leavesMax) {
    const from = text.indexOf('\n', at + line.length)
    if (text.startsWith('--', at + line.length) || from === -1) break
    at = text.indexOf(line, from)
    parts.push(text.slice(from + 1, at === -1 ? undefined : at))
  }
  return parts
}

/** The words of a leaf, decoded. */
export function textOfLeaf({ fields, body }: Leaf): string {
  const octets = decoded(body, fieldOf(fields, 'content-transfer-encoding')?.toLowerCase() ?? '')
  const charset = parameterOf(fieldOf(fields, 'content-type') ?? '', 'charset') ?? 'utf-8'
  try {
    return new TextDecoder(charset).decode(octets)
  } catch {
    return octets.toString('utf8')
  }
}

/** A part of a message that is a message, or its header, as it was sent. */
export function bodyOfLeaf({ fields, body }: Leaf): string {
  return decoded(body, fieldOf(fields, 'content-transfer-encoding')?.toLowerCase() ?? '').toString('latin1')
}

function decoded(body: string, encoding: string): Buffer {
  if (encoding === 'base64') return Buffer.from(body, 'base64')
  const text = encoding === 'quoted-printable' ? unquoted(body) : body
  return Buffer.from(text, 'latin1')
}

function unquoted(text: string): string {
  return text
    .replace(/[ \t]*=[ \t]*\n/g, '')
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
