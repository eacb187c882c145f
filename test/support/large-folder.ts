/** Fills a folder with many small messages, by MULTIAPPEND (RFC 3502) and literals that wait for nothing (RFC 7888). */
import { once } from 'node:events'
import { connect } from 'node:net'

export interface Filling {
  readonly port: number
  readonly user: string
  readonly password: string
  readonly folder: string
  readonly count: number
  /** The message with this number, and when it arrived. */
  readonly message: (nth: number) => { readonly text: string; readonly arrived: Date; readonly flags?: string }
}

const together = 1000

export async function fillFolder({ port, user, password, folder, count, message }: Filling): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port })
  let said = ''
  socket.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')))
  socket.write(`a LOGIN ${user} ${password}\r\nb CREATE ${folder}\r\n`)
  for (let from = 0; from < count; from += together) {
    const pieces = [`c${from} APPEND ${folder}`]
    for (let nth = from; nth < Math.min(count, from + together); nth += 1) {
      const { text, arrived, flags = '' } = message(nth)
      const octets = Buffer.from(text.replaceAll('\n', '\r\n'))
      pieces.push(` (${flags}) "${internalDate(arrived)}" {${octets.length}+}\r\n${octets.toString('latin1')}`)
    }
    pieces.push('\r\n')
    if (!socket.write(Buffer.from(pieces.join(''), 'latin1'))) await once(socket, 'drain')
  }
  socket.write('d LOGOUT\r\n')
  await once(socket, 'close')
  const refused = /^\S+ (?:NO|BAD) .*$/m.exec(said.replace(/^b NO .*$/m, ''))
  if (refused !== null) throw new Error(`${folder}: ${refused[0]}`)
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function internalDate(at: Date): string {
  const [day, time] = at
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .split('T')
  const [year, month, date] = (day ?? '').split('-')
  return `${date}-${months[Number(month) - 1]}-${year} ${time} +0000`
}
