/** Changes the accounts that are chosen: only what is filled in, all else of each stays as it is. */
import { Choice, Field } from '../../components/field.tsx'
import { FormDialog } from '../../components/form.tsx'
import { changedRare, type Rare } from '../../components/more-fields.tsx'
import { useDraft } from '../../draft.ts'
import type { Account } from '../../shapes.ts'
import { type Retention, retentionOf, retentions } from '../../terms.ts'
import { words } from '../../words/index.ts'
import { changeAll } from './deeds.ts'

const asItIs = { least: '', most: '', largest: '', flags: '' } as const satisfies Rare
const nothing = { least: '', most: '', folder: '', mode: '' as Retention | '', days: '14' }

export function ChangeMany({ those, onClose }: { readonly those: readonly Account[]; readonly onClose: () => void }) {
  const { accounts: say, edit, form } = words.value
  const bodyOf = ({ least, most, folder, mode, days }: typeof nothing) => ({
    ...changedRare(asItIs, { ...asItIs, least, most }),
    ...(folder.trim() === '' ? {} : { folder: folder.trim() }),
    ...(mode === '' ? {} : { retention: retentionOf(mode, days) }),
  })
  const draft = useDraft(nothing, async (typed) => {
    // How far it is stands below the list.
    void changeAll(those, bodyOf(typed))
    onClose()
  })
  const rare = { inputMode: 'decimal', autocomplete: 'off', pattern: String.raw`\s*\d{1,6}([.,]\d{1,2})?\s*` } as const
  return (
    <FormDialog
      title={say.changeTitle(those.length)}
      draft={draft}
      action={say.changeThem(those.length)}
      disabled={Object.keys(bodyOf(draft.values)).length === 0}
      onClose={onClose}
    >
      <p class="quiet">{say.changeHint}</p>
      <div class="fields-row">
        <Field label={edit.least} placeholder={say.asItIs} title={edit.number} {...rare} {...draft.of('least')} />
        <Field label={edit.most} placeholder={say.asItIs} title={edit.number} {...rare} {...draft.of('most')} />
      </div>
      <Field label={form.folder} placeholder={say.asItIs} autocomplete="off" {...draft.of('folder')} />
      <div class="fields-row">
        <Choice<Retention | ''>
          label={form.retention}
          options={[
            { value: '', text: say.asItIs },
            ...retentions.map((value) => ({ value, text: form.retentions[value] })),
          ]}
          {...draft.of('mode')}
        />
        {draft.values.mode === 'keepDays' && (
          <Field label={form.days} inputMode="numeric" required pattern="\s*\d{1,5}\s*" {...draft.of('days')} />
        )}
      </div>
    </FormDialog>
  )
}
