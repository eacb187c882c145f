/** How far something is; without a value it only goes on. What it says stands beside it in words. */
export function ProgressBar({
  label,
  value,
  max,
}: {
  readonly label: string
  readonly value?: number | undefined
  readonly max?: number
}) {
  if (value === undefined || max === undefined || max === 0) return <progress aria-label={label} />
  return <progress aria-label={label} value={Math.min(value, max)} max={max} />
}
