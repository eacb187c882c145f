/**
 * Stands for a line of full bandwidth and a long round trip: it passes every chunk on half a round trip after the chunk came, in order. It is a
 * process of its own, so that no other work counts as delay. argv: port to listen on, port behind it, round trip in ms.
 */
import { connect, createServer, type Socket } from 'node:net'

/** More than a long line holds: a sender waits only if the receiver does not read. */
const inFlightOctetsMax = 64 * 1024 * 1024

const [, , listenPort, upstreamPort, roundTrip] = process.argv
const oneWayMs = Number(roundTrip) / 2

createServer((client) => {
  client.setNoDelay(true)
  client.on('error', () => {})
  client.pause()
  // SYN, SYN ACK and ACK of the client each take half a round trip; the server greets on the last.
  setTimeout(() => {
    const server = connect({ host: '127.0.0.1', port: Number(upstreamPort), noDelay: true })
    server.on('error', () => client.destroy())
    server.on('connect', () => {
      delay(client, server)
      delay(server, client)
    })
  }, 3 * oneWayMs)
}).listen(Number(listenPort), '127.0.0.1')

function delay(from: Socket, to: Socket): void {
  const due: { readonly atMs: number; readonly chunk: Buffer | null }[] = []
  let held = 0
  let timer: NodeJS.Timeout | undefined
  const turn = () => {
    timer = undefined
    to.cork()
    for (let first = due[0]; first !== undefined && first.atMs <= performance.now(); first = due[0]) {
      due.shift()
      if (first.chunk === null) {
        to.end()
        continue
      }
      held -= first.chunk.length
      to.write(first.chunk)
    }
    to.uncork()
    if (held + to.writableLength < inFlightOctetsMax) from.resume()
    const next = due[0]
    if (next !== undefined) timer = setTimeout(turn, Math.max(1, next.atMs - performance.now()))
  }
  const hold = (chunk: Buffer | null) => {
    due.push({ atMs: performance.now() + oneWayMs, chunk })
    held += chunk?.length ?? 0
    if (held + to.writableLength >= inFlightOctetsMax) from.pause()
    timer ??= setTimeout(turn, oneWayMs)
  }
  from.on('data', (chunk: Buffer) => hold(chunk))
  from.on('end', () => hold(null))
  from.on('close', () => hold(null))
  to.on('drain', () => from.resume())
  from.resume()
}
