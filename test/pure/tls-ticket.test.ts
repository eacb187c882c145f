import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutCertificate } from '../../src/pop3/tls-ticket.ts'

/** One element of DER, its length in as few octets as it takes. */
function element(tag: number, content: Buffer): Buffer {
  const { length } = content
  const digits = length.toString(16).padStart(length < 0x100 ? 2 : length < 0x10000 ? 4 : 6, '0')
  const head = length < 0x80 ? [length] : [0x80 + digits.length / 2, ...Buffer.from(digits, 'hex')]
  return Buffer.concat([Buffer.from([tag, ...head]), content])
}

const before = [element(0x02, Buffer.from([1])), element(0x02, Buffer.from([3, 4])), element(0xa1, Buffer.alloc(4))]
const certificate = (octets: number) => element(0xa3, Buffer.alloc(octets, 0x30))

test('the certificate goes out of a TLS session, and all else of it stays, whatever the lengths are', () => {
  for (const rest of [0, 90, 100, 108, 110, 120, 230, 240, 250, 300, 65_400, 65_500, 65_530, 70_000]) {
    const behind = element(0x04, Buffer.alloc(rest, 7))
    const stripped = element(0x30, Buffer.concat([...before, behind]))
    for (const octets of [0, 10, 127, 128, 255, 256, 1500, 65_536]) {
      const session = element(0x30, Buffer.concat([...before, certificate(octets), behind]))
      assert.deepEqual(withoutCertificate(session), stripped, `${octets} before ${rest}`)
    }
    assert.deepEqual(withoutCertificate(stripped), stripped)
  }
})

test('the name of the server before it, which newer Nodes write, stays', () => {
  for (const name of ['', 'localhost', 'x'.repeat(253)]) {
    const length = Buffer.from([name.length >> 8, name.length & 0xff])
    const head = Buffer.concat([Buffer.from('\0nodejs:tls:session:1\0'), length, Buffer.from(name)])
    const session = element(0x30, Buffer.concat([...before, certificate(300)]))
    assert.deepEqual(
      withoutCertificate(Buffer.concat([head, session])),
      Buffer.concat([head, element(0x30, Buffer.concat(before))]),
    )
    // Cut anywhere: as it is.
    for (const cut of [
      head,
      head.subarray(0, 10),
      head.subarray(0, 23),
      Buffer.concat([head, session.subarray(0, 40)]),
    ])
      assert.deepEqual(withoutCertificate(cut), cut)
  }
})

test('a TLS session that is written in another way is left as it is', () => {
  const session = element(0x30, Buffer.concat([...before, certificate(300), element(0x04, Buffer.alloc(40))]))
  for (let octets = 0; octets < session.length; octets += 1) {
    const cut = session.subarray(0, octets)
    assert.equal(withoutCertificate(cut), cut)
  }
  for (const other of [
    Buffer.concat([session, Buffer.from([0])]),
    element(0x31, session.subarray(4)),
    Buffer.from([0x30, 0x80, 0xa3, 0, 0, 0]),
    element(0x30, Buffer.from([0xa3])),
    element(0x30, Buffer.from([0xa3, 0x84, 0, 0, 0, 1, 0])),
  ])
    assert.equal(withoutCertificate(other), other)
})
