/** Adds accounts from a file, one a line: first it is looked through, and says what would become of each line. */
import { useSignal } from '@preact/signals'
import { useId } from 'preact/hooks'
import { problemOf, sendLines } from '../../client.ts'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { InWords } from '../../components/in-words.tsx'
import { sentenceOf } from '../../components/states.tsx'
import { tell } from '../../components/toast.tsx'
import { mistakeTold, problemTold, type Told } from '../../mistakes.ts'
import { loadAll } from '../../roster.ts'
import type { AccountRemark, Problem } from '../../shapes.ts'
import { words } from '../../words/index.ts'

interface Line {
  readonly line: number
  readonly id?: string | null
  readonly problem?: Problem
  readonly remarks?: readonly AccountRemark[]
}

const shownMax = 50

export function ImportFile({ onClose }: { readonly onClose: () => void }) {
  const { accounts: say, common, sending } = words.value
  const id = useId()
  const file = useSignal<File | undefined>(undefined)
  const looked = useSignal<readonly Line[] | undefined>(undefined)
  const isAdded = useSignal(false)
  const busy = useSignal(false)
  const problem = useSignal<Problem | undefined>(undefined)
  const during = async (act: () => Promise<void>) => {
    busy.value = true
    problem.value = undefined
    try {
      await act()
    } catch (error) {
      problem.value = problemOf(error)
    }
    busy.value = false
  }
  const choose = async (chosen: File | undefined) => {
    file.value = chosen
    looked.value = undefined
    isAdded.value = false
    if (chosen === undefined) return
    await during(async () => {
      looked.value = await sendLines<Line>('/accounts/import?dryRun=true', chosen)
    })
  }
  const add = async () => {
    const { value: chosen } = file
    if (chosen === undefined) return
    await during(async () => {
      const answers = await sendLines<Line>('/accounts/import', chosen)
      const wrong = answers.filter((answer) => answer.problem !== undefined)
      void loadAll()
      if (wrong.length < answers.length) tell(say.didImport(answers.length - wrong.length))
      // What is there to know of them stays until somebody has read it.
      const told = answers.filter((answer) => answer.problem !== undefined || answer.remarks !== undefined)
      if (told.length === 0) onClose()
      else {
        looked.value = told
        isAdded.value = true
      }
    })
  }
  const wrong = (looked.value ?? []).filter((answer) => answer.problem !== undefined)
  const fit = isAdded.value ? 0 : (looked.value?.length ?? 0) - wrong.length
  const told = (looked.value ?? []).filter(({ remarks = [] }) => remarks.length > 0)
  return (
    <Dialog
      title={say.importFile}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{common.close}</Button>
          <Button kind="main" busy={busy.value} disabled={fit === 0} onClick={() => void add()}>
            {say.importThem(fit)}
          </Button>
        </>
      }
    >
      <div class="fields">
        <p>{say.importHint}</p>
        <div class="field">
          <label for={id}>{say.file}</label>
          <input
            id={id}
            type="file"
            accept=".ndjson,.jsonl,.json,application/x-ndjson"
            onChange={(event) => void choose(event.currentTarget.files?.[0])}
          />
        </div>
        {problem.value && (
          <p class="note bad" role="alert">
            {sentenceOf(problem.value)}
          </p>
        )}
        <div role="status">
          {busy.value && looked.value === undefined && say.lookingThrough}
          {looked.value !== undefined && !isAdded.value && <p>{say.lookedThrough(fit, wrong.length)}</p>}
          <Lines of={wrong.map(({ line, problem: what }) => [line, wordsOf(what)])} />
          {told.length > 0 && <p>{say.toKnow(told.length)}</p>}
          <Lines
            of={told.map(({ line, remarks = [] }) => [line, remarks.map((one) => ({ text: sending.shared(one) }))])}
          />
        </div>
      </div>
    </Dialog>
  )
}

function Lines({ of: lines }: { readonly of: readonly (readonly [line: number, what: readonly Named[]])[] }) {
  const { accounts: say } = words.value
  if (lines.length === 0) return null
  return (
    <ul class="rows tight wrong-lines">
      {lines.slice(0, shownMax).map(([line, what]) => (
        <li key={line}>
          <b>{say.line(line)}</b>
          {what.map(({ field, ...told }, nth) => (
            <span key={nth}>
              {field !== undefined && <code>{field}</code>} <InWords told={told} />{' '}
            </span>
          ))}
        </li>
      ))}
      {lines.length > shownMax && <li>…</li>}
    </ul>
  )
}

/** `field`: as it stands in the file. */
interface Named extends Told {
  readonly field?: string
}

function wordsOf(problem: Problem | undefined): Named[] {
  if (problem === undefined) return []
  const mistakes = problem.errors ?? []
  if (mistakes.length === 0) return [problemTold(problem)]
  return mistakes.map((mistake) => ({ field: mistake.pointer.slice(1), ...mistakeTold(mistake) }))
}
