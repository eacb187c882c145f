import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startDovecot } from '../support/dovecot.ts'
import { readFolder, readMaildrop, withoutTrace } from '../support/reader.ts'
import { startStack } from '../support/stack.ts'

const folder = process.env['MAIL_CORPUS']

interface Entry {
  readonly file: string
  readonly eol: 'LF' | 'CRLF' | 'CR' | 'mixed' | 'none'
  readonly wireSha256: string
}

/** As RETR gives it: line ends CRLF, a final one added where none is. */
function wireOf(file: Buffer, eol: Entry['eol']): Buffer {
  const text = file.toString('latin1')
  const lines = eol === 'LF' ? text.replace(/\n/g, '\r\n') : text
  return Buffer.from(lines === '' || lines.endsWith('\r\n') ? lines : `${lines}\r\n`, 'latin1')
}

test('real mail of every oddity comes out as it went in, byte for byte', {
  skip: folder === undefined && 'MAIL_CORPUS names no folder',
}, async () => {
  assert.ok(folder !== undefined)
  const entries = readFileSync(join(folder, 'INDEX.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Entry)
  const messages = entries
    .filter(({ eol }) => eol === 'LF' || eol === 'CRLF')
    .map(({ file, eol, wireSha256 }) => {
      const bytes = readFileSync(join(folder, file))
      const wire = wireOf(bytes, eol)
      assert.equal(createHash('sha256').update(wire).digest('hex'), wireSha256, file)
      return { file, bytes, wire }
    })
  assert.equal(messages.length, 3296)
  const [stack, provider] = await Promise.all([
    startStack(),
    startDovecot({ me: 'secret' }, { me: messages.map(({ bytes }) => bytes) }),
  ])
  try {
    await stack.startWorker()
    const destinationId = await stack.destination('alice')
    const account = await stack.account({ port: provider.pop3Port, destinationId })
    const run = await stack.pull(account, 120)
    assert.equal(run.failure, null)
    assert.equal(run.listed, messages.length)
    assert.equal(run.stored, messages.length)

    const { imapPort, pop3Port } = stack.dovecot
    const overImap = await readFolder(imapPort, 'alice', 'wonder')
    assert.equal(overImap.length, messages.length, 'none missing, none extra')
    const overPop3 = await readMaildrop(pop3Port, 'alice', 'wonder', messages.length)
    // Dovecot makes CR CR LF of any APPEND CR LF.
    // A first import has an order of its own (src/pull/order.ts).
    const source = (bytes: Buffer) => withoutTrace(bytes).source.toString('latin1')
    const pop3 = counted(overPop3.map(source))
    const imap = counted(overImap.map(({ bytes }) => source(bytes)))
    for (const [nth, { file, wire }] of messages.entries()) {
      const wanted = wire.toString('latin1').replace(/\r+\n/g, '\r\n')
      const name = `message ${nth + 1}, ${file}`
      assert.ok(pop3.take(wanted), `${name}, over POP3`)
      assert.ok(imap.take(wanted.replaceAll('\0', '\x80')), `${name}, over IMAP`)
    }
    const again = await stack.pull(account, 120)
    assert.deepEqual([again.stored, again.failure], [0, null])
  } finally {
    await Promise.all([stack.stop(), provider.stop()])
  }
})

/** Texts of which each can be taken as often as it is there. */
function counted(texts: readonly string[]): { take(text: string): boolean } {
  const left = new Map<string, number>()
  for (const text of texts) left.set(text, (left.get(text) ?? 0) + 1)
  return {
    take(text) {
      const there = left.get(text) ?? 0
      left.set(text, there - 1)
      return there > 0
    },
  }
}
