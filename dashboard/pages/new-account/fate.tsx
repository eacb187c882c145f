/** The choice of what happens to mail at the provider, and to the mail that is there already. */
import { Field } from '../../components/field.tsx'
import { ImportBudget } from '../../components/import-budget.tsx'
import { MoreFields } from '../../components/more-fields.tsx'
import { Options } from '../../components/options.tsx'
import { Section } from '../../components/page.tsx'
import { firstRuns, retentions } from '../../terms.ts'
import { words } from '../../words/index.ts'
import type { Adding } from './new-account.ts'

export function Fate({ adding: { draft } }: { readonly adding: Adding }) {
  const { add: say, form } = words.value
  const { retention, firstRun } = draft.values
  return (
    <Section title={say.mail}>
      <div class="fields choices">
        <div class="fields">
          <Options
            label={say.stays}
            options={retentions.map((value) => ({ value, ...say.retentions[value] }))}
            {...draft.of('retention')}
          />
          {retention === 'keepDays' && (
            <Field label={say.retentionDays} inputMode="numeric" required {...draft.of('retentionDays', 'retention')} />
          )}
        </div>
        <div class="fields">
          <Options
            label={say.first}
            options={firstRuns.map((value) => ({ value, ...say.firstRuns[value] }))}
            {...draft.of('firstRun')}
          />
          {firstRun === 'lastDays' && (
            <Field label={say.firstDays} inputMode="numeric" required {...draft.of('firstDays', 'firstRun')} />
          )}
          {firstRun !== 'onlyNew' && (
            <ImportBudget hint={form.importBudgetHint} {...draft.of('budget', 'importBytesPerHour')} />
          )}
        </div>
      </div>
      <MoreFields draft={draft} />
    </Section>
  )
}
