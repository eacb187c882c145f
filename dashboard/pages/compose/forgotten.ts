/** Whether a text speaks of an attachment, in the languages of the dashboard. People write in any of them. */

const words = [
  // en
  'attach(?:ed|ing|ment|ments)?',
  '(?:is|are|find|have) enclosed',
  'enclosed (?:is|are|please|you)',
  // de
  'an(?:gehängt|hang|hänge|hängend|geh[äa]ngte[nrms]?)',
  'im anhang',
  'beigefügt\\p{L}{0,2}',
  'anbei',
  '(?:in|als) (?:der )?anlage',
  // es
  'adjunt(?:o|a|os|as|amos|ado|ada|ar|é)',
  'anex(?:o|os|ado|amos)',
  // fr
  'ci-joint(?:e|s|es)?',
  'pi[èe]ces? jointes?',
  '(?:je|nous) (?:vous |te )?joi(?:ns|gnons)',
  // vi
  '(?:đính|gửi|gởi) kèm',
  '(?:tệp|tập tin|file) kèm',
]
const spoken = new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.join('|')})(?![\\p{L}\\p{N}])`, 'iu')
/** Japanese has no spaces between words. */
const japanese = /添付|同封|別添/

export function speaksOfAttachment(text: string): boolean {
  const composed = text.normalize('NFC')
  return spoken.test(composed) || japanese.test(composed)
}
