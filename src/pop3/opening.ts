/**
 * Opens a session: connects, secures the line, learns what the server can do, and logs in. At a server that is known it asks for less
 * (quick-login.ts).
 */
import type { Capabilities } from '../account/server-traits.ts'
import { cameTooSoon } from '../failure/consequence.ts'
import type { Phase } from '../failure/phase.ts'
import { SessionFailed } from '../failure/session-failed.ts'
import { hasCapability, loginDelayMsIn } from './capabilities.ts'
import { checkCredentials, type LoginLine, logIn } from './login.ts'
import { isSentTogether, logInTogether } from './quick-login.ts'
import type { SessionLine } from './session-line.ts'

/** What the opening is told of the session. */
export interface Terms {
  /** What the server has said to CAPA before. It is believed until `settle`: this saves round trips. Undefined: it is asked. */
  readonly known: Capabilities | undefined
  /** Asks for the listing, and does not wait for it. */
  readonly askAhead: () => void
}

export class Opening {
  readonly #line: SessionLine
  readonly #terms: Terms
  /** The capabilities before the login. */
  #before: readonly string[] = []
  #isQuick = false
  #isTogether = false
  #hasAskedToLogIn = false
  #toldDelayMs = 0

  constructor(line: SessionLine, terms: Terms) {
    this.#line = line
    this.#terms = terms
  }

  /** The server's capabilities are those of an earlier session. */
  get isQuick(): boolean {
    return this.#isQuick
  }

  /** The listing was asked for together with the login. */
  get isTogether(): boolean {
    return this.#isTogether
  }

  /** What the server has said to CAPA in this session; undefined if it was not asked. */
  get said(): Capabilities | undefined {
    return this.#isQuick ? undefined : { before: this.#before, after: this.#line.capabilities }
  }

  /** Connects, secures the line if the account says so, and asks for the server's capabilities; it does not log in. */
  async connect(): Promise<void> {
    const line = this.#line
    await line.open()
    await this.#learnCapabilities()
    if (line.options.tls === 'starttls') {
      if (line.capabilities.length > 0 && !line.can('STLS')) throw line.opened.noStls('it does not offer STLS')
      await line.opened.startTls()
      // RFC 2595 section 4: anybody may have forged the lines that came in clear.
      if (!line.traits.has('no CAPA')) line.capabilities = await line.askCapabilities()
    }
    // RFC 6856 section 2.1: UTF8 is sent before login. Without it Courier gives a wrapper in place of messages with 8-bit headers.
    if (line.can('UTF8')) await line.askLine('UTF8', 'UTF8')
  }

  /** The server may have let us in, though it did not say so, and wants some time until the next login. */
  get mayHaveToWait(): boolean {
    return this.#hasAskedToLogIn && loginDelayMsIn(this.#line.capabilities) > 0
  }

  /** Connects and logs in. */
  async logIn(): Promise<void> {
    const { options } = this.#line
    checkCredentials(options)
    const { known } = this.#terms
    try {
      await (known === undefined ? this.#logInAsUsual() : this.#logInQuickly(known))
    } catch (error) {
      const failure = error instanceof SessionFailed ? error.failure : undefined
      if (failure?.kind === 'throttled' && cameTooSoon(failure)) options.loginGate?.tooSoon(failure.backOffMs)
      throw error
    }
  }

  async #logInAsUsual(): Promise<void> {
    const line = this.#line
    await this.connect()
    this.#before = line.capabilities
    await this.#ask(logIn(this.#loginLine(() => line.capabilities)))
    await this.#learnAfterLogin()
  }

  /** Waits until the server has let us in. */
  async #ask(login: Promise<void>): Promise<void> {
    this.#hasAskedToLogIn = true
    await this.#line.accepted(login)
    this.#tellDelay()
  }

  #tellDelay(): void {
    const delayMs = loginDelayMsIn(this.#line.capabilities)
    if (delayMs === this.#toldDelayMs) return
    this.#toldDelayMs = delayMs
    this.#line.options.loginGate?.letIn(delayMs)
  }

  async #learnAfterLogin(): Promise<void> {
    const line = this.#line
    // Some servers announce UIDL, TOP and PIPELINING only now (jakarta mail-api issue 50); some refuse CAPA now.
    const all = line.can('UIDL') && line.can('TOP') && line.can('PIPELINING')
    if (line.capabilities.length > 0 && !all && !line.traits.has('same CAPA after login')) {
      const now = await line.askCapabilities()
      if (now.length === 0 || now.join() === line.capabilities.join()) line.traits.add('same CAPA after login')
      else line.capabilities = now
      this.#tellDelay()
    }
  }

  /** Logs in at a server that is known. */
  async #logInQuickly(known: Capabilities): Promise<void> {
    const line = this.#line
    await line.open()
    if (line.options.tls === 'starttls') await line.opened.startTls()
    this.#isQuick = true
    this.#before = known.before
    // The server is asked by what it says after the login, but for the login itself.
    line.capabilities = known.after
    const ask = (words: string, during: Phase) => line.askLine(words, during)
    this.#isTogether =
      isSentTogether(
        known,
        line.traits,
        this.#loginLine(() => known.before),
      ) && !line.opened.reader.doubles
    if (this.#isTogether) {
      const together = <T>(send: () => T) => line.opened.together(send)
      await this.#ask(logInTogether(line.options, known, { ask, together, askNext: this.#terms.askAhead }))
      return
    }
    if (hasCapability(known.before, 'UTF8')) await ask('UTF8', 'UTF8')
    await this.#ask(logIn(this.#loginLine(() => (this.#isQuick ? known.before : line.capabilities))))
    // It hung up at one way to log in: this session was opened in the usual way.
    if (!this.#isQuick) await this.#learnAfterLogin()
  }

  #loginLine(capabilities: () => readonly string[]): LoginLine {
    const line = this.#line
    return {
      options: line.options,
      memory: line.loginTraits,
      exchangeWaitMs: line.exchangeWaitMs,
      verbs: line.verbs,
      get capabilities() {
        return capabilities()
      },
      get greeting() {
        return line.opened.greeting
      },
      ask: (words, during) => line.askLine(words, during),
      hide: (secret) => line.options.transcript?.hide(secret),
      fail: (failure) => line.opened.fail(failure(line.opened.server)),
      reopen: async () => {
        this.#isQuick = false
        await this.connect()
        this.#before = line.capabilities
      },
    }
  }

  /** Asks what a quick session has left out. Mail is retrieved by what the server says today. */
  async settle(): Promise<void> {
    if (!this.#isQuick) return
    this.#isQuick = false
    if (!this.#line.traits.has('no CAPA') && this.#before.length > 0) {
      const now = await this.#line.askCapabilities()
      if (now.length > 0) this.#line.capabilities = now
      this.#tellDelay()
    }
    this.#isTogether = false
  }

  /** Some servers hang on CAPA or drop the line. Once may be chance, and UTF8 depends on CAPA; after the second time the session does without it. */
  async #learnCapabilities(): Promise<void> {
    const line = this.#line
    for (let tries = 0; !line.traits.has('no CAPA'); tries += 1) {
      try {
        line.capabilities = await line.askCapabilities()
        return
      } catch (error) {
        if (line.options.signal?.aborted) throw error
        await line.open()
        if (tries > 0) line.traits.add('no CAPA')
      }
    }
  }
}
