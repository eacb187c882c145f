/** What the API says is wrong with a form: of one field, and of all of it. */
import type { Problem } from '../shapes.ts'
import { words } from '../words/index.ts'
import { sentenceOf } from './states.tsx'

/** @param field its path in the body, as `retention/days`; what is wrong within it is wrong with it. */
export function mistakeIn(problem: Problem | undefined, field: string): string | undefined {
  const mistake = problem?.errors?.find(({ pointer }) => `${pointer}/`.startsWith(`/${field}/`))
  return mistake === undefined ? undefined : words.value.form.wrong(mistake.detail)
}

export function Wrong({ problem }: { readonly problem: Problem | undefined }) {
  return problem === undefined ? null : (
    <p class="note bad" role="alert">
      {sentenceOf(problem)}
    </p>
  )
}
