/** Passwords that people choose: OWASP's argon2id. */
import { hash, verify } from '@node-rs/argon2'

/** Dovecot's name for the scheme, before the hash. */
const scheme = '{ARGON2ID}'

/** As Dovecot takes it. The npm package `argon2` writes its parameters in an order that Dovecot refuses. */
export async function passwordHash(password: string): Promise<string> {
  return `${scheme}${await hash(password, { memoryCost: 19_456, timeCost: 2, parallelism: 1 })}`
}

let decoy: Promise<string> | undefined

/** @param hashed undefined: nobody has this password; it takes as long to say so. */
export async function isPassword(hashed: string | undefined, password: string): Promise<boolean> {
  decoy ??= passwordHash('of nobody')
  const right = await verify((hashed ?? (await decoy)).slice(scheme.length), password)
  return hashed !== undefined && right
}
