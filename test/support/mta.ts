/** A mail transfer agent of Debian's that is under way as somebody's provider, with what it has delivered to a Maildir. */
import type { ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Certificate } from './certificates.ts'
import type { SmtpProvider } from './smtp-provider.ts'
import { untilTold } from './until.ts'

interface MtaPlaces {
  readonly name: string
  readonly port: number
  readonly tlsPort: number
  readonly own: Certificate
  /** Is gone with it. */
  readonly folder: string
  /** A folder with `new` of a Maildir. */
  readonly maildir: string
}

/** @param child has just been started. @returns once it takes connections. */
export async function runningMta(
  child: ChildProcessByStdio<null, null, Readable>,
  { name, port, tlsPort, own, folder, maildir }: MtaPlaces,
): Promise<SmtpProvider> {
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  await untilTold(`${name} to take connections`, async () => {
    if (child.exitCode !== null) throw new Error(`${name} has ended: ${said}`)
    const socket = connect({ host: '127.0.0.1', port })
    const greeted = await once(socket, 'data', { signal: AbortSignal.timeout(2000) }).then(
      () => true,
      () => false,
    )
    socket.destroy()
    return greeted
  })
  const delivered = join(maildir, 'new')
  return {
    port,
    tlsPort,
    ca: own.cert,
    fingerprint: own.fingerprint,
    mails: () =>
      existsSync(delivered) ? readdirSync(delivered).map((file) => readFileSync(join(delivered, file))) : [],
    async stop() {
      const exited = once(child, 'exit')
      child.kill()
      // What delivers at this moment has our pipe.
      child.stderr.destroy()
      await exited
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
