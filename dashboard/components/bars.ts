/** Draws bars with uPlot. This file is a chunk of its own, because uPlot is large. */
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { number } from '../intl.ts'

export interface Bar {
  readonly at: string
  readonly messages: number
}

/** @param onPoint is given the index of the bar that is pointed at. */
export function draw(
  place: HTMLElement,
  height: number,
  bars: readonly Bar[],
  nameOf: (at: string) => string,
  onPoint: (nth: number | undefined) => void,
): uPlot {
  const style = getComputedStyle(place)
  const ink = style.color
  const font = `12px ${style.fontFamily}`
  const axis = { stroke: ink, font, ticks: { show: false } }
  // Bars stand by index, not by time, so that a day of 23 hours has no hole and no bar covers another.
  const places = bars.map((_bar, nth) => nth)
  const accent = resolved(place, 'var(--accent)')
  return new uPlot(
    {
      width: place.clientWidth,
      height,
      padding: [12, 4, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: {
        x: { time: false, range: [-0.6, bars.length - 0.4] },
        y: { range: (_chart, _min, max) => [0, Math.max(4, max * 1.08)] },
      },
      axes: [
        {
          ...axis,
          size: 28,
          grid: { show: false },
          space: 90,
          values: (_chart, splits) =>
            splits.map((nth) => {
              const bar = bars[nth]
              return bar === undefined ? '' : nameOf(bar.at)
            }),
        },
        {
          ...axis,
          size: 56,
          grid: { stroke: resolved(place, 'var(--line)'), width: 1 },
          values: (_chart, splits) => splits.map((value) => (Number.isInteger(value) ? number(value) : '')),
        },
      ],
      series: [
        {},
        {
          fill: accent,
          stroke: accent,
          width: 0,
          points: { show: false },
          paths: uPlot.paths.bars?.({ size: [0.72, 36], radius: 0.18 }) ?? (() => null),
        },
      ],
      hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? undefined)] },
    },
    [places, bars.map(({ messages }) => messages)],
    place,
  )
}

/** Returns the colour as the page has computed it, because a canvas does not understand `light-dark()`. */
function resolved(place: HTMLElement, value: string): string {
  const probe = document.createElement('span')
  probe.style.color = value
  place.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}
