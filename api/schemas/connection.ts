/** `/destinations/:id/connection` and `/destinations/:id/usage` on the wire. */
import { type Static, Type } from 'typebox'
import { missingSettings } from '../../src/account/mail-program.ts'
import { like, orNull, tls } from './vocabulary.ts'

const MailServer = Type.Object({
  protocol: Type.Enum(['imap', 'pop3', 'smtp']),
  host: Type.String(like('mail.example.net')),
  port: Type.Integer(like(1993)),
  tls,
})

export const Connection = Type.Object({
  login: Type.String(like('alice')),
  servers: Type.Array(MailServer, { description: 'the best first' }),
  outgoing: Type.Array(MailServer, {
    description:
      'where mail programs send as the addresses of its accounts, with the same login, and its password or a token that is bound to it; the best first; empty: nowhere',
    ...like([{ protocol: 'smtp', host: 'mail.example.net', port: 1465, tls: 'implicit' }]),
  }),
  missing: Type.Array(Type.Enum([...missingSettings]), {
    description:
      'the settings without which no other device gets there with a certificate that it trusts: until they are set, the files below help nobody',
    ...like([]),
  }),
})
export type Connection = Static<typeof Connection>

export const AutoconfigQuery = Type.Object({
  emailaddress: Type.Optional(Type.String({ maxLength: 320, ...like('alice@mail.example.net') })),
})

export const Usage = Type.Object({
  folders: Type.Integer(like(3)),
  messages: Type.Integer(like(240)),
  octets: orNull(Type.Integer(like(18_400_213)), 'null: the store does not tell'),
})
export type Usage = Static<typeof Usage>
