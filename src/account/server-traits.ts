/** The traits that a session has learnt of its POP3 server. The next sessions with the server know it for `redisLimits.serverTraitMs`. */

/** What was seen of the ways to log in. Where anybody may speak on the line, they are the account's alone (`AccountRecord.loginTraits`). */
export const loginTraits = [
  // It announces the mechanism, and refuses it, breaks it, or knows no password for it.
  'no SCRAM-SHA-256',
  'no SCRAM-SHA-1',
  'no CRAM-MD5',
  'no PLAIN',
  'no LOGIN',
  'no APOP',
  // The mechanism has let somebody in: a refusal is about the password.
  'SCRAM-SHA-256 works',
  'SCRAM-SHA-1 works',
  'CRAM-MD5 works',
  'APOP works',
  /** It wants the initial response on a line of its own. */
  'AUTH in two steps',
  /** It reads passwords as Latin-1. */
  'Latin-1 passwords',
] as const
export type LoginTrait = (typeof loginTraits)[number]

export const serverTraits = [
  /** The server hangs on CAPA or drops the line, each time (fetchmail FAQ R11, O11): it is not asked for its capabilities. */
  'no CAPA',
  /** The server has answered a pipeline wrongly, or not at all: it gets one command at a time, whatever CAPA says. */
  'one at a time',
  /** The server has answered `UIDL n` in no usable form, or hung up at it: windows end with `LIST n` (docs/decisions/0027). */
  'no UIDL n',
  /** The server has sent a whole listing for `LIST n`: windows end with the whole listing. */
  'no LIST n',
  /** The answer to CAPA is the same before and after the login: it is asked for once. */
  'same CAPA after login',
  /** The server refuses DELE for a message that was not retrieved in the same session. */
  'RETR before DELE',
  /** The server has taken the login and what follows it in one segment: the next sessions send it so. */
  'login together',
  /** It has lost what was sent together with the password: it gets the login alone. */
  'login alone',
  ...loginTraits,
] as const
export type ServerTrait = (typeof serverTraits)[number]

/** The lines that a server has said to CAPA, before the login and after it. Both are empty where it does not know CAPA. */
export interface Capabilities {
  readonly before: readonly string[]
  readonly after: readonly string[]
}

export interface ServerPlace {
  readonly host: string
  readonly port: number
}

/** Names a server in the form that failures use: `pop.example.net:995`, `[2001:db8::1]:995`. */
export function hostPort({ host, port }: ServerPlace): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The host in such a name, without the port. */
export function hostOf(server: string): string {
  return server.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
}
