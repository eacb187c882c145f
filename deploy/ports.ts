/** Reports ports that are taken, before anything is started. */
import { createServer } from 'node:net'
import { type Config, ConfigInvalid } from '../src/config.ts'

/** @throws ConfigInvalid that names each port which is taken, and the setting that changes it. */
export async function refuseTakenPorts({ http, mail, submission, store }: Config): Promise<void> {
  const wanted: [service: 'HTTP' | 'MAIL' | 'SUBMISSION', port: string, host: string, number: number][] = [
    ['HTTP', 'TRIBUTARY_HTTP_PORT', http.host, http.port],
  ]
  if (store === undefined) {
    wanted.push(
      ['MAIL', 'TRIBUTARY_IMAP_PORT', mail.host, mail.imapPort],
      ['MAIL', 'TRIBUTARY_IMAPS_PORT', mail.host, mail.imapsPort],
      ['MAIL', 'TRIBUTARY_POP3_PORT', mail.host, mail.pop3Port],
      ['MAIL', 'TRIBUTARY_POP3S_PORT', mail.host, mail.pop3sPort],
    )
  }
  for (const [setting, number] of [
    ['TRIBUTARY_SUBMISSIONS_PORT', submission.submissionsPort],
    ['TRIBUTARY_SUBMISSION_PORT', submission.submissionPort],
  ] as const)
    if (number !== 0)
      wanted.push([submission.host === mail.host ? 'MAIL' : 'SUBMISSION', setting, submission.host, number])
  const mistakes = new Set<string>()
  for (const [service, setting, host, port] of wanted) {
    const code = await listenFault(host, port)
    if (code === 'EADDRINUSE') mistakes.add(`Port ${port} is taken by another program; set ${setting} to a free one`)
    // A port below 1024, or one that the system reserves; anything else is about the host.
    else if (code === 'EACCES') mistakes.add(`${setting} is ${port}, at which this user may not listen`)
    else if (code !== undefined)
      mistakes.add(
        `TRIBUTARY_${service}_HOST is ${JSON.stringify(host)}, at which this machine cannot listen (${code})`,
      )
  }
  if (mistakes.size > 0) throw new ConfigInvalid([...mistakes].join('\n'))
}

async function listenFault(host: string, port: number): Promise<string | undefined> {
  const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    const server = createServer()
    server.once('error', resolve)
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
  return error === undefined ? undefined : (error.code ?? error.message)
}
