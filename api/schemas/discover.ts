/** `/discover` on the wire. */
import { type Static, Type } from 'typebox'
import { guideIds } from '../../src/account/guides.ts'
import { sources } from '../../src/discover/candidate.ts'
import { address, hostUnicode, like, orNull, strict, tls } from './vocabulary.ts'

const guide = (description: string) => orNull(Type.Enum([...guideIds], like('yahoo')), description)

export const Discover = Type.Object({ address }, strict)
export const Discovered = Type.Object({
  candidates: Type.Array(
    Type.Object({
      host: Type.String(like('pop.example.net')),
      hostUnicode,
      port: Type.Integer(like(995)),
      tls,
      user: Type.String(like('me@example.net')),
      source: Type.Enum([...sources]),
      verified: Type.Boolean({
        description: 'a POP3 server answered there, under TLS and with a certificate that verifies',
        ...like(true),
      }),
      note: orNull(
        Type.String(like('Yahoo wants an app password in place of your own.')),
        'what to know before the first login, one sentence',
      ),
      guide: guide('the page of the dashboard (/guides/...) on this provider'),
    }),
    { description: 'the best first' },
  ),
  note: orNull(Type.String(), 'why there is no candidate'),
  guide: guide('of the provider of the address, also where there is no candidate'),
})
export type Discovered = Static<typeof Discovered>
