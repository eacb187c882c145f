/** A scripted store with a few messages that people read: what it tells of them is valid, and all the same each time. */
import type { StoreBehaviour } from './imap-server.ts'

const uids = [1, 2, 3]
const text = `Hello.\r\n${'A line of the text.\r\n'.repeat(200)}`
const envelope =
  '("Tue, 3 Nov 2026 10:00:00 +0100" "A subject" (("Ann" NIL "ann" "example.org")) NIL NIL (("Me" NIL "me" "example.net")) NIL NIL NIL "<1@example.org>")'
const structure = `(("text" "html" ("charset" "utf-8") NIL NIL "7bit" ${text.length} 201 NIL NIL NIL NIL)("application" "pdf" ("name" "a.pdf") NIL NIL "base64" 400 NIL ("attachment" ("filename" "a.pdf")) NIL NIL) "mixed" ("boundary" "x") NIL NIL NIL)`

function sectionOf(wanted: string): string {
  const content = wanted.endsWith('MIME]') ? 'Content-Type: text/html; charset=utf-8\r\n\r\n' : text
  const [, section = '', from = '0', length] = /^(.*\])(?:<(\d+)\.(\d+)>)?$/.exec(wanted) ?? []
  const some = content.slice(Number(from), length === undefined ? undefined : Number(from) + Number(length))
  return `${section}${length === undefined ? '' : `<${from}>`} {${some.length}}\r\n${some}`
}

function fetched(command: string): string {
  const [, set = '', items = ''] = /FETCH (\S+) (.*)$/.exec(command) ?? []
  const has = (name: string) => items.includes(name)
  const wanted = uids.filter((uid) => set.split(',').some((part) => inRange(uid, part)))
  const lines = wanted.map((uid) => {
    const sections = [...items.matchAll(/BODY\.PEEK(\[[^\]]*\](?:<[\d.]+>)?)/g)].map(
      ([, one = '']) => `BODY${sectionOf(one)}`,
    )
    const told = [
      `UID ${uid}`,
      ...(has('FLAGS') ? ['FLAGS (\\Seen)'] : []),
      ...(has('INTERNALDATE') ? ['INTERNALDATE "03-Nov-2026 10:00:00 +0100"'] : []),
      ...(has('RFC822.SIZE') ? [`RFC822.SIZE ${text.length}`] : []),
      ...(has('ENVELOPE') ? [`ENVELOPE ${envelope}`] : []),
      ...(has('BODYSTRUCTURE') ? [`BODYSTRUCTURE ${structure}`] : []),
      ...sections,
    ]
    return `* ${uid} FETCH (${told.join(' ')})\r\n`
  })
  return `${lines.join('')}TAG OK done`
}

function inRange(uid: number, part: string): boolean {
  const [first = '', last = first] = part.split(':')
  return uid >= Number(first) && (last === '*' || uid <= Number(last))
}

export const readableStore: StoreBehaviour = {
  answers: {
    SELECT: opened,
    EXAMINE: opened,
    'UID SEARCH': `* SEARCH ${uids.join(' ')}\r\nTAG OK done`,
    'UID SORT': `* SORT ${uids.join(' ')}\r\nTAG OK done`,
    'UID FETCH': fetched,
    FETCH: fetched,
  },
}

export function opened(): string {
  return `* ${uids.length} EXISTS\r\n* FLAGS ()\r\n* OK [UIDVALIDITY 4711] so\r\n* OK [UIDNEXT 4] so\r\nTAG OK done`
}
