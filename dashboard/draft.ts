/** The state of a form: what is typed, whether it is being sent, and what the API says is wrong with it. */
import { useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { problemOf } from './client.ts'
import { mistakeTold, type Told } from './mistakes.ts'
import type { Problem } from './shapes.ts'
import { noteTyped } from './unsaved.ts'

/** The value of a field. */
export interface Held<Value> {
  readonly value: Value
  readonly error?: Told | undefined
  onChange(this: void, value: Value): void
}

export interface Draft<Values extends object> {
  readonly values: Values
  readonly busy: boolean
  readonly problem: Problem | undefined
  /** The mistakes at no field of the form. */
  readonly elsewhere: readonly Told[]
  set(part: Partial<Values>): void
  /** Sets what was found, and not typed: whoever leaves does not lose it. */
  settle(part: Partial<Values>): void
  /** @param path the field's place in the body, such as `retention/days`; a mistake below it is shown at this field too. */
  of<Name extends keyof Values & string>(name: Name, path?: string): Held<Values[Name]>
  send(): Promise<void>
  /** Sends the form for another purpose, such as a test. */
  run(act: () => Promise<unknown>): Promise<void>
}

export function useDraft<Values extends object>(
  first: Values,
  send: (values: Values) => Promise<unknown>,
): Draft<Values> {
  const values = useSignal(first)
  const busy = useSignal(false)
  const problem = useSignal<Problem | undefined>(undefined)
  const saved = useSignal(first)
  const form = useMemo(() => ({}), [])
  const shown = useMemo(() => new Set<string>(), [])
  const isTyped = JSON.stringify(values.value) !== JSON.stringify(saved.value)
  const { value: isBusy } = busy
  // What is being sent is on its way to another page, and not left.
  useEffect(() => noteTyped(form, isTyped && !isBusy), [form, isTyped, isBusy])
  useEffect(() => () => noteTyped(form, false), [form])
  const set = (part: Partial<Values>) => {
    values.value = { ...values.value, ...part }
    // At once: somebody may press Escape before the page has been drawn anew.
    noteTyped(form, !busy.value && JSON.stringify(values.value) !== JSON.stringify(saved.value))
  }
  const settle = (part: Partial<Values>) => {
    saved.value = { ...saved.value, ...part }
    set(part)
  }
  const run = async (act: () => Promise<unknown>) => {
    busy.value = true
    noteTyped(form, false)
    problem.value = undefined
    try {
      await act()
    } catch (error) {
      problem.value = problemOf(error)
    } finally {
      busy.value = false
    }
  }
  return {
    values: values.value,
    busy: busy.value,
    problem: problem.value,
    get elsewhere() {
      const { errors = [] } = problem.value ?? {}
      const isShown = ({ pointer }: Mistake) => [...shown].some((path) => isAt(pointer, path))
      return errors.filter((mistake) => !isShown(mistake)).map(placed)
    },
    set,
    settle,
    of: (name, path = name) => {
      shown.add(path)
      return {
        value: values.value[name],
        error: mistakeIn(problem.value, path),
        onChange: (value) => set({ [name]: value } as unknown as Partial<Values>),
      }
    },
    send: async () =>
      await run(async () => {
        const { value: sent } = values
        await send(sent)
        saved.value = sent
      }),
    run,
  }
}

type Mistake = NonNullable<Problem['errors']>[number]

const isAt = (pointer: string, path: string) => `${pointer}/`.startsWith(`/${path}/`)

/** @param path the place in the body; a mistake below it is one of it. */
export function mistakeIn(problem: Problem | undefined, path: string): Told | undefined {
  const mistake = problem?.errors?.find(({ pointer }) => isAt(pointer, path))
  return mistake === undefined ? undefined : mistakeTold(mistake)
}

/** With the place in the request, as no field stands above it. */
function placed(mistake: Mistake): Told {
  const told = mistakeTold(mistake)
  return { ...told, text: `${mistake.pointer.slice(1)}: ${told.text}` }
}
