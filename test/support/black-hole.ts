/** Ports at which nothing comes through, as where a line is cut: a connection is neither accepted nor refused. */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { answerQuestions, askedOptions, isAsked, startAsked } from './asked-process.ts'

export interface BlackHole {
  stop(): Promise<void>
}

const backlog = 1

/** A process that is frozen takes no connection; once the kernel's queue for it is full, it answers no SYN (listen(2)). */
export async function startBlackHole(ports: readonly number[]): Promise<BlackHole> {
  const hole = await startAsked<object, object>('black-hole', { ports })
  process.kill(hole.pid, 'SIGSTOP')
  // The queue holds one more than the backlog.
  const held = ports.flatMap((port) =>
    Array.from({ length: backlog + 1 }, () => connect({ port, host: '127.0.0.1' }).on('error', () => {})),
  )
  await Promise.all(held.map(async (socket) => await once(socket, 'connect')))
  return {
    async stop() {
      for (const socket of held) socket.destroy()
      await hole.stop()
    },
  }
}

if (isAsked(import.meta.filename)) {
  const { ports } = askedOptions() as { readonly ports: readonly number[] }
  for (const port of ports) await once(createServer().listen({ port, host: '127.0.0.1', backlog }), 'listening')
  answerQuestions(() => ({}))
}
