/** A failure on the wire: what went wrong, and what to do about it. */
import { Type } from 'typebox'
import { failureKinds } from '../../src/failure/failure.ts'
import { remedyCodes } from '../../src/failure/remedy.ts'
import { protocols } from '../../src/failure/spoken.ts'
import { type Step, stepCodes } from '../../src/failure/step.ts'
import { providerAdvice } from './discover.ts'
import { like, orNull, tls } from './vocabulary.ts'

/**
 * A step is one flat object: a schema for each code would tell a program nothing more. The title is its name where a copy of it stands: `Type.Optional`
 * makes one.
 */
export const StepShape = Type.Unsafe<Step>(
  Type.Object(
    {
      code: Type.Enum([...stepCodes]),
      host: Type.Optional(Type.String()),
      domain: Type.Optional(Type.String()),
      server: Type.Optional(Type.String({ description: 'host and port' })),
      port: Type.Optional(Type.Integer()),
      tls: Type.Optional(tls),
      fingerprint: Type.Optional(Type.String()),
      provider: Type.Optional(Type.String()),
      note: Type.Optional(Type.String({ description: 'on the provider, one sentence' })),
      advice: Type.Optional(providerAdvice),
      certain: Type.Optional(Type.Boolean({ description: 'the server has said that this is it' })),
      blocked: Type.Optional(Type.Boolean({ description: 'a firewall seems to keep the port of the account shut' })),
      looked: Type.Optional(Type.Boolean({ description: 'at the usual ports of the host, too' })),
      speaks: Type.Optional(orNull(Type.Enum([...protocols]))),
      remedy: Type.Optional(Type.String()),
      about: Type.Optional(
        Type.Enum([...remedyCodes], { description: 'what the remedy is, where there is a name for it' }),
      ),
      subject: Type.Optional(Type.String({ description: 'the id of what the remedy is about' })),
    },
    {
      title: 'Step',
      description: 'what to do about it, as a code with its facts; not there where nothing is known to do',
      ...like({ code: 'other port', port: 995, tls: 'implicit', blocked: false }),
    },
  ),
)
export const step = StepShape

const exampleFailure = {
  kind: 'unreachable',
  message:
    'Could not reach pop.example.net:995: it does not answer. Tried again by itself; check the host and port if it stays so.',
}
const failureFields = {
  kind: Type.Enum([...failureKinds]),
  message: Type.String(),
  happened: Type.Optional(
    Type.String({ description: 'the beginning of the message: what happened, without what to do about it' }),
  ),
}
export const failure = Type.Object(failureFields, like(exampleFailure))
/** Why a destination is paused, or failing. */
export const pauseFailure = Type.Object({ ...failureFields, step: Type.Optional(step) }, like(exampleFailure))
export const runFailure = Type.Object(
  {
    ...failureFields,
    step: Type.Optional(step),
    passes: Type.Boolean({ description: "the server's words say that it passes without anybody doing anything" }),
  },
  like({ ...exampleFailure, passes: false }),
)
