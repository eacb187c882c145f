/** Why a message was set aside, as a code with facts, for clients that have words of their own. They are read from the sentence that an entry has. Pure. */
export const asideRemarkCodes = [
  'not given',
  'protocol broken',
  'fell silent',
  'connection ended',
  'worker ended',
  'not taken',
  'not sent',
] as const

export type AsideRemark =
  | { readonly code: 'not given'; readonly server: string; readonly reply: string }
  | { readonly code: 'protocol broken'; readonly server: string; readonly expected: string; readonly reply: string }
  | { readonly code: 'fell silent'; readonly server: string; readonly seconds: number }
  | { readonly code: 'connection ended'; readonly server: string; readonly reason: string }
  /** Its retrieval has ended the worker so often. */
  | { readonly code: 'worker ended'; readonly times: number }
  /** The mail store refused it. */
  | { readonly code: 'not taken'; readonly reply: string }
  /** The mail store could not have taken it. */
  | { readonly code: 'not sent'; readonly reason: string }

/** The sentences of quarantine.ts. */
const forms: Readonly<Record<AsideRemark['code'], RegExp>> = {
  'not given': /^(?<server>\S+) lists this message and refuses to give it: "(?<reply>.*)"\.$/s,
  'protocol broken':
    /^(?<server>\S+) broke the protocol at this message each time: expected (?<expected>.*), got "(?<reply>.*)"\.$/s,
  'fell silent': /^(?<server>\S+) fell silent at this message each time, for (?<seconds>[\d.]+) s\.$/,
  'connection ended': /^The connection to (?<server>\S+) ended at this message each time: (?<reason>.*)\.$/s,
  'worker ended': /^Its retrieval ended the worker (?<times>\d+) times\.$/,
  'not taken': /^The mail store did not take this message: "(?<reply>.*)"\.$/s,
  'not sent':
    /^The mail store (?:\S+ )?refused a message before it was sent: "(?<reason>.*)"\. The mail stays at the provider\.$/s,
}

const numbers: ReadonlySet<string> = new Set(['seconds', 'times'])

/** @returns null for another sentence. */
export function asideRemarkIn(sentence: string): AsideRemark | null {
  for (const code of asideRemarkCodes) {
    const { groups } = forms[code].exec(sentence) ?? {}
    if (groups === undefined) continue
    const facts = Object.entries(groups).map(([name, text]) => [name, numbers.has(name) ? Number(text) : text])
    return { code, ...Object.fromEntries(facts) } as AsideRemark
  }
  return null
}
