/** Times at which people mean to send something, in their own zone. */

export const presetNames = ['evening', 'morning', 'monday'] as const
export type PresetName = (typeof presetNames)[number]

const [morningHour, eveningHour] = [8, 18] as const
/** As the API has it. */
export const latestMs = 365 * 24 * 3_600_000

export function presets(now: Date): readonly { readonly name: PresetName; readonly at: Date }[] {
  const at = (days: number, hour: number) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour, 0, 0)
  const toMonday = (8 - now.getDay()) % 7 || 7
  return [
    // Not as soon as it is asked for.
    ...(now.getHours() < eveningHour - 1 ? [{ name: 'evening' as const, at: at(0, eveningHour) }] : []),
    { name: 'morning', at: at(1, morningHour) },
    ...(toMonday > 1 ? [{ name: 'monday' as const, at: at(toMonday, morningHour) }] : []),
  ]
}
