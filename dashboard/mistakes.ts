/** Says in the reader's language what the API says is wrong: by its kind and its field. Only where neither is known are its own words quoted. */
import type { Problem } from './shapes.ts'
import { language, words } from './words/index.ts'

type Mistake = NonNullable<Problem['errors']>[number]

/** `said`: the API's words, in English. */
export interface Told {
  readonly text: string
  readonly said?: string
}

export function mistakeTold(mistake: Mistake): Told {
  const { rule, limit, pointer, detail } = mistake
  const { form } = words.value
  const { rules } = form
  switch (rule) {
    case 'required':
      return { text: rules.required }
    case 'unexpected':
      return { text: rules.unexpected }
    case 'type':
      return { text: rules.type }
    case 'enum':
      return { text: rules.choice }
    case 'pattern':
    case 'format':
      return { text: formOf(pointer) ?? rules.form }
    case 'minLength':
      return { text: limit === undefined || limit <= 1 ? rules.required : rules.minLength(limit) }
    case 'maxLength':
      return { text: limit === undefined ? rules.form : rules.maxLength(limit) }
    case 'minimum':
      return { text: limit === undefined ? rules.form : rules.minimum(limit) }
    case 'maximum':
      return { text: limit === undefined ? rules.form : rules.maximum(limit) }
    case 'minItems':
      return { text: rules.required }
    case 'maxItems':
      return { text: limit === undefined ? rules.form : rules.maxItems(limit) }
    case 'taken':
      return { text: rules.taken }
    case 'unknown':
      return { text: rules.unknown }
    case 'reach':
      return { text: rules.reach }
    case 'wrong':
      return { text: rules.wrong }
    case 'password needed':
      return { text: form.passwordNeeded }
    case 'admin only':
      return { text: rules.adminOnly }
    case undefined:
      return { text: rules.other, said: detail }
    // A later API may know more kinds.
    default:
      return { text: rules.other, said: detail }
  }
}

/** What a field has to look like; the last name of the pointer that is known decides. */
function formOf(pointer: string): string | undefined {
  const { forms } = words.value.form
  const names: Readonly<Record<string, string>> = forms
  return pointer
    .split('/')
    .toReversed()
    .flatMap((name) => (Object.hasOwn(names, name) ? (names[name] ?? []) : []))[0]
}

/** Says what happened and what to do next. */
export function problemTold({ type, status, detail, errors = [] }: Problem): Told {
  const { problems, form } = words.value
  if (status === 0) return { text: problems.unreachable }
  if (status === 403) return { text: problems.forbidden }
  if (status === 429) return { text: problems.tooMany }
  const kind = type.split('/').at(-1) ?? ''
  if (kind === 'validation') return { text: form.someWrong(Math.max(1, errors.length)) }
  const quoted: Readonly<Record<string, string>> = problems.quoted
  const known: Readonly<Record<string, string>> = problems.known
  const text = quoted[kind]
  // The facts are in the API's words, which are English.
  if (text !== undefined) return language.value === 'en' && detail !== '' ? { text: detail } : { text, said: detail }
  return { text: known[kind] ?? (status >= 500 ? problems.broken : problems.refused) }
}
