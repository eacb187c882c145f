/** Plays the DNS, the web and the POP3 servers of the world from data: nothing exists that is not in the data. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { LookupFunction } from 'node:net'
import type { MxRecord, SrvRecord, Surroundings } from '../../src/discover/discover.ts'
import { answers } from '../../src/pop3/probe.ts'
import { smtpAnswers } from '../../src/smtp/probe.ts'

export interface Internet {
  readonly srv?: Readonly<Record<string, readonly SrvRecord[]>>
  readonly mx?: Readonly<Record<string, readonly MxRecord[]>>
  /** The pages by URL, without the `?` and what follows it. */
  readonly pages?: Readonly<Record<string, string>>
  /** By `host:port`: the port of this machine at which that server really is. */
  readonly servers?: Readonly<Record<string, number>>
  /** The authority that vouches for the certificates. */
  readonly ca?: string
  /** The names, URLs and `host:port` that never answer. */
  readonly silent?: readonly string[]
}

/** @param asked receives a line for each question. */
export function surroundingsOf(internet: Internet, asked: string[] = []): Surroundings {
  const { srv = {}, mx = {}, pages = {}, servers = {}, ca, silent = [] } = internet
  const say = async <T>(question: string, answer: T | undefined): Promise<T> => {
    asked.push(question)
    if (silent.includes(question)) return await new Promise<T>(() => {})
    if (answer === undefined) throw new Error(`not there: ${question}`)
    return answer
  }
  return {
    dns: { srv: (name) => say(name, srv[name]), mx: (name) => say(name, mx[name]) },
    http: { get: (url) => say(url, pages[url.split('?')[0] ?? '']) },
    async answers(server, waitMs) {
      const place = `${server.host}:${server.port}`
      const port = await say(place, servers[place])
      return await answers({ ...server, port, tlsVerify: true, tlsFingerprint: null, lookup: here, ca }, waitMs)
    },
    async smtpAnswers(server, waitMs) {
      const place = `${server.host}:${server.port}`
      const port = await say(place, servers[place])
      return await smtpAnswers({ ...server, port, tlsVerify: true, tlsFingerprint: null, lookup: here, ca }, waitMs)
    },
  }
}

/** Resolves every name to this machine. */
export const here: LookupFunction = (_name, options, callback) => {
  if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }])
  else callback(null, '127.0.0.1', 4)
}

/** Starts a DNS server that gives the same record to every question for its type (RFC 1035), and answers all others that there is no record. */
export async function startDns(
  records: Readonly<Record<number, Buffer>>,
): Promise<{ readonly at: string; close(): void }> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  socket.on('message', (asked, { port, address }) => {
    const end = asked.indexOf(0, 12) + 5
    const data = records[asked.readUInt16BE(end - 4)]
    const header = Buffer.from(asked.subarray(0, 12))
    // This is an authoritative response with one question and at most one answer.
    header.writeUInt16BE(0x8580, 2)
    header.writeUInt16BE(data === undefined ? 0 : 1, 6)
    header.fill(0, 8)
    const question = asked.subarray(12, end)
    const answer = Buffer.from([0xc0, 12, ...question.subarray(-4), 0, 0, 0, 60, 0, data?.length ?? 0])
    socket.send(Buffer.concat([header, question, ...(data === undefined ? [] : [answer, data])]), port, address)
  })
  await once(socket, 'listening')
  return { at: `127.0.0.1:${socket.address().port}`, close: () => socket.close() }
}

/** Writes a name in its form on the wire. */
export function nameOnWire(name: string): number[] {
  return [...name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]), 0]
}
