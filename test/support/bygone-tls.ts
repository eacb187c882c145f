/**
 * Servers whose TLS no library of today makes any more, each in front of a server in clear: one of TLS 1.2 without a single extension, so
 * without RFC 5746; and Debian's `openssl s_server`, which has small groups of Diffie and Hellman.
 */
import { spawn } from 'node:child_process'
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  privateDecrypt,
  randomBytes,
  X509Certificate,
} from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { closerOf } from './closing.ts'
import { freePorts } from './ports.ts'
import { until } from './until.ts'

/** TLS_RSA_WITH_AES_128_GCM_SHA256 (RFC 5288), the one suite that it has in truth. */
export const rsaWithAes = 0x009c
/** TLS_RSA_WITH_RC4_128_SHA and TLS_RSA_WITH_3DES_EDE_CBC_SHA: where nobody offers them, a server that has no others can only refuse. */
export const rsaWithRc4 = 0x0005
export const rsaWith3Des = 0x000a

interface Bygone {
  /** PEM, of RSA. */
  readonly cert: string
  readonly key: string
  readonly suites?: readonly number[]
}

/** Starts a TLS 1.2 server without extensions in front of this port. Gives its own. */
export async function startBygoneTls(t: TestContext, behind: number, bygone: Bygone): Promise<number> {
  const server = createServer((socket) => void new Line(socket, behind, bygone))
  t.after(closerOf(server))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const [changeCipher, alert, handshake, data] = [20, 21, 22, 23] as const
const version = Buffer.from('0303', 'hex')

class Line {
  readonly #socket: Socket
  readonly #behind: number
  readonly #bygone: Bygone
  #clear: Socket | undefined
  #rest: Buffer = Buffer.alloc(0)
  #messages: Buffer = Buffer.alloc(0)
  /** All messages of the handshake so far. */
  #transcript: Buffer = Buffer.alloc(0)
  #clientRandom: Buffer = Buffer.alloc(0)
  readonly #random = randomBytes(32)
  #master: Buffer = Buffer.alloc(0)
  #reading: Cipher | undefined
  #writing: Cipher | undefined
  #isReadingSafe = false

  constructor(socket: Socket, behind: number, bygone: Bygone) {
    this.#socket = socket
    this.#behind = behind
    this.#bygone = bygone
    socket.on('error', () => {})
    socket.on('close', () => this.#clear?.destroy())
    socket.on('data', (chunk: Buffer) => this.#hear(chunk))
  }

  #hear(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk])
    while (this.#rest.length >= 5 && this.#rest.length >= 5 + this.#rest.readUInt16BE(3)) {
      const end = 5 + this.#rest.readUInt16BE(3)
      const [type, body] = [this.#rest[0] ?? 0, this.#rest.subarray(5, end)]
      this.#rest = this.#rest.subarray(end)
      this.#read(type, this.#isReadingSafe ? (this.#reading?.open(type, body) ?? body) : body)
    }
  }

  #read(type: number, body: Buffer): void {
    if (type === changeCipher) this.#isReadingSafe = true
    else if (type === alert) this.#socket.end()
    else if (type === data) this.#clear?.write(body)
    else {
      this.#messages = Buffer.concat([this.#messages, body])
      while (this.#messages.length >= 4 && this.#messages.length >= 4 + this.#messages.readUIntBE(1, 3)) {
        const end = 4 + this.#messages.readUIntBE(1, 3)
        const message = this.#messages.subarray(0, end)
        this.#messages = this.#messages.subarray(end)
        this.#transcript = Buffer.concat([this.#transcript, message])
        this.#shake(message[0] ?? 0, message.subarray(4))
      }
    }
  }

  /** RFC 5246 section 7.4: ClientHello, ClientKeyExchange, Finished. */
  #shake(type: number, body: Buffer): void {
    if (type === 1) this.#greet(body)
    else if (type === 16) this.#agree(body)
    else if (type === 20) this.#finish()
  }

  #greet(hello: Buffer): void {
    this.#clientRandom = Buffer.from(hello.subarray(2, 34))
    const from = 35 + (hello[34] ?? 0)
    const offered = new Set<number>()
    for (let at = from + 2; at < from + 2 + hello.readUInt16BE(from); at += 2) offered.add(hello.readUInt16BE(at))
    const suite = (this.#bygone.suites ?? [rsaWithAes]).find((one) => offered.has(one))
    // handshake_failure
    if (suite === undefined) return void this.#socket.end(Buffer.from('15030300020228', 'hex'))
    const chosen = Buffer.from([0, suite >> 8, suite & 0xff, 0])
    const der = new X509Certificate(this.#bygone.cert).raw
    this.#say(2, Buffer.concat([version, this.#random, chosen]))
    this.#say(11, Buffer.concat([three(der.length + 3), three(der.length), der]))
    this.#say(14, Buffer.alloc(0))
  }

  #agree(exchange: Buffer): void {
    const padded = privateDecrypt({ key: this.#bygone.key, padding: constants.RSA_NO_PADDING }, exchange.subarray(2))
    const randoms = [this.#clientRandom, this.#random]
    this.#master = expanded(padded.subarray(-48), 'master secret', Buffer.concat(randoms), 48)
    const block = expanded(this.#master, 'key expansion', Buffer.concat(randoms.toReversed()), 40)
    this.#reading = new Cipher(block.subarray(0, 16), block.subarray(32, 36))
    this.#writing = new Cipher(block.subarray(16, 32), block.subarray(36, 40))
  }

  #finish(): void {
    this.#socket.write(recordOf(changeCipher, Buffer.from([1])))
    const digest = createHash('sha256').update(this.#transcript).digest()
    const proof = expanded(this.#master, 'server finished', digest, 12)
    this.#send(handshake, Buffer.concat([Buffer.from([20]), three(proof.length), proof]))
    const clear = connect({ host: '127.0.0.1', port: this.#behind })
    this.#clear = clear
    clear.on('error', () => {})
    clear.on('data', (chunk: Buffer) => {
      for (let at = 0; at < chunk.length; at += 16_000) this.#send(data, chunk.subarray(at, at + 16_000))
    })
    clear.on('end', () => {
      // close_notify
      this.#send(alert, Buffer.from([1, 0]))
      this.#socket.end()
    })
  }

  #say(type: number, body: Buffer): void {
    const message = Buffer.concat([Buffer.from([type]), three(body.length), body])
    this.#transcript = Buffer.concat([this.#transcript, message])
    this.#socket.write(recordOf(handshake, message))
  }

  #send(type: number, body: Buffer): void {
    if (!this.#socket.destroyed && this.#writing !== undefined)
      this.#socket.write(recordOf(type, this.#writing.seal(type, body)))
  }
}

/** AES-128-GCM, one way of the line (RFC 5288 section 3). */
class Cipher {
  readonly #key: Buffer
  readonly #salt: Buffer
  #count = 0n

  constructor(key: Buffer, salt: Buffer) {
    this.#key = key
    this.#salt = salt
  }

  seal(type: number, clear: Buffer): Buffer {
    const nonce = eight(this.#count)
    const cipher = createCipheriv('aes-128-gcm', this.#key, Buffer.concat([this.#salt, nonce]))
    cipher.setAAD(this.#header(type, clear.length))
    const sealed = Buffer.concat([cipher.update(clear), cipher.final()])
    return Buffer.concat([nonce, sealed, cipher.getAuthTag()])
  }

  open(type: number, body: Buffer): Buffer {
    const sealed = body.subarray(8, -16)
    const cipher = createDecipheriv('aes-128-gcm', this.#key, Buffer.concat([this.#salt, body.subarray(0, 8)]))
    cipher.setAAD(this.#header(type, sealed.length)).setAuthTag(body.subarray(-16))
    return Buffer.concat([cipher.update(sealed), cipher.final()])
  }

  #header(type: number, octets: number): Buffer {
    const header = Buffer.concat([eight(this.#count), Buffer.from([type]), version, two(octets)])
    this.#count += 1n
    return header
  }
}

/** RFC 5246 section 5. */
function expanded(secret: Buffer, label: string, seed: Buffer, octets: number): Buffer {
  const hmac = (text: Buffer) => createHmac('sha256', secret).update(text).digest()
  const whole = Buffer.concat([Buffer.from(label), seed])
  const pieces: Buffer[] = []
  for (let step = hmac(whole); Buffer.concat(pieces).length < octets; step = hmac(step))
    pieces.push(hmac(Buffer.concat([step, whole])))
  return Buffer.concat(pieces).subarray(0, octets)
}

const recordOf = (type: number, body: Buffer) => Buffer.concat([Buffer.from([type]), version, two(body.length), body])
const two = (number: number) => Buffer.from([number >> 8, number & 0xff])
const three = (number: number) => Buffer.from([number >> 16, (number >> 8) & 0xff, number & 0xff])
function eight(number: bigint): Buffer {
  const octets = Buffer.alloc(8)
  octets.writeBigUInt64BE(number)
  return octets
}

/**
 * Starts `openssl s_server` in front of this port, for one session: what the server behind says first is there when the handshake is done.
 * Gives its own port.
 */
export async function startOpenssl(t: TestContext, behind: number, args: readonly string[]): Promise<number> {
  const [port = 0] = await freePorts(1)
  const child = spawn('openssl', ['s_server', '-quiet', '-accept', `127.0.0.1:${port}`, ...args], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const clear = connect({ host: '127.0.0.1', port: behind })
  for (const stream of [clear, child.stdin, child.stdout]) stream.on('error', () => {})
  clear.pipe(child.stdin)
  child.stdout.pipe(clear)
  t.after(async () => {
    clear.destroy()
    child.kill()
    if ((child.exitCode ?? child.signalCode) === null) await once(child, 'exit')
  })
  // Whoever connected to see whether it is there would be taken for its client.
  const listening = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A`
  await until(`openssl at ${port}`, () => readFileSync('/proc/net/tcp', 'latin1').includes(listening))
  return port
}
