import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { StorePool } from '../../src/imap/pool.ts'
import { openMaildrop } from '../../src/pop3/open-maildrop.ts'
import { startImapServer } from '../support/imap-server.ts'
import { seeded } from '../support/pieces.ts'
import { startPop3Server } from '../support/pop3-server.ts'
import { account, TestWorld } from '../support/world.ts'

const folder = process.env['MAIL_CORPUS']

interface Entry {
  readonly file: string
  readonly eol: 'LF' | 'CRLF' | 'CR' | 'mixed' | 'none'
  readonly wire: 'asis' | 'lf2crlf'
  readonly wireSha256: string
}

/** As a server holds it that keeps bytes as they are, but for files of LF alone. */
function heldBy({ wire }: Entry, file: Buffer): Buffer {
  return wire === 'asis' ? file : Buffer.from(file.toString('latin1').replace(/\n/g, '\r\n'), 'latin1')
}

/** What CONTRACT section 7 says of the source's bytes, one by one. */
function storedOf(source: Buffer): Buffer {
  const out: number[] = []
  for (const [at, octet] of source.entries()) {
    if (octet === 0x0a && source[at - 1] !== 0x0d) out.push(0x0d)
    out.push(octet)
  }
  const ended = source.length === 0 || source.at(-1) === 0x0a
  return Buffer.from(ended ? out : [...out, 0x0d, 0x0a])
}

const traceBlock =
  /^Received: from pop\.example\.net by gather\.example\.org with POP3\r\n id 01J0000000000000000000RUN0 for <me@example\.net>;\r\n [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000\r\nX-Tributary-Account: me@example\.net\r\nX-Tributary-Id: [0-9a-f]{16}\.[0-9a-f]{16}\.[0-9a-f]{16}\.[0-9a-f]{32}\r\n/

for (const [how, pop3Capabilities, imapCapabilities] of [
  ['pipelined, in batches', undefined, undefined],
  ['one at a time, to a store of bare IMAP4rev1 with BINARY', ['USER', 'UIDL', 'TOP'], ['IMAP4rev1', 'BINARY']],
] as const) {
  test(`every append is the trace block and the message, to the octet, wherever TCP cuts: ${how}`, {
    skip: folder === undefined && 'MAIL_CORPUS names no folder',
  }, async (t) => {
    assert.ok(folder !== undefined)
    const lines = readFileSync(join(folder, 'INDEX.jsonl'), 'utf8').trim().split('\n')
    const entries = lines.map((line) => JSON.parse(line) as Entry)
    assert.equal(entries.length, 3366)
    const held = entries.map((entry) => heldBy(entry, readFileSync(join(folder, entry.file))))
    // RETR ends the last line, if only because of the terminator behind it; but for a message of no octets.
    const sources = entries.map((entry, nth) => {
      const bytes = held[nth] ?? Buffer.alloc(0)
      const ended = bytes.subarray(-2).equals(Buffer.from('\r\n'))
      const wire = ended ? bytes : Buffer.concat([bytes, Buffer.from('\r\n')])
      assert.equal(createHash('sha256').update(wire).digest('hex'), entry.wireSha256, entry.file)
      return bytes.length === 0 ? bytes : wire
    })

    const seed = 20_261_124
    t.diagnostic(`seed ${seed}`)
    const random = seeded(seed)
    // Mostly small, now and then some thousands.
    const pieceOctets = () => 1 + Math.floor(random() ** 3 * 6000)
    const provider = await startPop3Server({
      messages: held.map((bytes, nth) => ({ bytes, uidl: `u${nth}` })),
      pieceOctets,
      ...(pop3Capabilities === undefined ? {} : { capabilities: pop3Capabilities }),
    })
    const store = await startImapServer({
      pieceOctets,
      ...(imapCapabilities === undefined ? {} : { capabilities: imapCapabilities }),
    })
    const pool = new StorePool({ host: '127.0.0.1', port: 1, tls: 'none', masterUser: 'm', masterPassword: 'm' })
    const world = new TestWorld([])
    const at = { host: '127.0.0.1', tls: 'none', user: 'me', password: 'secret' } as const
    world.realStore = await pool.store({ kind: 'imap', id: 'store', port: store.port, ...at })
    world.realMaildrop = async () => await openMaildrop({ ...account, ...at, port: provider.port })
    try {
      const counts = await world.pull({ maxMessageBytes: 157_286_400 })
      assert.deepEqual([counts.listed, counts.stored, counts.quarantined], [3366, 3366, 0])
      assert.equal(store.stored.length, sources.length)
      // A first import has an order of its own (src/pull/order.ts).
      const came = new Map<string, number>()
      for (const [nth, { literal }] of store.stored.entries()) {
        const text = literal.toString('latin1')
        const trace = traceBlock.exec(text)?.[0]
        assert.ok(trace !== undefined, `the ${nth + 1}th has no trace block in front`)
        const source = text.slice(trace.length)
        came.set(source, (came.get(source) ?? 0) + 1)
      }
      for (const [nth, source] of sources.entries()) {
        const text = storedOf(source).toString('latin1')
        const left = came.get(text) ?? 0
        assert.ok(left > 0, `message ${nth + 1}, ${entries[nth]?.file}`)
        came.set(text, left - 1)
      }
      const again = await world.pull({ maxMessageBytes: 157_286_400 })
      assert.deepEqual([again.listed, again.stored, store.stored.length], [3366, 0, 3366])
    } finally {
      await pool.close()
      await Promise.all([provider.close(), store.close()])
    }
  })
}
