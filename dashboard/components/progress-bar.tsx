/** A bar that shows how far something is. Without a value it only shows that something goes on. The words beside it say the same. */
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
