/**
 * Splits octets into lines: at LF, and nowhere else. Node's readline ends a line at U+2028 and U+2029 as well (Node 24; Node 22 does not), which stand in
 * subjects and servers' words, and so inside the lines of a backup, an answer or a log.
 */

export interface Splitter<Line> {
  /**
   * Takes the next octets. `undefined` stands for a line that is too long: it is given as soon as the line is too long, the rest of that
   * line is dropped, and the next lines follow as usual.
   */
  take(chunk: Buffer): (Line | undefined)[]
  /** The end of the stream: gives the line that had no LF, if there is one. */
  rest(): (Line | undefined)[]
}

/** @param read makes a line of its octets, which come without LF. */
export function splitter<Line = string>(
  octetsMax: number,
  read: (octets: Buffer) => Line | string = String,
): Splitter<Line | string> {
  let pieces: Buffer[] = []
  let octets = 0
  return {
    take(chunk) {
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
      return lines
    },
    rest: () => (octets > 0 && octets <= octetsMax ? [read(Buffer.concat(pieces))] : []),
  }
}

/** Gives the lines that arrived together in one array, so that none of them waits for later ones; see {@link Splitter}. */
export async function* linesIn<Line = string>(
  stream: AsyncIterable<Buffer>,
  octetsMax: number,
  read?: (octets: Buffer) => Line | string,
): AsyncGenerator<readonly (Line | string | undefined)[]> {
  const split = splitter(octetsMax, read)
  for await (const chunk of stream) {
    const lines = split.take(chunk)
    if (lines.length > 0) yield lines
  }
  const rest = split.rest()
  if (rest.length > 0) yield rest
}
