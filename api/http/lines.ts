/** A body as lines, however long it is. */

/**
 * Those that came together, together: nobody waits for more. `undefined`: one that was too long; it is dropped, and the next ones
 * go on.
 */
export async function* linesIn(
  body: AsyncIterable<Buffer>,
  octetsMax: number,
): AsyncGenerator<readonly (string | undefined)[]> {
  let rest: Buffer[] = []
  let octets = 0
  const add = (piece: Buffer) => {
    octets += piece.length
    if (octets > octetsMax) rest = []
    else if (piece.length > 0) rest.push(piece)
  }
  const line = () => {
    const whole = octets > octetsMax ? undefined : Buffer.concat(rest).toString()
    rest = []
    octets = 0
    return whole
  }
  for await (const chunk of body) {
    const lines: (string | undefined)[] = []
    let from = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      add(chunk.subarray(from, end))
      lines.push(line())
      from = end + 1
    }
    add(chunk.subarray(from))
    if (lines.length > 0) yield lines
  }
  if (octets > 0) yield [line()]
}
