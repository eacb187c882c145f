/** Puts the report of what was not delivered (send/report.ts) into the INBOX, once. */
import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { OutboxEntry, Recipient, SendReport } from '../src/send/entry.ts'
import { sendLimits } from '../src/send/limits.ts'
import { deliveryReportOf } from '../src/send/report.ts'
import { isNothing, reportable, type Reportable } from '../src/send/reportable.ts'
import { nextFollowUp } from '../src/send/sent-copy.ts'
import { type FollowUpWorld } from './outbox-copies.ts'
import { file, type FiledMessage, FilingRefused } from './outbox-filing.ts'

const inbox = 'INBOX'

/** Does what is due of an entry's report. Trouble with the store is written down, and it is tried again. */
export async function followReport(world: FollowUpWorld, id: string): Promise<void> {
  const entry = await world.sendings.get(id)
  const nowMs = world.nowMs()
  if (entry === undefined || !isDue(entry, nowMs)) return
  const taken = await changeReport(world, id, entry.report, {
    ...entry.report,
    state: 'due',
    nextAtMs: nowMs + sendLimits.followUpLeaseMs,
  })
  if (taken === undefined) return
  const target = await world.target(taken.destinationId)
  const due = reportable(taken, nowMs)
  if (target === undefined || (isNothing(due) && taken.report.filing === undefined)) {
    const { filing: _, ...before } = taken.report
    await changeReport(world, id, taken.report, { ...before, state: 'none', nextAtMs: null })
    return
  }
  let { report } = taken
  const write = async (next: SendReport) => {
    const written = await changeReport(world, id, report, next)
    if (written !== undefined) report = next
    return written !== undefined
  }
  const endMs = performance.now() + (sendLimits.followUpLeaseMs * 2) / 3
  try {
    const store = await world.openStore(target, `report${id}`, () => performance.now() < endMs)
    const load = async (): Promise<FiledMessage> => {
      const source = {
        entry: taken,
        header: await headerOfBody(world.bodies.read(id)).catch(() => undefined),
        publicName: world.publicName,
        nowMs,
        id: randomBytes(9).toString('hex'),
      }
      const bytes = deliveryReportOf(source) ?? Buffer.alloc(0)
      return { folder: inbox, flags: [], internalDate: new Date(nowMs), held: bytes }
    }
    const steps = {
      filing: report.filing,
      newToken: () => world.newToken(),
      note: async (filing: NonNullable<SendReport['filing']>) => {
        if (!(await write({ ...report, filing }))) throw new Error('somebody else writes this report')
      },
    }
    await file(store, steps, inbox, load)
    await write({ state: 'filed', nextAtMs: null, ...reported(report, due) })
  } catch (error) {
    const nextAtMs =
      error instanceof FilingRefused ? null : nextFollowUp(taken.endedAtMs ?? taken.sendAtMs, world.nowMs())
    const { filing: _, ...unfiled } = report
    await write(nextAtMs === null ? { ...unfiled, state: 'failed', nextAtMs } : { ...report, nextAtMs })
    if (nextAtMs !== null) throw error
  }
}

/** A delay is due by its time alone: nothing may have happened to the message since. */
function isDue(entry: OutboxEntry, nowMs: number): boolean {
  const { state, nextAtMs } = entry.report
  return state === 'due' ? (nextAtMs ?? 0) <= nowMs : reportable(entry, nowMs).delayed.length > 0
}

function reported({ named, told }: SendReport, { failed, unknown, delayed }: Reportable) {
  const together = (known: readonly string[] | undefined, some: readonly Recipient[]) => [
    ...(known ?? []),
    ...some.map(({ address }) => address),
  ]
  if (told === undefined && unknown.length + delayed.length === 0) return { named: together(named, failed) }
  const all = { unknown: together(told?.unknown, unknown), delayed: together(told?.delayed, delayed) }
  return { named: together(named, failed), told: all }
}

/** Its beginning, up to the empty line. */
async function headerOfBody(body: Readable): Promise<Buffer> {
  const pieces: Buffer[] = []
  let octets = 0
  for await (const piece of body) {
    pieces.push(piece as Buffer)
    octets += (piece as Buffer).length
    if (octets >= sendLimits.reportedHeaderOctets) break
  }
  const start = Buffer.concat(pieces)
  const end = start.indexOf('\r\n\r\n')
  return end === -1 ? start : start.subarray(0, end + 2)
}

async function changeReport(
  { sendings }: FollowUpWorld,
  id: string,
  before: SendReport,
  report: SendReport,
): Promise<OutboxEntry | undefined> {
  const was = JSON.stringify(before)
  return await sendings.change(id, (entry) => (JSON.stringify(entry.report) === was ? { ...entry, report } : undefined))
}
