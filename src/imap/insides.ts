/**
 * The members of imapflow that are not in its types. This file alone touches them; the rest of the room calls the exports of this file.
 * If the installed version lacks a member, a process says so when it opens its first store, not in the middle of a message.
 */
import type { Duplex, Transform, Writable } from 'node:stream'
import { ImapFlow } from 'imapflow'

interface Insides {
  /** Queues one command, and sends it before it returns unless another one is under way. */
  exec(command: string, attributes: unknown, options: unknown): Promise<unknown>
  /** Carries out one of imapflow's own commands: the login, ID, NAMESPACE ... */
  run(command: string, ...args: readonly unknown[]): Promise<unknown>
  /** Logs in. */
  authenticate(): Promise<boolean>
  /** Is called once the server has let us in. */
  setAuthenticationState(): Promise<void>
  /** Waits for the time that a throttling answer names. */
  throttleWait(delayMs: number): Promise<boolean>
  /** Writes a queued command. */
  send(request: { readonly tag: string }): Promise<void>
  /**
   * Writes one part of a command. After the part that leaves `commandParts` empty, it also writes the line end. It throws once the session
   * has ended.
   */
  write(part: Buffer | string): void
  /** The parts of the command under way that are not written yet. */
  commandParts: (Buffer | string)[]
  /** Only an answer to a request that was sent counts. */
  readonly currentRequest: { readonly tag: string; sent?: boolean } | false
  readonly writeSocket: Writable | false | null
  /** Reads what the server sends; the socket is piped into it, also after STARTTLS. */
  readonly streamer: Duplex
  /** The server may have other capabilities after the login: it is asked for them, unless it tells them with its OK. */
  expectCapabilityUpdate?: boolean
  /** `AUTH=` and the mechanism, of all answers since the line was made, or was made safe. */
  readonly authCapabilities: ReadonlyMap<string, boolean>
}

const methods = ['exec', 'run', 'authenticate', 'setAuthenticationState', 'throttleWait', 'send', 'write'] as const
const fields = ['commandParts', 'currentRequest', 'writeSocket', 'authCapabilities', 'streamer'] as const

/** Names the members that a client lacks. */
export function missingInsides(client: object): string[] {
  return [
    ...methods.filter((name) => typeof Reflect.get(client, name) !== 'function'),
    ...fields.filter((name) => !(name in client)),
  ]
}

let isChecked = false

/** @throws Error if the installed imapflow lacks a member; a process that opens stores must not start with it. */
export function checkInsides(): void {
  if (isChecked) return
  const missing = missingInsides(
    new ImapFlow({ host: '127.0.0.1', port: 143, logger: false, auth: { user: '', pass: '' } }),
  )
  if (missing.length > 0)
    throw new Error(
      `imapflow ${ImapFlow.version} lacks ${missing.join(', ')}, which Tributary uses: install the version that package.json names.`,
    )
  isChecked = true
}

const insidesOf = (client: ImapFlow) => client as unknown as Insides

/** Sends a command by imapflow's command layer. These listeners get the answer's untagged lines, and the continuation requests. */
export async function sendCommand(
  client: ImapFlow,
  command: string,
  attributes: readonly unknown[],
  listeners: { readonly untagged: object; readonly onPlusTag?: () => void },
): Promise<unknown> {
  return await insidesOf(client).exec(command, attributes, listeners)
}

/** Logs in by this function in place of imapflow's own way, if it is still to be done. */
export function replaceLogin(client: ImapFlow, logIn: () => Promise<void>): void {
  const insides = insidesOf(client)
  const own = insides.authenticate.bind(client)
  insides.authenticate = async () => {
    // A server may greet with PREAUTH (RFC 9051 section 7.1.4).
    if (client.state !== client.states.NOT_AUTHENTICATED) return await own()
    await logIn()
    await insides.setAuthenticationState()
    return true
  }
}

/** The mechanisms of SASL that the server has announced on this line, in one answer or in several, in capitals. */
export function announcedMechanisms(client: ImapFlow): string[] {
  return [...insidesOf(client).authCapabilities.keys()].flatMap((name) => /^AUTH=(.+)$/.exec(name)?.[1] ?? [])
}

/**
 * Carries one exchange of SASL; NO and BAD throw.
 *
 * @param initial the initial response in base64.
 * @param answer gives the line that answers a challenge, both in base64; undefined: it has closed the connection.
 */
export async function exchangeWith(
  client: ImapFlow,
  mechanism: string,
  initial: string | undefined,
  answer: (challenge: string) => Promise<string | undefined>,
): Promise<void> {
  const insides = insidesOf(client)
  const attributes = [
    { type: 'ATOM', value: mechanism },
    ...(initial === undefined ? [] : [{ type: 'ATOM', value: initial, sensitive: true }]),
  ]
  const onPlusTag = async ({
    attributes: parts,
  }: {
    readonly attributes?: readonly { readonly value?: unknown }[]
  }) => {
    const text = parts?.[0]?.value
    const line = await answer(typeof text === 'string' ? text.trim() : '')
    if (line !== undefined) insides.write(line)
  }
  insides.expectCapabilityUpdate = true
  const done = (await insides.exec('AUTHENTICATE', attributes, { onPlusTag })) as { next(): void }
  done.next()
}

/** Logs in by the command LOGIN (RFC 9051 section 6.2.3). @param password other octets than those of UTF-8, if it is a Buffer. */
export async function loginCommand(client: ImapFlow, user: string, password: string | Buffer): Promise<void> {
  const insides = insidesOf(client)
  insides.expectCapabilityUpdate = true
  const secret = typeof password === 'string' ? { type: 'STRING' } : { type: 'LITERAL' }
  const attributes = [
    { type: 'STRING', value: user },
    { ...secret, value: password, sensitive: true },
  ]
  const done = (await insides.exec('LOGIN', attributes, {})) as { next(): void }
  done.next()
}

/** Makes imapflow report a throttling answer at once; by itself it first waits for the named time. */
export function neverWaitThrottled(client: ImapFlow): void {
  insidesOf(client).throttleWait = async () => false
}

/** Puts a function around each of imapflow's own commands. */
export function wrapRun(
  client: ImapFlow,
  around: (command: string, run: () => Promise<unknown>) => Promise<unknown>,
): void {
  const insides = insidesOf(client)
  const run = insides.run.bind(client)
  insides.run = (command, ...args) => around(command, () => run(command, ...args))
}

/** Calls a function with the error of any command, before the caller of that command gets it. */
export function onCommandFailure(client: ImapFlow, hear: (error: unknown) => void): void {
  const insides = insidesOf(client)
  const exec = insides.exec.bind(client)
  insides.exec = (...args) => {
    const answer = exec(...args)
    // This runs beside the answer, and first: the caller waits no longer than before, and a BYE may follow at once.
    answer.catch(hear)
    return answer
  }
}

/** Calls a function before each command. */
export function onCommand(client: ImapFlow, begin: () => void): void {
  const insides = insidesOf(client)
  const exec = insides.exec.bind(client)
  insides.exec = (...args) => {
    begin()
    return exec(...args)
  }
}

/** Makes this function write queued commands, until the returned function restores imapflow's own. */
export function replaceSend(client: ImapFlow, send: (tag: string) => Promise<void>): () => void {
  const insides: Partial<Insides> = insidesOf(client)
  insides.send = async ({ tag }) => await send(tag)
  return () => delete insides.send
}

/**
 * Hands the last part of a command to this function and does not write it, until the returned function restores imapflow's own `write`.
 * `end` writes the CRLF that ends the command; it throws if the session has ended.
 */
export function holdLastPart(client: ImapFlow, hold: (last: Buffer, end: () => void) => void): () => void {
  const insides = insidesOf(client)
  const write = insides.write.bind(client)
  insides.write = (part) => {
    if (insides.commandParts.length > 0) write(part)
    else hold(typeof part === 'string' ? Buffer.from(part, 'latin1') : part, () => write(''))
  }
  return () => delete (insides as Partial<Insides>).write
}

/** Writes one part of the command with that tag, while these parts are still to come; from then on its answer counts. */
export function writePart(client: ImapFlow, tag: string, part: Buffer, rest: Buffer[]): void {
  const insides = insidesOf(client)
  // This is needed each time: an answer that comes before everything is sent makes imapflow forget the parts.
  insides.commandParts = rest
  insides.write(part)
  const { currentRequest } = insides
  if (currentRequest && currentRequest.tag === tag) currentRequest.sent = true
}

/**
 * Hands what the server sends to this function, in place of imapflow, which reads the pieces that it yields: each as soon as it has
 * done with the one before.
 */
export function siftReceived(client: ImapFlow, sift: (chunk: Buffer) => AsyncIterable<Buffer>): void {
  const { streamer } = insidesOf(client)
  // imapflow takes its own listener away when it closes, and what it was reading then may fail yet: that would end the process.
  streamer.on('error', () => {})
  const own = streamer as unknown as Pick<Transform, '_transform'>
  const read = own._transform.bind(streamer)
  const pass = async (chunk: Buffer) => {
    for await (const piece of sift(chunk)) {
      if (streamer.destroyed) return
      await new Promise<void>((resolve) => read(piece, 'latin1', () => resolve()))
    }
  }
  own._transform = (chunk: Buffer, _encoding, next) => {
    void pass(chunk)
      .catch((error: Error) => void streamer.destroy(error))
      .finally(next)
  }
}

/** The socket to which commands are written; undefined once the session has ended. */
export function writeSocketOf(client: ImapFlow): Writable | undefined {
  return insidesOf(client).writeSocket || undefined
}
