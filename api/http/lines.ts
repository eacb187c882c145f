/** Splits a stream of octets into lines, however long the stream is. */

/**
 * Gives the lines that arrived together in one array, so that none of them waits for later ones. `undefined` stands for a line that is too
 * long: it is given as soon as the line is too long, the rest of that line is dropped, and the next lines follow as usual.
 */
export async function* linesIn<Line = string>(
  stream: AsyncIterable<Buffer>,
  octetsMax: number,
  read: (octets: Buffer) => Line | string = String,
): AsyncGenerator<readonly (Line | string | undefined)[]> {
  let pieces: Buffer[] = []
  let octets = 0
  for await (const chunk of stream) {
    const lines: (Line | string | undefined)[] = []
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
      if (!isTooLong) lines.push(read(Buffer.concat(pieces)))
      pieces = []
      octets = 0
      from = end + 1
    }
    if (lines.length > 0) yield lines
  }
  if (octets > 0 && octets <= octetsMax) yield [read(Buffer.concat(pieces))]
}
