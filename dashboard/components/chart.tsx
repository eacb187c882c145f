/** Shows bars over time, and the same figures as a table. uPlot draws the bars; it is loaded when the first chart is in sight. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type uPlot from 'uplot'
import { number } from '../intl.ts'
import { isDark } from '../theme.ts'
import { words } from '../words/index.ts'
import type { Bar } from './bars.ts'

const heightPx = 220

export function Chart<Each extends Bar>({
  label,
  summary,
  bars,
  nameOf,
  tellOf,
}: {
  readonly label: string
  /** Describes the chart for those who do not see it. */
  readonly summary: string
  readonly bars: readonly Each[]
  /** The time of a bar, in words. */
  readonly nameOf: (at: string) => string
  /** The value of a bar, in words. */
  readonly tellOf: (bar: Each) => string
}) {
  const place = useRef<HTMLDivElement>(null)
  const pointed = useSignal<number | undefined>(undefined)
  const dark = isDark()
  useEffect(() => {
    const { current } = place
    if (current === null) return
    let drawn: uPlot | undefined
    let gone = false
    const resized = new ResizeObserver(() => drawn?.setSize({ width: current.clientWidth, height: heightPx }))
    void (async () => {
      const { draw } = await import('./bars.ts')
      if (gone) return
      drawn = draw(current, heightPx, bars, nameOf, (nth) => {
        pointed.value = nth
      })
      resized.observe(current)
    })()
    return () => {
      gone = true
      resized.disconnect()
      drawn?.destroy()
    }
  }, [bars, nameOf, dark, pointed])

  const bar = pointed.value === undefined ? undefined : bars[pointed.value]
  return (
    <figure class="chart">
      <figcaption class="chart-told">{bar === undefined ? summary : `${nameOf(bar.at)}: ${tellOf(bar)}`}</figcaption>
      <div ref={place} class="chart-place" role="img" aria-label={`${label}. ${summary}`} />
      <details class="chart-numbers">
        <summary>{words.value.common.asNumbers}</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">{words.value.common.when}</th>
              <th scope="col" class="end">
                {words.value.common.messages}
              </th>
            </tr>
          </thead>
          <tbody>
            {bars.toReversed().map(({ at, messages }) => (
              <tr key={at}>
                <th scope="row">{nameOf(at)}</th>
                <td class="end">{number(messages)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  )
}
