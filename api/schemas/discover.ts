/** `/discover` on the wire. */
import { type Static, Type } from 'typebox'
import { guideIds } from '../../src/account/guides.ts'
import { adviceCodes } from '../../src/account/provider-advice.ts'
import { sources } from '../../src/discover/candidate.ts'
import { notFoundReasons } from '../../src/discover/discover.ts'
import { address, hostUnicode, like, orNull, strict, tls } from './vocabulary.ts'

const guide = (description: string) => orNull(Type.Enum([...guideIds], like('yahoo')), description)

export const providerAdvice = Type.Object({
  code: Type.Enum([...adviceCodes], like('app password')),
  provider: orNull(Type.String(like('Yahoo'))),
  url: orNull(Type.String(like('https://login.yahoo.com/account/security')), 'the page where that is done'),
})
const advice = orNull(providerAdvice, 'what the note says, as a code with its facts')

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
      advice,
      guide: guide('the page of the dashboard (/guides/...) on this provider'),
    }),
    { description: 'the best first' },
  ),
  smtp: Type.Array(
    Type.Object({
      host: Type.String(like('smtp.example.net')),
      hostUnicode,
      port: Type.Integer(like(465)),
      tls,
      user: Type.String(like('me@example.net')),
      source: Type.Enum([...sources]),
      verified: Type.Boolean({ description: 'an SMTP server answered there, as above', ...like(true) }),
    }),
    { description: 'where what is sent as the address is taken, the best first' },
  ),
  note: orNull(Type.String(), 'why there is no candidate'),
  reason: orNull(
    Type.Enum([...notFoundReasons]),
    'the same as a code; offline: no question was answered at all, so nothing is known',
  ),
  suggestion: orNull(
    Type.String(like('me@gmail.com')),
    'the address that may be meant: its domain is one letter away from a common one',
  ),
  guess: orNull(
    Type.Object({
      host: Type.String(like('pop.example.net')),
      port: Type.Integer(like(995)),
      tls,
      user: Type.String(like('me@example.net')),
    }),
    'where there is no candidate: the most usual server, which nobody has named and which did not answer',
  ),
  advice,
  guide: guide('of the provider of the address, also where there is no candidate'),
})
export type Discovered = Static<typeof Discovered>
