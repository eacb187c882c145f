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
      smtp: Type.Union([Type.Object({ host: Type.String(), port: Type.Integer(), tls }), Type.Literal(false)], {
        description: 'where it takes mail: it answers what it is sent; false: it takes none',
        ...like({ host: '127.0.0.1', port: 1425, tls: 'none' }),
      }),
    }),
    'null: there is none here',
  ),
})
export type Sample = Static<typeof Sample>
