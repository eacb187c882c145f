/** Hashes passwords that people choose, with argon2id as OWASP advises. */
import { hash, verify } from '@node-rs/argon2'

/** Dovecot's name for the scheme; it stands before the hash. */
const scheme = '{ARGON2ID}'

/** Gives the hash as Dovecot takes it. The npm package `argon2` writes its parameters in an order that Dovecot refuses. */
export async function passwordHash(password: string): Promise<string> {
  return `${scheme}${await hash(password, { memoryCost: 19_456, timeCost: 2, parallelism: 1 })}`
}

let decoy: Promise<string> | undefined

/** @param hashed undefined: nobody has this password, and the answer takes as long as it would if somebody had. */
export async function isPassword(hashed: string | undefined, password: string): Promise<boolean> {
  decoy ??= passwordHash('of nobody')
  const right = await verify((hashed ?? (await decoy)).slice(scheme.length), password)
  return hashed !== undefined && right
}
