/** Takes a stream of octets apart into lines, however long it is. */

/**
 * Gives the lines that came together in one array, because nobody waits for more. `undefined` stands for a line that is too
 * long: it is given as soon as it is too long, its rest is dropped, and the lines behind it go on.
 */
export async function* linesIn(
  stream: AsyncIterable<Buffer>,
  octetsMax: number,
): AsyncGenerator<readonly (string | undefined)[]> {
  let pieces: Buffer[] = []
  let octets = 0
  for await (const chunk of stream) {
    const lines: (string | undefined)[] = []
    let from = 0
    while (from < chunk.length) {
      const end = chunk.indexOf(10, from)
      const piece = chunk.subarray(from, end === -1 ? chunk.length : end)
      const wasTooLong = octets > octetsMax
      octets += piece.length
      const isTooLong = octets > octetsMax
      if (isTooLong) pieces = []
      else pieces.push(piece)
      if (isTooLong && !wasTooLong) lines.push(undefined)
      if (end === -1) break
      if (!isTooLong) lines.push(Buffer.concat(pieces).toString())
      pieces = []
      octets = 0
      from = end + 1
    }
    if (lines.length > 0) yield lines
  }
  if (octets > 0 && octets <= octetsMax) yield [Buffer.concat(pieces).toString()]
}
