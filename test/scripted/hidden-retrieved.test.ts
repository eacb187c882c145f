/** Servers that pipeline and never show a message again that was asked for: what had come whole before the session broke is kept. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Behaviour } from '../support/pop3-server.ts'
import { holds, lettersOf, providerOf } from '../support/visits.ts'

const messages = lettersOf(...Array.from({ length: 20 }, (_, nth) => `n${nth}`))
const capabilities = ['USER', 'UIDL', 'TOP', 'PIPELINING', 'EXPIRE 0']

const replyOctets = ({ length }: Buffer) => `+OK ${length} octets\r\n.\r\n`.length + length
const octetsBefore = messages.slice(0, 15).reduce((sum, { bytes }) => sum + replyOctets(bytes), 0)
const at16th = (change: (reply: Buffer) => Buffer): Partial<Behaviour> => ({
  mangles: (reply, command) => (command === 'RETR 16' ? change(reply) : reply),
})

/** What the server does in its answer to the 16th RETR. */
const breaks: Readonly<Record<string, Partial<Behaviour>>> = {
  'drops the line': { dropAfterRetrieved: octetsBefore + 40 },
  'falls silent': at16th((reply) => reply.subarray(0, 40)),
  'speaks another protocol': at16th(() => Buffer.from('* BYE\r\n')),
}

for (const [what, broken] of Object.entries(breaks)) {
  test(`a server that hides at once, and ${what} in the 16th of 20 messages: all others are stored, once`, async (t) => {
    const provider = await providerOf(
      t,
      { messages, capabilities, hidesRetrieved: 'at once', connections: [broken, {}] },
      { replyMs: 500 },
    )
    await provider.visit()
    await provider.visit()
    holds(
      provider,
      messages.filter((_, nth) => nth !== 15),
    )
    const sent = provider.server.commands
    const unclosed = sent.filter((line, nth) => line.startsWith('RETR') && sent[nth + 1]?.startsWith('RETR'))
    assert.deepEqual(unclosed, [], 'a barrier closes each message')
  })
}
