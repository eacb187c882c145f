/** The plan that is known of an account, as it is noted beside the ledger: an account has one all its life, so it is packed. */
import type { KnownPlan } from '../pull/known-plan.ts'

/** How long it holds stands before it (scripts/note-known.lua). */
export function packPlan({ madeAtMs, listed, listing, settings, answers }: KnownPlan): string {
  const words = [madeAtMs.toString(36), listed.toString(36), listing, settings]
  return [...words, ...(answers === undefined ? [] : [answers])].join(' ')
}

export function unpackPlan(packed: string, untilMs: number): KnownPlan {
  const [madeAt = '', listed = '', listing = '', settings = '', answers] = packed.split(' ')
  return {
    madeAtMs: Number.parseInt(madeAt, 36),
    listed: Number.parseInt(listed, 36),
    listing,
    settings,
    ...(answers === undefined ? {} : { answers }),
    untilMs,
  }
}
