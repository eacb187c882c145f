/** Stores device codes while somebody enters the user code elsewhere (RFC 8628). A worker asks for each, at the interval that its server wants. */
import type { Redis } from 'ioredis'
import type { GrantTerms } from '../oauth/grant.ts'
import { oauthLimits } from '../oauth/limits.ts'
import { keys } from './key-names.ts'
import { replaced } from './replaced.ts'
import { script } from './scripts.ts'

const waitDevice = script<'done' | 'full'>('wait-device', 1)

export interface WaitingDevice extends GrantTerms {
  readonly kind: 'account' | 'destination'
  readonly id: string
  readonly sealedDeviceCode: string
  readonly userCode: string
  readonly verificationUri: string
  readonly intervalMs: number
  /** When it is asked for next; whoever asks puts it off first. */
  readonly askMs: number
  readonly untilMs: number
  /** The destination whose owner has begun it; absent: an admin of the instance. */
  readonly owner?: string
}

export class OAuthDevices {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  /** False: too many of this owner, or of the admins, wait already. */
  async wait(device: WaitingDevice, nowMs: number): Promise<boolean> {
    const { id, owner } = device
    const { devicesMax, devicesEachMax, devicesOfOwnersMax } = oauthLimits
    const shares = owner === undefined ? [devicesMax, devicesMax] : [devicesEachMax, devicesOfOwnersMax]
    const args = [id, JSON.stringify(device), owner ?? '', nowMs, ...shares]
    return (await waitDevice(this.#redis, [keys.oauthDevices], args)) === 'done'
  }

  async get(id: string): Promise<WaitingDevice | undefined> {
    const json = await this.#redis.hget(keys.oauthDevices, id)
    return json === null ? undefined : (JSON.parse(json) as WaitingDevice)
  }

  /** Takes those that are to be asked for now: no other worker asks for them before their next time. What is over is forgotten, and given once. */
  async takeDue(nowMs: number): Promise<{ readonly due: WaitingDevice[]; readonly over: WaitingDevice[] }> {
    const all = Object.values(await this.#redis.hgetall(keys.oauthDevices)).map(
      (json) => JSON.parse(json) as WaitingDevice,
    )
    const due: WaitingDevice[] = []
    const over: WaitingDevice[] = []
    // Where there are more than can be asked for, whoever waits longest is next.
    for (const device of all.toSorted((one, other) => one.askMs - other.askMs)) {
      if (device.untilMs <= nowMs) {
        if (await this.end(device)) over.push(device)
      } else if (device.askMs <= nowMs && due.length < oauthLimits.polledAtOnce) {
        // The answer may take as long as a request may, and the interval counts from it (RFC 8628 section 3.5).
        const taken = await this.#change(device, { askMs: nowMs + oauthLimits.requestWaitMs + device.intervalMs })
        if (taken !== undefined) due.push(taken)
      }
    }
    return { due, over }
  }

  /** Asks again later; `slower`: the server has said slow_down. */
  async again(device: WaitingDevice, nowMs: number, slower: boolean): Promise<void> {
    const longer = Math.min(device.intervalMs + oauthLimits.pollSlowDownMs, oauthLimits.pollIntervalMaxMs)
    const intervalMs = slower ? longer : device.intervalMs
    await this.#change(device, { intervalMs, askMs: nowMs + intervalMs })
  }

  /** Forgets it, if no other one has taken its place. @returns whether it was there. */
  async end(device: WaitingDevice): Promise<boolean> {
    const there = await this.get(device.id)
    if (there?.userCode !== device.userCode) return false
    return (await this.#redis.hdel(keys.oauthDevices, device.id)) === 1
  }

  async #change(device: WaitingDevice, to: Partial<WaitingDevice>): Promise<WaitingDevice | undefined> {
    const json = await replaced(this.#redis, { hash: keys.oauthDevices, field: device.id }, (before) => {
      const there = before === null ? undefined : (JSON.parse(before) as WaitingDevice)
      // Another worker was first, or another code has taken its place.
      if (there === undefined || there.userCode !== device.userCode || there.askMs !== device.askMs) return undefined
      return JSON.stringify({ ...there, ...to })
    })
    return json === undefined ? undefined : (JSON.parse(json) as WaitingDevice)
  }
}
