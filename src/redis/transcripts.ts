/** Stores the transcripts of the last runs of an account, for as long as the runs are kept. */
import type { Redis } from 'ioredis'
import { redisLimits } from './limits.ts'
import type { AccountId, RunId } from '../mail/message.ts'
import { type KeptTranscript, Transcript } from '../runs/transcript.ts'
import { keys } from './key-names.ts'

interface OfRun {
  readonly accountId: AccountId
  readonly id: RunId
}

export async function transcriptOf(redis: Redis, { accountId, id }: OfRun): Promise<KeptTranscript | undefined> {
  const json = await redis.get(keys.transcript(accountId, id))
  return json === null ? undefined : (JSON.parse(json) as KeptTranscript)
}

/** Writes a transcript while the run goes on, so that a run whose worker dies leaves something. It neither waits nor fails. */
export class Recorder {
  readonly transcript: Transcript
  readonly #redis: Redis
  readonly #run: OfRun
  readonly #timer: NodeJS.Timeout
  #writing: Promise<void> = Promise.resolve()

  private constructor(redis: Redis, run: OfRun, transcript: Transcript) {
    this.#redis = redis
    this.#run = run
    this.transcript = transcript
    this.#timer = setInterval(() => this.write(), redisLimits.transcriptEveryMs)
  }

  /**
   * @param runs the number of last runs whose transcripts are kept (run-history.ts drops the others); 0: there is no recorder.
   * @param begun the transcript of a session that began before its run.
   */
  static async of(redis: Redis, run: OfRun, runs: number, begun?: Transcript): Promise<Recorder | undefined> {
    if (runs === 0) return undefined
    const earlier = async () => new Transcript(await transcriptOf(redis, run).catch(() => undefined))
    return new Recorder(redis, run, begun ?? (await earlier()))
  }

  write(): void {
    const changes = this.transcript.changes()
    if (changes === undefined) return
    const key = keys.transcript(this.#run.accountId, this.#run.id)
    const write = async () => void (await this.#redis.set(key, JSON.stringify(changes), 'PX', redisLimits.runKeptMs))
    this.#writing = this.#writing.then(write).catch(() => {})
  }

  /** Takes back what was written, once it has ended: idle visits have no transcript. */
  async forget(): Promise<void> {
    await this.#redis.unlink(keys.transcript(this.#run.accountId, this.#run.id))
  }

  /** Writes the end of the transcript. */
  async end(): Promise<void> {
    clearInterval(this.#timer)
    this.write()
    await this.#writing
  }
}
