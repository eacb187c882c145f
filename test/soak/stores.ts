/** The stores of the soak: logins of the gateway's own Dovecot, a Dovecot elsewhere, and scripted ones with a bad habit each (docs/stores.md). */
import type { Chance } from '../support/chance.ts'
import type { TestDovecot } from '../support/dovecot.ts'
import { startImapServer, type StoreBehaviour } from '../support/imap-server.ts'
import { converse, readFolder } from '../support/reader.ts'
import { isPoison, tokenOf } from './letters.ts'
import { type Line, startLine } from './line.ts'

export interface KeptMessage {
  readonly folder: string
  readonly bytes: Buffer
}

export interface DestinationStore {
  readonly what: string
  /** What POST /destinations takes. */
  readonly fields: object
  /** The line on which the gateway reaches it; the gateway's own store has none. */
  readonly line?: Line
  /** Ends all sessions with these words, where a script can. */
  hangUp?(bye: string): Promise<void>
  /** Every message of every folder. */
  kept(): Promise<readonly KeptMessage[]>
  close(): Promise<void>
}

const password = 'wonder'

async function readAll(port: number, user: string): Promise<KeptMessage[]> {
  const said = await converse(port, [`a LOGIN "${user}" "${password}"`, 'b LIST "" "*"', 'c LOGOUT'])
  if (!said.includes('\r\nb OK')) throw new Error(`${user} cannot be read: ${said.toString('latin1').slice(-300)}`)
  const folders = [...said.toString('latin1').matchAll(/^\* LIST \([^)]*\) "?.*?"? "?([^"\r]+)"?\r$/gm)]
  const kept: KeptMessage[] = []
  // One by one: a login that comes thirty times at once is a guesser's.
  // A server may tell of flags that have changed meanwhile, without the message.
  for (const [, folder = ''] of folders)
    for (const { bytes } of await readFolder(port, user, password, folder))
      if (bytes.length > 0) kept.push({ folder, bytes })
  return kept
}

export function hostedStore(port: number, login: string): DestinationStore {
  return {
    what: 'the own store',
    fields: { kind: 'hosted', login, password },
    kept: async () => await readAll(port, login),
    close: async () => {},
  }
}

/** @param user is a login whose password is `wonder`. */
export async function dovecotStore({ imapPort }: TestDovecot, user: string): Promise<DestinationStore> {
  const line = await startLine(imapPort)
  return {
    what: 'a Dovecot elsewhere',
    fields: { kind: 'imap', host: '127.0.0.1', port: line.port, tls: 'none', user, password },
    line,
    kept: async () => await readAll(imapPort, user),
    close: async () => await line.close(),
  }
}

const oneByOne = ['IMAP4rev1', 'LITERAL+', 'UIDPLUS', 'NAMESPACE']

export const storeHabits: Readonly<Record<string, (chance: Chance) => StoreBehaviour>> = {
  'as it should be': () => ({}),
  'refuses now and then': (chance) => ({
    refuses: () => (chance.below(15) === 0 ? 'NO [UNAVAILABLE] try again later' : undefined),
  }),
  'has no UIDPLUS': () => ({ capabilities: oneByOne.filter((one) => one !== 'UIDPLUS') }),
  'announces UIDPLUS, and tells no APPENDUID': () => ({ appendUids: () => '' }),
  'loses answers and drops the line in mid-literal': () => ({
    losesAnswers: 4,
    dropsInLiteral: 4,
    dropsAfterOctets: 500,
  }),
  'refuses some messages for good': () => ({
    refuses: (messages) =>
      messages.some(({ literal }) => isPoison(tokenOf(literal) ?? ''))
        ? 'BAD invalid rfc5322 message: Sender should not be present'
        : undefined,
  }),
  'one message an append': () => ({ capabilities: oneByOne }),
}

export async function scriptedStore(what: string, chance: Chance): Promise<DestinationStore> {
  const server = await startImapServer({ ...storeHabits[what]?.(chance), password })
  const line = await startLine(server.port)
  return {
    what: `a store: ${what}`,
    fields: { kind: 'imap', host: '127.0.0.1', port: line.port, tls: 'none', user: 'me', password },
    line,
    hangUp: async (bye) => await server.hangUp(bye),
    kept: async () => server.stored.map(({ folder, literal }) => ({ folder, bytes: literal })),
    async close() {
      await line.close()
      await server.close()
    },
  }
}

export { password as storePassword }
