/** Subjects of answers: `Re:` and `Fwd:` stand once, whatever programs and languages have put there before. */

/** What programs put before the subject of an answer (en, de, nl, sv, no, da, es, pt, it, pl, fi, hu, tr, el, zh, ja, ko, vi). */
const replies = 're|aw|antw|sv|vs|res|rif|odp|ynt|vá|απ|σχετ|atb|回复|回覆|答复|答覆|返信|답장|회신|trả lời|tl'
const forwards = 'fwd?|wg|rv|tr|enc|doorst|vb|vl|vs|i|pd|továbbítás|ilt|πρθ|转发|轉寄|轉發|転送|전달|chuyển tiếp'

const prefix = (names: string) =>
  new RegExp(`^\\s*(?:(?:${names})\\s*(?:\\[\\d+\\]|\\(\\d+\\)|\\^\\d+|\\*\\d+)?\\s*[:：]\\s*)+`, 'iu')
const [reply, forward] = [prefix(replies), prefix(forwards)]

export const replySubject = (subject: string) => `Re: ${subject.replace(reply, '').trim()}`.trim()
export const forwardSubject = (subject: string) => `Fwd: ${subject.replace(forward, '').trim()}`.trim()
