/** Runs a client in a process that does nothing else: it asks for page after page over one connection, and says how long each took. */
import { Agent, get } from 'node:http'

export interface Asked {
  readonly port: number
  readonly token: string
  readonly paths: readonly string[]
  /** Each page begins where the one before ended. */
  readonly onward: boolean
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 })
const next = /"next":"([\w-]+)"\}$/

async function ask(port: number, path: string, token: string): Promise<string | undefined> {
  return await new Promise((resolve, reject) => {
    const asked = get(
      { port, host: '127.0.0.1', path, agent, headers: { authorization: `Bearer ${token}` } },
      (answer) => {
        let end: Buffer = Buffer.alloc(0)
        answer.on('data', (piece: Buffer) => (end = piece.length < 200 ? Buffer.concat([end, piece]) : piece))
        answer.on('error', reject).on('end', () => {
          if (answer.statusCode === 200) resolve(next.exec(end.subarray(-400).toString())?.[1])
          else reject(new Error(`GET ${path}: ${answer.statusCode} ${end.toString()}`))
        })
      },
    )
    asked.on('error', reject)
  })
}

async function timesOf({ port, token, paths, onward }: Asked): Promise<number[]> {
  const times: number[] = []
  let cursor: string | undefined
  for (const path of paths) {
    const whole = `/api/v1${path}${onward && cursor !== undefined ? `&cursor=${cursor}` : ''}`
    const began = performance.now()
    cursor = await ask(port, whole, token)
    times.push(performance.now() - began)
  }
  return times
}

process.on('message', (asked: Asked) => {
  // A refusal ends this process, and with it the bench.
  void timesOf(asked).then((times) => process.send?.(times))
})
