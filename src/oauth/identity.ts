/** Who has signed in, by what the provider says, and whether that is who the account belongs to. Pure. */

export interface Identity {
  /** The name to show; null: the provider names nobody. */
  readonly shown: string | null
  /** The names under which it knows whoever has signed in. */
  readonly names: readonly string[]
  /** What stays the same of somebody whose names change (OpenID Connect Core section 2). */
  readonly subject: { readonly issuer: string; readonly sub: string } | null
}

export const nobodyNamed: Identity = { shown: null, names: [], subject: null }

export type Claims = Readonly<Record<string, unknown>>

/** @param claims of an ID token, or of userinfo, or both. */
export function identityIn(claims: Claims | undefined): Identity {
  if (claims === undefined) return nobodyNamed
  const text = (name: string) => {
    const value = claims[name]
    return typeof value === 'string' && value !== '' ? [value] : []
  }
  // An address that nobody has verified may be anybody's.
  const email = claims['email_verified'] === false ? [] : text('email')
  const [sub = ''] = text('sub')
  const names = [...email, ...text('preferred_username'), ...text('upn'), ...(sub.includes('@') ? [sub] : [])]
  const [issuer = ''] = text('iss')
  return { shown: names[0] ?? null, names, subject: sub === '' ? null : { issuer, sub } }
}

/**
 * Whether this is who the account belongs to: its user, from the first time on. A provider that names nobody leaves that to the mail server,
 * which takes a token for the mailbox of its owner alone.
 *
 * @param before who signed in the last time.
 */
export function isOwner({ names, subject }: Identity, user: string, before: Identity['subject']): boolean {
  if (names.length > 0) return names.some((name) => isSameName(name, user))
  if (subject === null) return true
  if (before !== null) return before.sub === subject.sub && before.issuer === subject.issuer
  // An opaque subject says nothing about an address.
  return user.includes('@') || isSameName(subject.sub, user)
}

function isSameName(one: string, other: string): boolean {
  return one.normalize('NFC').toLowerCase() === other.normalize('NFC').toLowerCase()
}
