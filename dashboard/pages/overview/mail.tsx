/** Shows how much mail came, and when. */
import { useSignal } from '@preact/signals'
import { Chart } from '../../components/chart.tsx'
import { Segments } from '../../components/field.tsx'
import { Section } from '../../components/page.tsx'
import { bytes, day, hour } from '../../intl.ts'
import type { Stats } from '../../shapes.ts'
import { words } from '../../words/index.ts'

export function Mail({ stats: { mail } }: { readonly stats: Stats }) {
  const { overview: say } = words.value
  const span = useSignal<'hours' | 'days'>('hours')
  const counts = mail[span.value]
  const total = counts.reduce((sum, { messages }) => sum + messages, 0)
  return (
    <Section
      title={say.mail}
      aside={
        <Segments
          label={say.span}
          value={span.value}
          options={[
            { value: 'hours', text: say.perHour },
            { value: 'days', text: say.perDay },
          ]}
          onChange={(value) => {
            span.value = value
          }}
        />
      }
    >
      <Chart
        label={say.mail}
        summary={span.value === 'hours' ? say.hourSummary(total) : say.daySummary(total)}
        bars={counts}
        nameOf={span.value === 'hours' ? hour : day}
        tellOf={({ messages, bytes: octets, failed }) => say.barTold(messages, bytes(octets), failed)}
      />
    </Section>
  )
}
