/** A table of any length. Only the rows in sight are in the page, and all rows have the same height. */
import { useSignal } from '@preact/signals'
import type { ComponentChildren, RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { words } from '../words/index.ts'
import { fitting, type Layout, layoutIn } from './fitting.ts'
import { Icon } from './icon.tsx'

export interface Column<Row> {
  readonly key: string
  readonly title: string
  /** In rem, such as `9rem`. One column without a width takes the rest. */
  readonly width?: string
  readonly align?: 'end'
  /** Whether the column is left out where a row has more than one line, as on a phone. */
  readonly wide?: boolean
  /** Whether it is left out where there is too little room for all. */
  readonly roomy?: boolean
  /** Whether the heading sorts by this column. */
  readonly sorts?: boolean
  /** Whether only screen readers read the heading. */
  readonly bare?: boolean
  readonly cell: (row: Row) => ComponentChildren
}

export interface Sort {
  readonly by: string
  readonly down: boolean
}

export interface Selection {
  readonly chosen: ReadonlySet<string>
  readonly onChange: (chosen: ReadonlySet<string>) => void
  /** The label of a row's checkbox. */
  readonly nameOf: (key: string) => string
}

/** The height of a row, in px; table.css has the same values. */
const rowHeight: Readonly<Record<Layout, number>> = { narrow: 92, middle: 76, wide: 56 }
/** The width of the column of checkboxes, in rem; table.css has the same value. */
const choosingRem = 2.75
/** How many rows above and below those in sight are in the page: enough for a turn of the wheel, and for the next Tab. */
const spare = 12
/** Rows on paper: some forty pages. */
const printedMax = 2000

export function Table<Row>({
  label,
  rows,
  keyOf,
  columns,
  sort,
  onSort,
  selection,
  busy = false,
}: {
  readonly label: string
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string
  readonly columns: readonly Column<Row>[]
  readonly sort?: Sort
  readonly onSort?: (sort: Sort) => void
  readonly selection?: Selection
  readonly busy?: boolean
}) {
  const body = useRef<HTMLTableSectionElement>(null)
  const room = useRef<HTMLDivElement>(null)
  const rem = useWidth(room)
  const layout = layoutIn(rem)
  const height = rowHeight[layout]
  const range = useSignal({ from: 0, to: 40 })
  const shown = fitting(columns, rem, selection === undefined ? 0 : choosingRem)

  const isPrinted = useRef(false)
  const look = () => {
    if (isPrinted.current) return
    const top = body.current?.getBoundingClientRect().top ?? 0
    const from = Math.max(0, Math.floor(-top / height) - spare)
    const to = from + Math.ceil(innerHeight / height) + 2 * spare
    const { from: fromBefore, to: toBefore } = range.peek()
    if (from !== fromBefore || to !== toBefore) range.value = { from, to }
  }
  useLayoutEffect(look)
  useEffect(() => {
    addEventListener('scroll', look, { passive: true })
    addEventListener('resize', look)
    const print = ({ type }: Event) => {
      isPrinted.current = type === 'beforeprint'
      if (isPrinted.current) range.value = { from: 0, to: printedMax }
      else look()
    }
    addEventListener('beforeprint', print)
    addEventListener('afterprint', print)
    return () => {
      removeEventListener('beforeprint', print)
      removeEventListener('afterprint', print)
      removeEventListener('scroll', look)
      removeEventListener('resize', look)
    }
  })

  const from = Math.min(range.value.from, Math.max(0, rows.length - 1))
  const inSight = rows.slice(from, range.value.to)
  const below = Math.max(0, rows.length - from - inSight.length)
  const all = rows.length > 0 && selection !== undefined && rows.every((row) => selection.chosen.has(keyOf(row)))
  const some = selection !== undefined && selection.chosen.size > 0 && !all

  const toggle = (key: string) => {
    if (selection === undefined) return
    const chosen = new Set(selection.chosen)
    if (!chosen.delete(key)) chosen.add(key)
    selection.onChange(chosen)
  }
  const gap = (rowsAway: number) =>
    rowsAway > 0 && (
      <tr class="gap" aria-hidden="true">
        <td colSpan={shown.length + (selection === undefined ? 0 : 1)} style={{ height: `${rowsAway * height}px` }} />
      </tr>
    )

  return (
    <div ref={room}>
      <table class={`table ${layout}`} aria-label={label} aria-rowcount={rows.length + 1} aria-busy={busy}>
        <colgroup>
          {selection && <col class="col-choose" />}
          {shown.map(({ key, width }) => (
            <col key={key} {...(width === undefined ? {} : { style: { width } })} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {selection && (
              <th scope="col" class="choose">
                <label>
                  <input
                    type="checkbox"
                    aria-label={words.value.common.chooseAll}
                    checked={all}
                    ref={(box) => {
                      if (box !== null) box.indeterminate = some
                    }}
                    onChange={() => selection.onChange(new Set(all ? [] : rows.map(keyOf)))}
                  />
                </label>
              </th>
            )}
            {shown.map(({ key, title, align, sorts, bare }) => (
              <th
                key={key}
                scope="col"
                class={align === 'end' ? 'end' : ''}
                {...(sort?.by === key ? { 'aria-sort': sort.down ? 'descending' : 'ascending' } : {})}
              >
                {sorts === true ? (
                  <button
                    type="button"
                    class="sorter"
                    onClick={() => onSort?.({ by: key, down: sort?.by === key && !sort.down })}
                  >
                    {title}
                    <Icon name={sort?.by !== key ? 'sort' : sort.down ? 'down' : 'up'} />
                  </button>
                ) : (
                  <span class={bare === true ? 'unseen' : ''}>{title}</span>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {gap(from)}
          {inSight.map((row, nth) => {
            const key = keyOf(row)
            const chosen = selection?.chosen.has(key) === true
            return (
              <tr key={key} aria-rowindex={from + nth + 2} class={chosen ? 'chosen' : ''}>
                {selection && (
                  <td class="choose">
                    <label>
                      <input
                        type="checkbox"
                        aria-label={selection.nameOf(key)}
                        checked={chosen}
                        onChange={() => toggle(key)}
                      />
                    </label>
                  </td>
                )}
                {shown.map(({ key: column, align, cell }) => (
                  <td key={column} class={align === 'end' ? 'end' : ''}>
                    {cell(row)}
                  </td>
                ))}
              </tr>
            )
          })}
          {gap(below)}
        </tbody>
      </table>
    </div>
  )
}

/** The width of an element, in rem. */
function useWidth(of: RefObject<HTMLElement | null>): number {
  const width = useSignal(0)
  useLayoutEffect(() => {
    const { current } = of
    if (current === null) return
    const measure = () => {
      width.value = current.clientWidth / Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(current)
    return () => observer.disconnect()
  }, [of, width])
  return width.value
}
