/** What a session has learnt of its POP3 server, for the next one with it: remembered for `redisLimits.serverTraitMs`. */

export const serverTraits = [
  /** Hangs on CAPA or drops the line, each time (fetchmail FAQ R11, O11): it is not asked. */
  'no CAPA',
  /** Has answered a pipeline wrongly, or not at all: one command at a time, whatever CAPA says. */
  'one at a time',
  /** CAPA tells after the login what it told before it: once is enough. */
  'same CAPA after login',
] as const
export type ServerTrait = (typeof serverTraits)[number]

/** As failures name a server: `pop.example.net:995`, `[2001:db8::1]:995`. */
export function hostPort({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Without the port. */
export function hostOf(server: string): string {
  return server.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
}
