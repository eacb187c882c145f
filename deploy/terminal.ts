/** Writes sentences for a person at a terminal. */
import type { Config } from '../src/config.ts'
import type { Home } from '../src/disk/home.ts'
import { apiOrigin } from './probes.ts'
import type { SignInLink } from './sign-in-link.ts'

const marks: Readonly<Record<string, string>> = { warn: 'Warning: ', error: 'Error: ', fatal: 'Error: ' }
/** Fields that are said in another way, or that help nobody who reads along. */
const unsaid = new Set(['level', 'time', 'process', 'event', 'msg'])

/** Writes one event of the log, which is given as JSON; a line that is no JSON is shown as it is. */
export function sentence(line: string): string {
  let event: Readonly<Record<string, unknown>>
  try {
    event = JSON.parse(line) as typeof event
  } catch {
    return line
  }
  if (typeof event !== 'object' || event === null) return line
  const { level, time, process: part, event: name, msg } = event
  const clock = clockOf(String(time))
  const mark = marks[String(level)] ?? ''
  const who = part === 'local' ? '' : `${String(part)}: `
  const hasWords = typeof msg === 'string' && msg !== ''
  const facts = Object.entries(event)
    .filter(([key, value]) => !unsaid.has(key) && value !== undefined && value !== null)
    .map(([key, value]) => `${key} ${shown(value)}`)
  // If an event has a sentence, the sentence says everything; otherwise its name and its facts are shown.
  const what = hasWords ? msg : [String(name), ...facts].join(', ')
  return `${clock}  ${who}${mark}${what}`
}

const clockOf = (time: string) => new Date(time).toTimeString().slice(0, 8)

function shown(value: unknown): string {
  if (typeof value === 'string') return value
  const { message } = (value ?? {}) as { readonly message?: unknown }
  return typeof message === 'string' ? message : JSON.stringify(value)
}

/**
 * Says what runs, where it is, and how to sign in: as facts for a log, and as lines for a person.
 * @param link is for the lines alone: it lets in whoever reads it.
 */
export function welcome(
  config: Config,
  home: Home,
  link?: SignInLink,
): { readonly facts: object; readonly lines: string } {
  const { host, imapPort, imapsPort, pop3Port, pop3sPort } = config.mail
  const tokenFile = config.adminTokenFile ?? home.adminToken
  const dashboard = `${apiOrigin(config)}/`
  const mail =
    config.store === undefined
      ? [
          `  IMAP       ${host}, port ${imapPort} (STARTTLS) or ${imapsPort} (TLS), as ${config.publicName}`,
          `  POP3       ${host}, port ${pop3Port} (STLS) or ${pop3sPort} (TLS)`,
        ]
      : [`  Store      ${config.store.host}:${config.store.port}, as given`]
  const { submission } = config
  const sending = [
    ...(submission.submissionPort === 0 ? [] : [`${submission.submissionPort} (STARTTLS)`]),
    ...(submission.submissionsPort === 0 ? [] : [`${submission.submissionsPort} (TLS)`]),
  ].join(' or ')
  const lines = [
    '',
    'Tributary is running.',
    ...(link === undefined
      ? [`  Dashboard  ${dashboard}  (sign in with what is in ${tokenFile})`]
      : [
          `  Dashboard  ${dashboard}`,
          `             To sign in, open this link. It works once, until ${clockOf(link.expiresAt)}:`,
          `             ${link.url}`,
          `             After that, sign in with what is in ${tokenFile}`,
        ]),
    `  API        ${dashboard}api/v1  (with the token in that file; described at ${dashboard}docs)`,
    ...mail,
    ...(sending === ''
      ? []
      : [`  SMTP       ${submission.host}, port ${sending}, to send as your accounts' addresses`]),
    `  Kept in    ${home.home}`,
    '  Ctrl-C stops everything; a second one does not wait.',
    '',
    '',
  ].join('\n')
  return {
    facts: { dashboard, api: `${dashboard}api/v1`, tokenFile, mail: config.mail, submission, home: home.home },
    lines,
  }
}
