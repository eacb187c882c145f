/** Sends bytes in pieces of any size, each by a write of its own, so that no code can rely on where TCP happens to cut. */
import type { Socket } from 'node:net'

const sending = new WeakMap<Socket, Promise<void>>()

export function sendInPieces(socket: Socket, bytes: Buffer, octets: () => number): void {
  const before = sending.get(socket) ?? Promise.resolve()
  sending.set(
    socket,
    before.then(async () => {
      for (const piece of piecesOf(bytes, octets)) {
        if (socket.destroyed) return
        await new Promise((resolve) => socket.write(piece, resolve))
      }
    }),
  )
}

export function endAfterPieces(socket: Socket): void {
  void (sending.get(socket) ?? Promise.resolve()).then(() => socket.end())
}

export function* piecesOf(bytes: Buffer, octets: () => number): Iterable<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const piece = bytes.subarray(at, at + octets())
    yield piece
    at += piece.length
  }
}

/** Gives the same numbers, from 0 up to but not including 1, for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
