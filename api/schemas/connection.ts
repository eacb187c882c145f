/** `/destinations/:id/connection` and `/destinations/:id/usage` on the wire. */
import { type Static, Type } from 'typebox'
import { like, orNull, tls } from './vocabulary.ts'

export const Connection = Type.Object({
  login: Type.String(like('alice')),
  servers: Type.Array(
    Type.Object({
      protocol: Type.Enum(['imap', 'pop3']),
      host: Type.String(like('mail.example.net')),
      port: Type.Integer(like(1993)),
      tls,
    }),
    { description: 'the best first' },
  ),
})
export type Connection = Static<typeof Connection>

export const Usage = Type.Object({
  folders: Type.Integer(like(3)),
  messages: Type.Integer(like(240)),
  octets: orNull(Type.Integer(like(18_400_213)), 'null: the store does not tell'),
})
export type Usage = Static<typeof Usage>
