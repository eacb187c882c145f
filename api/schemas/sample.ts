/** `/sample` on the wire. */
import { type Static, Type } from 'typebox'
import { address, like, orNull, password, tls, user } from './vocabulary.ts'

export const Sample = Type.Object({
  account: orNull(
    Type.Object({
      address,
      host: Type.String(like('127.0.0.1')),
      port: Type.Integer(like(1110)),
      tls,
      user,
      password,
    }),
    'null: there is none here',
  ),
})
export type Sample = Static<typeof Sample>
