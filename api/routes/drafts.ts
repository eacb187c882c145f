/** `DELETE /destinations/:id/drafts/:uid`: what somebody does not write on. */
import { dropDraft } from '../../src/imap/drafts.ts'
import type { App } from '../app.ts'
import { type HandlerOf, route } from '../http/route.ts'
import { MailReading, type MailReadingWorld } from '../mail-reading.ts'
import { Nothing } from '../schemas/answers.ts'
import { MailId, MailPlace } from '../schemas/mail.ts'

export async function draftRoutes(app: App, world: MailReadingWorld): Promise<void> {
  const reading = new MailReading(world)
  app.addHook('onClose', async () => await reading.close())
  const discard: HandlerOf<typeof discardDraft> = async ({ params: { id, uid }, query }, reply) => {
    const gone = new AbortController()
    reply.raw.once('close', () => gone.abort())
    await reading.read(
      id,
      gone.signal,
      async (reader) => await dropDraft(reader, { folder: query.folder, uid: Number(uid) }),
    )
    return await reply.code(204).send()
  }
  app.delete('/destinations/:id/drafts/:uid', discardDraft, discard)
}

const discardDraft = route(
  // As for its being written.
  { scope: 'operate', audited: false },
  {
    operationId: 'discardDraft',
    summary: 'Throw a draft away',
    description: 'What is no draft, or is there no more, stays as it is.',
    problems: ['store-unavailable', 'conflict'],
    params: MailId,
    querystring: MailPlace,
    response: { 204: Nothing },
  },
)
