/** Reports ports that are taken, before anything is started. */
import { createServer } from 'node:net'
import { type Config, ConfigInvalid } from '../src/config.ts'

/** @throws ConfigInvalid that names each port which is taken, and the setting that changes it. */
export async function refuseTakenPorts({ http, mail, store }: Config): Promise<void> {
  const wanted: [string, string, number][] = [['TRIBUTARY_HTTP_PORT', http.host, http.port]]
  if (store === undefined) {
    wanted.push(['TRIBUTARY_IMAP_PORT', mail.host, mail.imapPort], ['TRIBUTARY_IMAPS_PORT', mail.host, mail.imapsPort])
    wanted.push(['TRIBUTARY_POP3_PORT', mail.host, mail.pop3Port], ['TRIBUTARY_POP3S_PORT', mail.host, mail.pop3sPort])
  }
  const mistakes: string[] = []
  for (const [setting, host, port] of wanted) {
    const code = await listenFault(host, port)
    if (code === 'EADDRINUSE') mistakes.push(`Port ${port} is taken by another program; set ${setting} to a free one`)
    else if (code !== undefined) mistakes.push(`${setting}: cannot listen on ${host}:${port} (${code})`)
  }
  if (mistakes.length > 0) throw new ConfigInvalid(mistakes.join('\n'))
}

async function listenFault(host: string, port: number): Promise<string | undefined> {
  const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    const server = createServer()
    server.once('error', resolve)
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
  return error === undefined ? undefined : (error.code ?? error.message)
}
