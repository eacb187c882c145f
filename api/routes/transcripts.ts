/** `/runs/:id/transcript`: what the provider and the gateway said to each other in a run. */
import type { Redis } from 'ioredis'
import type { Runs } from '../../src/redis/runs.ts'
import { transcriptOf } from '../../src/redis/transcripts.ts'
import type { App } from '../app.ts'
import { findRun } from '../http/found.ts'
import { Problem } from '../http/problems.ts'
import { Id } from '../schemas/requests.ts'
import * as schemas from '../schemas/transcripts.ts'

export interface TranscriptsWorld {
  readonly redis: Redis
  readonly runs: Runs
}

export async function transcriptRoutes(app: App, world: TranscriptsWorld): Promise<void> {
  app.get(
    '/runs/:id/transcript',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'readTranscript',
        summary: 'Read what was said to the provider in a run',
        description:
          'The lines of its POP3 sessions, of the last runs of an account (the setting transcriptsKept): passwords masked, no line of any message, long listings cut; truncated: lines in the middle are left out.',
        params: Id,
        response: { 200: schemas.Transcript },
      },
    },
    async ({ params: { id } }) => {
      const run = await findRun(world.runs, id)
      const transcript = await transcriptOf(world.redis, run)
      if (transcript === undefined) {
        const detail = `No transcript of run ${id} is kept: it spoke to no provider yet, or is none of the account's last runs (the setting transcriptsKept says how many).`
        throw new Problem('not-found', detail)
      }
      const lines = transcript.lines.map(([atMs, side, text]) => ({ at: new Date(atMs).toISOString(), side, text }))
      return { lines, truncated: transcript.truncated }
    },
  )
}
