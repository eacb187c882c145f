/** One question of a barrier about one message, in the forms that servers answer, and what its answer must be. Pure. */
import type { Listed, MessageNumber } from '../mail/message.ts'
import { printable } from '../printable.ts'
import { words } from './listing.ts'
import type { Reply } from './reply.ts'

/** `uid alone`: the server leaves the number out of its answer to `UIDL n` (twisted.mail, issue 9104). */
export type Form = 'UIDL' | 'uid alone' | 'LIST' | WholeForm

/** The whole listing is asked for. */
export type WholeForm = 'all of UIDL' | 'all of LIST'

export interface Question {
  readonly verb: 'UIDL' | 'LIST'
  readonly number: MessageNumber
  /** The words that the answer has behind the number. */
  readonly told: string
}

/** Undefined: nobody knows what the server would have to say about this message. */
export function questionAbout(message: Listed, form: Exclude<Form, WholeForm>): Question | undefined {
  const { number } = message
  const verb = form === 'LIST' ? 'LIST' : 'UIDL'
  const told = toldBy(message, verb)
  // Digits alone may be anything.
  if (told === undefined || told === '' || (form === 'uid alone' && !/\D/.test(told))) return undefined
  return { verb, number, told }
}

/** What the listing told of a message behind its number. */
export function toldBy({ uidl, size, unsized }: Listed, verb: 'UIDL' | 'LIST'): string | undefined {
  return verb === 'UIDL' ? uidl : (unsized ?? String(size))
}

export function isWholeForm(form: Form | undefined): form is WholeForm {
  return form === 'all of UIDL' || form === 'all of LIST'
}

export function verbIn(form: WholeForm): 'UIDL' | 'LIST' {
  return form === 'all of UIDL' ? 'UIDL' : 'LIST'
}

export function answerTo({ number, told }: Question, form: Form): string {
  return form === 'uid alone' ? told : `${number} ${told}`
}

export function formOf(reply: Reply, question: Question): Form | undefined {
  if (isAnswer(reply, question, question.verb)) return question.verb
  const isAlone = question.verb === 'UIDL' && /\D/.test(question.told) && isAnswer(reply, question, 'uid alone')
  return isAlone ? 'uid alone' : undefined
}

export function isAnswer(reply: Reply, { verb, number, told }: Question, form: Form): boolean {
  if (reply.shape !== 'status') return false
  const said = words(reply.text)
  if (verb === 'UIDL' && form === 'uid alone') return said.join(' ') === told
  const [first = '', ...rest] = said
  if (!/^\d+$/.test(first) || Number(first) !== number) return false
  return isTold(rest, told, verb)
}

/** Whether these words say what the listing told. Some servers say more in one of the two. */
export function isTold(said: readonly string[], told: string, verb: 'UIDL' | 'LIST'): boolean {
  if (verb === 'LIST' && /^\d+$/.test(told)) return /^\d+$/.test(said[0] ?? '') && Number(said[0]) === Number(told)
  return told.split(' ').every((word, nth) => word === (said[nth] ?? ''))
}

export function shownAnswer({ number, told }: Question): string {
  return `"${printable(`${number} ${told}`)}"`
}

export function lengthOfReply({ shape, text }: Reply): string {
  const octets = text.length === 1 ? '1 octet' : `${text.length} octets`
  return shape === 'refused' ? `a refusal of ${octets}` : `${octets} that say something else`
}
