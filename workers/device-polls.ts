/** Asks for the tokens of device codes (RFC 8628 section 3.4), each at the interval that its server wants, until somebody has consented. */
import { loginDefaults } from '../src/account/login.ts'
import { type AuthorizationServers, serverNameOf } from '../src/oauth/authorization-servers.ts'
import { pollDevice } from '../src/oauth/flows.ts'
import { consentBy, isGrantFor } from '../src/oauth/grant.ts'
import { isPassing, OAuthFailed, wordsOfCode } from '../src/oauth/oauth-failed.ts'
import type { Destinations } from '../src/redis/destinations.ts'
import { OAuthApplications, openApplication } from '../src/redis/oauth-applications.ts'
import { OAuthDevices, type WaitingDevice } from '../src/redis/oauth-devices.ts'
import type { TokenHolder } from '../src/redis/oauth-tokens.ts'
import { TokenRevocations } from '../src/redis/token-revocations.ts'
import { isOwnersConsent, type SignedInWorld, takeGrant } from '../src/redis/signed-in.ts'

export interface DevicePollsWorld extends Omit<SignedInWorld, 'revocations'> {
  readonly destinations: Destinations
  readonly servers: AuthorizationServers
}

export class DevicePolls {
  readonly #world: DevicePollsWorld & SignedInWorld
  readonly #devices: OAuthDevices
  readonly #applications: OAuthApplications
  readonly #revocations: TokenRevocations

  constructor(world: DevicePollsWorld) {
    this.#revocations = new TokenRevocations(world)
    this.#world = { ...world, revocations: this.#revocations }
    this.#devices = new OAuthDevices(world.redis)
    this.#applications = new OAuthApplications(world.redis)
  }

  async turn(nowMs: number): Promise<void> {
    const { due, over } = await this.#devices.takeDue(nowMs)
    for (const device of over) await this.#refused(device, wordsOfCode('expired_token'))
    await Promise.all(due.map(async (device) => await this.#ask(device)))
  }

  async #ask(device: WaitingDevice): Promise<void> {
    const { id, applicationId } = device
    const { seal, servers } = this.#world
    const holder = await this.#holderOf(device)
    const record = await this.#applications.get(applicationId)
    if (holder === undefined || record === undefined) return void (await this.#devices.end(device))
    const open = openApplication(record, seal)
    try {
      const server = await servers.of(open)
      const { tokens, identity } = await pollDevice(server, seal.open(device.sealedDeviceCode, id, 'deviceCode'))
      // Somebody may have signed out, or begun anew, meanwhile.
      const isWanted = await this.#devices.end(device)
      if (isWanted && (await isOwnersConsent(this.#world, holder, identity)))
        return void (await takeGrant(this.#world, holder, {
          application: open.application,
          flow: 'device',
          tokens,
          identity,
        }))
      this.#revocations.ofTokens(tokens, consentBy(open.application, identity))
      const as = identity.shown ?? identity.subject?.sub ?? serverNameOf(open.application)
      if (isWanted) await this.#refused(device, `${as} has signed in, and the mailbox is ${holder.login.user}`)
    } catch (error) {
      if (!(error instanceof OAuthFailed)) throw error
      const { trouble, message } = error
      if (isPassing(trouble)) return await this.#devices.again(device, Date.now(), trouble !== 'pending')
      if (await this.#devices.end(device)) await this.#refused(device, message)
    }
  }

  async #refused(device: WaitingDevice, problem: string): Promise<void> {
    // Nobody asks for the sign-in of what is gone.
    if ((await this.#holderOf(device)) !== undefined)
      await this.#world.grants.refused(device.id, device, 'device', problem)
  }

  /** Undefined: it is gone, or another mailbox by now. */
  async #holderOf(device: WaitingDevice): Promise<TokenHolder | undefined> {
    const { kind, id } = device
    const { accounts, destinations } = this.#world
    const account = kind === 'account' ? await accounts.get(id) : undefined
    const elsewhere = kind === 'destination' ? await destinations.get(id) : undefined
    const login = account?.account ?? (elsewhere?.destination.kind === 'imap' ? elsewhere.destination : undefined)
    if (login === undefined || (login.auth ?? loginDefaults.auth) !== 'oauth2') return undefined
    const terms = { applicationId: login.oauth?.applicationId ?? '', host: login.host, user: login.user }
    if (!isGrantFor(device, terms)) return undefined
    return { kind, id, login, guarded: (account ?? elsewhere)?.guarded === true }
  }
}
