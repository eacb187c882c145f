import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { messageDigest, digestOfPieces } from '../../src/mail/octets.ts'
import { MiB } from '../../src/units.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const lineEnds = (octets: number) => Buffer.alloc(octets, '\r\n')

test('line ends in the midst of a message count in its digest, and those at its very end do not', async () => {
  const pieces = ['Subject: a\r\n\r\nbody\r\n', '\r\n\n', '\r', '\n\r\n', 'x\r\n', '\r\n', '\r\n'].map((text) =>
    Buffer.from(text),
  )
  for (let count = 1; count <= pieces.length; count += 1) {
    const some = pieces.slice(0, count)
    const inPieces = async function* () {
      yield Buffer.alloc(0)
      yield* some
    }
    assert.equal(await digestOfPieces(inPieces()), await messageDigest(Buffer.concat(some)), `${count} pieces`)
  }
})

test('a message of nothing but line ends is not held while its digest is made', async () => {
  let mostHeld = 0
  const pieces = async function* () {
    yield Buffer.from('Subject: a\r\n\r\nbody')
    for (let nth = 0; nth < 64; nth += 1) {
      yield lineEnds(MiB)
      collectGarbage()
      mostHeld = Math.max(mostHeld, process.memoryUsage().arrayBuffers)
    }
  }
  collectGarbage()
  const before = process.memoryUsage().arrayBuffers
  await digestOfPieces(pieces())
  assert.ok(mostHeld - before < 8 * MiB, `${Math.round((mostHeld - before) / MiB)} MiB of 64 are held`)
})
