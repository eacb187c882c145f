/** How an account or an `imap` destination logs in, on the wire (CONTRACT section 10). */
import { Type } from 'typebox'
import { authMethods, saslNames, tlsVersions } from '../../src/account/login.ts'
import { example, like, orNull, strict } from './vocabulary.ts'

/** Whoever signs in has no password here; everybody else sends one with what is made anew. It is told beside all other mistakes. */
export const passwordUnlessSignedIn = {
  if: { properties: { auth: { const: 'oauth2' } }, required: ['auth'] },
  else: { required: ['password'] },
}

export const loginFields = {
  auth: Type.Enum([...authMethods], {
    description: 'oauth2: by signing in at its provider, without a password',
    ...like('password'),
  }),
  sasl: orNull(
    Type.Enum([...saslNames]),
    `${saslNames.join(', ')}: this mechanism alone; null: the strongest that the server offers`,
  ),
  tlsMinVersion: Type.Enum([...tlsVersions], { description: 'older versions of TLS are refused', ...like('TLSv1.2') }),
  tlsLegacy: Type.Boolean({ description: 'small keys and old ciphers are taken, too', ...like(false) }),
  proxy: orNull(
    Type.String({ minLength: 1, maxLength: 1024, ...like('socks5://proxy.example.net:1080') }),
    "socks5://[USER:PASSWORD@]HOST:PORT or http://[USER:PASSWORD@]HOST:PORT; its password is never returned, and stays where the rest is sent back unchanged. none: no proxy; null: the instance's. An admin of the instance alone sets it",
  ),
  oauth: orNull(
    Type.Object({ applicationId: Type.String({ minLength: 1, maxLength: 64, ...like(example.id) }) }, strict),
    'with auth oauth2: the application by which it signs in',
  ),
}
