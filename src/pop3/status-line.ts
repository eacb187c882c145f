/**
 * Reads a status line (RFC 1939 section 3, RFC 2449 section 4) as servers send it. Python's poplib takes any line that begins with `+`, and
 * fetchmail any case; servers refuse with `-err`, `-ERROR:`, `+ERR`, `ERR` and a mere `-` too. Pure.
 */

export interface StatusLine {
  readonly ok: boolean
  /** The text behind the indicator, one char a byte. */
  readonly text: string
  /** A `+` without OK: a question of SASL (RFC 5034 section 4). */
  readonly mere?: true
}

/** Undefined: it is no status line of POP3. */
export function readStatusLine(line: string): StatusLine | undefined {
  const said = trimmed(line)
  const refused = /^(?:[+-][ \t]*ERR(?:OR\b)?|ERR(?:OR)?\b|-):?/i.exec(said)
  if (refused !== null) return { ok: false, text: trimmed(said.slice(refused[0].length)) }
  const ok = /^\+(?:OK)?/i.exec(said)
  if (ok === null) return undefined
  return { ok: true, text: trimmed(said.slice(ok[0].length)), ...(ok[0] === '+' ? { mere: true } : {}) }
}

/**
 * Removes what stands around it: spaces, tabs, and CRs of doubled line ends. `trim` would also remove octets that only Unicode treats as
 * white space, and with them the end of a UIDL.
 */
export function trimmed(text: string): string {
  return text.replace(/^[ \t\r]+|[ \t\r]+$/g, '')
}

/** Whether a line consists of the words of a farewell alone, such as "221 bye". */
export function isFarewell(line: string): boolean {
  return (
    line.length <= 60 &&
    /^(?:\d{3}[ -]+)?(?:(?:goodbye|good|bye|ok|quit|closing|connection|session|logged|logging|logout|signing|out|off|server|pop3?|see|you|later|thanks|done|closed|ended|now|the)\b[ .,!:;-]{0,3}){1,8}$/i.test(
      trimmed(line),
    )
  )
}
