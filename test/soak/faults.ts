/** The faults of the soak: what happens when is drawn from the seed beforehand, whatever becomes of the runs. */
import { assertNever } from '../../src/assert-never.ts'
import type { Chance } from '../support/chance.ts'
import { type Gateway, leaseLostMs, type Part } from './gateway.ts'
import { type Lie, lies, type Line } from './line.ts'

type LineFault =
  | { readonly kind: 'line cut' | 'answer to an append lost'; readonly line: number }
  | { readonly kind: 'line cut in mid-message'; readonly line: number; readonly octets: number }
  | { readonly kind: 'line refused' | 'line silent'; readonly line: number; readonly forMs: number }
  | { readonly kind: 'line slow'; readonly line: number; readonly byMs: number; readonly forMs: number }
  | { readonly kind: 'line lies'; readonly line: number; readonly lie: Lie }

export type Fault =
  | LineFault
  | { readonly kind: 'kill'; readonly part: Part }
  | { readonly kind: 'freeze'; readonly part: Part; readonly forMs: number }
  | { readonly kind: 'kill all' | 'restart' | 'full disk' }
  | { readonly kind: 'provider frozen'; readonly forMs: number }
  | { readonly kind: 'store hangs up'; readonly store: number; readonly bye: string }
  | { readonly kind: 'check now'; readonly account: number }

/** Whether it befalls a part of the gateway. */
export const isOwn = ({ kind }: Fault) => ['kill', 'freeze', 'kill all', 'restart', 'full disk'].includes(kind)

export interface Planned {
  readonly atMs: number
  readonly fault: Fault
}

/** The faults of the gateway's own parts: each of them happens before any of them happens again, one at a time. */
const ownFaults: readonly ((chance: Chance) => Fault)[] = [
  ...(['worker', 'worker', 'worker', 'api', 'redis', 'dovecot'] as const).map(
    (part) => (): Fault => ({ kind: 'kill', part }),
  ),
  (chance) => ({ kind: 'freeze', part: 'worker', forMs: leaseLostMs + chance.below(3000) }),
  // What a Dovecot does that was frozen for 10 s in mid-move is not promised (docs/guarantees.md).
  ...(['api', 'redis', 'dovecot'] as const).map(
    (part) =>
      (chance: Chance): Fault => ({ kind: 'freeze', part, forMs: 1000 + chance.below(4000) }),
  ),
  () => ({ kind: 'full disk' }),
  () => ({ kind: 'kill all' }),
  () => ({ kind: 'restart' }),
]

/** How often the other faults are drawn, compared with each other. */
const otherFaults: Readonly<
  Record<Exclude<Fault['kind'], 'kill' | 'freeze' | 'full disk' | 'kill all' | 'restart'>, number>
> = {
  'provider frozen': 2,
  'line cut': 8,
  'answer to an append lost': 8,
  'line cut in mid-message': 10,
  'line refused': 6,
  'line silent': 5,
  'line slow': 5,
  'line lies': 12,
  'store hangs up': 6,
  'check now': 40,
}
type OtherKind = keyof typeof otherFaults

export interface Scene {
  readonly forMs: number
  readonly accounts: number
  readonly lines: number
  readonly stores: number
}

/** Draws the faults of so long a time. The worker is killed first, whatever comes later. */
export function planFaults(chance: Chance, scene: Scene): Planned[] {
  const plan: Planned[] = [{ atMs: 2000, fault: { kind: 'kill', part: 'worker' } }]
  let left: ((chance: Chance) => Fault)[] = []
  for (let atMs = 6000; ; ) {
    if (left.length === 0) left = chance.shuffled(ownFaults)
    const fault = left.pop()?.(chance)
    if (fault === undefined) break
    const tookMs = fault.kind === 'freeze' ? fault.forMs : fault.kind === 'kill' ? 0 : 3000
    if (atMs + tookMs > scene.forMs) break
    plan.push({ atMs, fault })
    // So it meets runs at work, and the part that is started again after a second or two.
    atMs += tookMs + 1000 + chance.below(5000)
  }
  const kinds = Object.entries(otherFaults).flatMap(([kind, weight]) =>
    Array.from({ length: weight }, () => kind as OtherKind),
  )
  for (let atMs = 3000; atMs < scene.forMs; atMs += chance.below(1500))
    plan.push({ atMs, fault: draw(chance, chance.of(kinds), scene) })
  return plan.toSorted((one, other) => one.atMs - other.atMs)
}

function draw(chance: Chance, kind: OtherKind, { accounts, lines, stores }: Scene): Fault {
  const line = chance.below(lines)
  switch (kind) {
    case 'provider frozen':
      return { kind, forMs: 1000 + chance.below(8000) }
    case 'line cut':
    case 'answer to an append lost':
      return { kind, line }
    case 'line cut in mid-message':
      return { kind, line, octets: chance.below(20_000) }
    case 'line refused':
      return { kind, line, forMs: 500 + chance.below(4000) }
    case 'line silent':
      return { kind, line, forMs: 500 + chance.below(5000) }
    case 'line slow':
      return { kind, line, byMs: 20 + chance.below(300), forMs: 2000 + chance.below(6000) }
    case 'line lies':
      return { kind, line, lie: chance.of(lies) }
    case 'store hangs up':
      return { kind, store: chance.below(stores), bye: chance.of(['Server shutting down', 'Idle for too long', 'no']) }
    case 'check now':
      return { kind, account: chance.below(accounts) }
    default:
      return assertNever(kind)
  }
}

export interface Reach {
  readonly gateway: Gateway
  readonly lines: readonly Line[]
  hangUp(store: number, bye: string): Promise<void>
  checkNow(account: number): Promise<void>
  freezeProvider(forMs: number): Promise<void>
}

/** Carries out a fault, and resolves when it is over. @returns false if it could not be done at that moment. */
export async function commit(fault: Fault, { gateway, lines, ...reach }: Reach): Promise<boolean> {
  if ('line' in fault) {
    const line = lines[fault.line]
    if (line === undefined) throw new Error(`there is no line ${fault.line}`)
    await happenOn(line, fault)
    return true
  }
  switch (fault.kind) {
    case 'kill':
      return gateway.kill(fault.part)
    case 'freeze':
      return await gateway.freeze(fault.part, fault.forMs)
    case 'full disk':
      return gateway.fillDisk()
    case 'kill all':
      await gateway.killAll()
      await gateway.begin()
      return true
    case 'restart':
      await gateway.stop()
      await gateway.begin()
      return true
    case 'provider frozen':
      await reach.freezeProvider(fault.forMs)
      return true
    case 'store hangs up':
      await reach.hangUp(fault.store, fault.bye)
      return true
    case 'check now':
      await reach.checkNow(fault.account)
      return true
    default:
      return assertNever(fault)
  }
}

async function happenOn(line: Line, fault: LineFault): Promise<void> {
  switch (fault.kind) {
    case 'line cut':
      return line.cut()
    case 'answer to an append lost':
      return line.loseStored()
    case 'line cut in mid-message':
      return line.cutAfter(fault.octets)
    case 'line lies':
      return line.lie(fault.lie)
    case 'line refused':
      return await line.refuse(fault.forMs)
    case 'line silent':
      return await line.silence(fault.forMs)
    case 'line slow':
      return await line.slow(fault.byMs, fault.forMs)
    default:
      return assertNever(fault)
  }
}
