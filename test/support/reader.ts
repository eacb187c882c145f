/** Reads mail back over IMAP and over POP3 without a library, so that a test sees what the store really holds. */
import { once } from 'node:events'
import { connect } from 'node:net'

export interface ReadMessage {
  readonly uid: number
  readonly flags: readonly string[]
  readonly internalDate: string
  /** BODY.PEEK[]: the message's bytes, except that Dovecot shows NUL as 0x80 (RFC 3501 has none in a literal). */
  readonly bytes: Buffer
}

/** Gives everything that a server says to these lines, until it hangs up. */
export async function converse(port: number, lines: readonly string[]): Promise<Buffer> {
  const socket = connect({ host: '127.0.0.1', port })
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.write(lines.map((line) => `${line}\r\n`).join(''))
  await once(socket, 'close')
  return Buffer.concat(chunks)
}

/** Reads a folder, in the order of UIDs; the result is empty if there is no such folder. */
export async function readFolder(
  port: number,
  user: string,
  password: string,
  folder = 'INBOX',
): Promise<ReadMessage[]> {
  const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`
  const said = await converse(port, [
    `a LOGIN ${quoted(user)} ${quoted(password)}`,
    `b EXAMINE ${quoted(folder)}`,
    'c UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])',
    'd LOGOUT',
  ])
  const messages: ReadMessage[] = []
  let at = 0
  const nextLine = () => {
    const end = said.indexOf('\r\n', at)
    const line = said.toString('latin1', at, end)
    at = end + 2
    return line
  }
  while (at < said.length) {
    const line = nextLine()
    if (line.startsWith('b NO')) return []
    if (/^[abc] (?:NO|BAD)/.test(line)) throw new Error(`${folder}: ${line}`)
    if (!/^\* \d+ FETCH /.test(line)) continue
    const octets = Number(/\{(\d+)\}$/.exec(line)?.[1] ?? 0)
    const bytes = said.subarray(at, at + octets)
    at += octets
    const text = line.endsWith('}') ? `${line} ${nextLine()}` : line
    messages.push({
      uid: Number(/UID (\d+)/.exec(text)?.[1]),
      flags: (/FLAGS \(([^)]*)\)/.exec(text)?.[1] ?? '').split(' ').filter((flag) => flag !== ''),
      internalDate: /INTERNALDATE "([^"]*)"/.exec(text)?.[1] ?? '',
      bytes,
    })
  }
  return messages
}

/** Reads a maildrop over POP3, by message number: the bytes are the true ones, with NUL too. */
export async function readMaildrop(port: number, user: string, password: string, count: number): Promise<Buffer[]> {
  const retrieve = Array.from({ length: count }, (_, nth) => `RETR ${nth + 1}`)
  const said = await converse(port, [`USER ${user}`, `PASS ${password}`, ...retrieve, 'QUIT'])
  const messages: Buffer[] = []
  // These are the greeting, and the replies to USER and PASS.
  let at = 0
  for (let replies = 0; replies < 3; replies += 1) at = said.indexOf('\r\n', at) + 2
  for (let nth = 0; nth < count; nth += 1) {
    const status = said.indexOf('\r\n', at)
    const line = said.toString('latin1', at, status)
    if (!line.startsWith('+OK')) throw new Error(`RETR ${nth + 1}: ${line}`)
    // The search begins at the CRLF before the first line, so that an empty message ends like any other.
    const end = said.indexOf('\r\n.\r\n', status)
    const body = said.toString('latin1', status, end + 2).replaceAll('\r\n.', '\r\n')
    messages.push(Buffer.from(body.slice(2), 'latin1'))
    at = end + 5
  }
  return messages
}

/** Splits a stored message into the message as it came and the fields of our trace block. */
export function withoutTrace(bytes: Buffer): { readonly source: Buffer; readonly trace: string } {
  const from = bytes.indexOf('X-Tributary-Id: ')
  if (from === -1) throw new Error('no trace block')
  const end = bytes.indexOf('\r\n', from) + 2
  return { source: bytes.subarray(end), trace: bytes.toString('latin1', 0, end) }
}
