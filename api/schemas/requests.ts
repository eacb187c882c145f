/** The parameters and headers that requests of every kind have in common. */
import { Type } from 'typebox'
import { KiB } from '../../src/units.ts'
import { apiLimits } from '../limits.ts'
import { strict } from './vocabulary.ts'

export const Id = Type.Object({ id: Type.String() })

export const IfMatch = Type.Object({
  'if-match': Type.Optional(
    Type.String({ description: 'an ETag: 412 where what is kept has changed since. * takes any version' }),
  ),
})
export const IdempotencyKey = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      description:
        'of your choice, other for each request: the same request sent again within a day is done once, and answered as the first time',
    }),
  ),
})
/** Where the body is a stream. */
export const StreamIdempotencyKey = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      description: `of your choice, other for each request: the same body sent again within a day is compared, not carried out again, and answered as the first time. Kept are answers of up to ${apiLimits.repeatedAnswerOctetsMax / KiB} KiB to bodies that were read to their end`,
    }),
  ),
})
export const IfNoneMatch = Type.Object({
  'if-none-match': Type.Optional(Type.String({ description: 'an ETag: 304 where nothing has changed since' })),
})

export const Page = Type.Object(
  { limit: Type.Integer({ minimum: 1, maximum: 500, default: 50 }), cursor: Type.Optional(Type.String()) },
  strict,
)
