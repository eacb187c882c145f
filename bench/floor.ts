/** Measures the time below which no program can go that reads by POP3 and stores by IMAP: each half alone, with nothing done to the bytes. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Maildrop } from './peers.ts'

/** Sends every RETR at once, and reads and throws away the answers. @returns seconds. */
export async function bareRead({ port, user, password, messages }: Maildrop): Promise<number> {
  const sinceMs = performance.now()
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  const greeting = answers(socket)
  await greeting('+OK')
  for (const line of [`USER ${user}`, `PASS ${password}`]) {
    socket.write(`${line}\r\n`)
    await greeting('+OK')
  }
  let octets = 0
  socket.removeAllListeners('data').on('data', (chunk: Buffer) => {
    octets += chunk.length
  })
  const retrs = Array.from({ length: messages }, (_, nth) => `RETR ${nth + 1}\r\n`)
  socket.write(`${retrs.join('')}QUIT\r\n`)
  await once(socket, 'close')
  if (octets < messages * 10) throw new Error(`A bare read of ${messages} messages got ${octets} octets.`)
  return (performance.now() - sinceMs) / 1000
}

/** Appends in MULTIAPPENDs of at most this many octets, one after the other. @returns seconds. */
export async function bareAppend(
  port: number,
  login: string,
  password: string,
  literals: readonly Buffer[],
  batchOctets: number,
): Promise<number> {
  const batches = inBatches(literals, batchOctets)
  const sinceMs = performance.now()
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  const answer = answers(socket)
  await answer('* OK')
  socket.write(`a LOGIN ${login} ${password}\r\n`)
  await answer('a OK')
  for (const batch of batches) {
    socket.cork()
    socket.write('b APPEND INBOX')
    for (const literal of batch) {
      socket.write(` {${literal.length}+}\r\n`)
      socket.write(literal)
    }
    socket.write('\r\n')
    socket.uncork()
    await answer('b OK')
  }
  socket.destroy()
  return (performance.now() - sinceMs) / 1000
}

function inBatches(literals: readonly Buffer[], octetsMax: number): Buffer[][] {
  const batches: Buffer[][] = []
  let octets = 0
  for (const literal of literals) {
    octets += literal.length
    const open = batches.at(-1)
    if (open !== undefined && octets <= octetsMax) open.push(literal)
    else {
      batches.push([literal])
      octets = literal.length
    }
  }
  return batches
}

/** Waits for one line of answer at a time, and passes over untagged lines; throws if another answer than the wanted one comes. */
function answers(socket: Socket): (wanted: string) => Promise<void> {
  let text = ''
  let heard = () => {}
  let broken: Error | undefined
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
    heard()
  })
  socket.on('error', (error) => {
    broken = error
    heard()
  })
  return async (wanted) => {
    for (;;) {
      const end = text.indexOf('\r\n')
      if (end === -1) {
        if (broken !== undefined) throw broken
        await new Promise<void>((resolve) => {
          heard = resolve
        })
        continue
      }
      const line = text.slice(0, end)
      text = text.slice(end + 2)
      if (line.startsWith(wanted)) return
      if (!line.startsWith('* ')) throw new Error(`Wanted ${wanted}, got ${line}`)
    }
  }
}
