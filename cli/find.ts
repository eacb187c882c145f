/** Finds the id that belongs to a name. People know an account by its address and a destination by its login; a name that fits several is refused. */
import type { Api } from './api.ts'
import { CommandFailed } from './failure.ts'
import type { Account, Destination } from './wire.ts'

const ulid = /^[0-9A-Z]{26}$/
/** At most this many of the things that a name fits are listed; more would not help to choose. */
const namedMax = 10

export async function accountId(api: Api, name: string): Promise<string> {
  return (await accountIdOrNone(api, name)) ?? only('account', name, [])
}

/** Undefined: there is no such account. */
export async function accountIdOrNone(api: Api, name: string): Promise<string | undefined> {
  if (ulid.test(name)) return name
  const found: [string, string][] = []
  for await (const { id, address, user, host, hostUnicode } of api.each<Account>('/accounts', { q: name })) {
    if ([address, user, `${user}@${host}`, `${user}@${hostUnicode}`].some((text) => isSame(text, name)))
      found.push([id, `${address} (${user} at ${hostUnicode})`])
  }
  return found.length === 0 ? undefined : only('account', name, found)
}

export async function destinationId(api: Api, name: string): Promise<string> {
  if (ulid.test(name)) return name
  const found: [string, string][] = []
  for await (const destination of api.each<Destination>('/destinations')) {
    const title = destinationTitle(destination)
    if (isSame(title, name)) found.push([destination.id, title])
  }
  return only('destination', name, found)
}

export function destinationTitle(destination: Destination): string {
  return destination.kind === 'hosted' ? destination.login : `${destination.user}@${destination.hostUnicode}`
}

/** A list of the API, and the field by which people call its items. */
interface NamedList {
  readonly path: string
  readonly noun: string
  readonly field: 'name' | 'url'
}

export async function idNamed(api: Api, { path, noun, field }: NamedList, name: string): Promise<string> {
  if (ulid.test(name)) return name
  const found: [string, string][] = []
  for await (const item of api.each<{ id: string; name: string; url: string }>(path))
    if (isSame(item[field], name)) found.push([item.id, item[field]])
  return only(noun, name, found)
}

const isSame = (text: string, name: string) => text.toLowerCase() === name.toLowerCase()

function only(noun: string, name: string, found: readonly [string, string][]): string {
  const [first, second] = found
  if (first === undefined)
    throw new CommandFailed('refused', `There is no ${noun} ${name}; "tributary ${noun} list" shows those there are.`)
  if (second === undefined) return first[0]
  const those = found.slice(0, namedMax).map(([id, title]) => `  ${id}  ${title}`)
  throw new CommandFailed(
    'refused',
    [`${name} may be any of ${found.length}; give the id of the one you mean:`, ...those].join('\n'),
  )
}
