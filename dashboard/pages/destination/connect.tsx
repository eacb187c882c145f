/** Shows what to enter into a mail program, and offers files that enter it by themselves. */
import { Copyable } from '../../components/copyable.tsx'
import { Icon } from '../../components/icon.tsx'
import { Section } from '../../components/page.tsx'
import { Loaded } from '../../components/states.tsx'
import { useResource } from '../../resource.ts'
import type { Connection, Destination } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { OnAPhone } from './on-a-phone.tsx'

/** A file that names a host which no other device reaches helps nobody: the settings that are missing do. */
function Missing({ settings }: { readonly settings: Connection['missing'] }) {
  const { destinations: say } = words.value
  return (
    <div class="note">
      <p>{say.missing}</p>
      <ul>
        {settings.map((setting) => (
          <li key={setting}>
            <code>{setting}</code>: {say.missingSettings[setting]}
          </li>
        ))}
      </ul>
    </div>
  )
}

type MailServer = Connection['servers'][number]

function Server({
  name,
  server,
  login,
}: {
  readonly name: string
  readonly server: MailServer
  readonly login: string
}) {
  const { destinations: say, form } = words.value
  const { host, port, tls } = server
  return (
    <dl class="facts connect">
      <div>
        <dt>{name}</dt>
        <dd>
          <Copyable label={name} text={host} />
        </dd>
      </div>
      <div>
        <dt>{form.port}</dt>
        <dd>
          <Copyable label={form.port} text={String(port)} />
        </dd>
      </div>
      <div>
        <dt>{form.tls}</dt>
        <dd>{say.tls[tls]}</dd>
      </div>
      <div>
        <dt>{form.user}</dt>
        <dd>
          <Copyable label={form.user} text={login} />
        </dd>
      </div>
    </dl>
  )
}

/** In a list of ways. */
function Other({ server: { protocol, host, port, tls } }: { readonly server: MailServer }) {
  const { destinations: say } = words.value
  return (
    <li>
      <span>
        {protocol.toUpperCase()}, {say.tls[tls]}
      </span>
      <code>
        {host}
        <wbr />:{port}
      </code>
    </li>
  )
}

export function Connect({ destination: { id, kind } }: { readonly destination: Destination }) {
  const { destinations: say } = words.value
  const connection = useResource<Connection>(`/destinations/${id}/connection`)
  return (
    <Section title={say.connect}>
      <Loaded of={connection} lines={4}>
        {({ login, servers: [best, ...others], outgoing: [sending, ...sendingToo], missing }) => (
          <div class="fields">
            <p class="quiet">{kind === 'hosted' ? say.connectHint : say.connectForeignHint}</p>
            {best !== undefined && <Server name={say.imapServer} server={best} login={login} />}
            {others.length > 0 && (
              <details class="by-hand">
                <summary>{say.others}</summary>
                <ul class="rows tight">
                  {others.map((server) => (
                    <Other key={`${server.protocol} ${server.port}`} server={server} />
                  ))}
                </ul>
              </details>
            )}
            {sending !== undefined && (
              <>
                <p class="quiet">{say.outgoingHint}</p>
                <Server name={say.smtpServer} server={sending} login={login} />
                {sendingToo.map((server) => (
                  <ul key={server.port} class="rows tight">
                    <Other server={server} />
                  </ul>
                ))}
              </>
            )}
            {kind === 'hosted' && missing.length > 0 && <Missing settings={missing} />}
            {kind === 'hosted' && missing.length === 0 && (
              <>
                <p class="quiet small">{say.filesHint}</p>
                <div class="form-do">
                  {/* Without `download`: Safari then takes it as the profile it is, and not as a file. */}
                  <a class="button plain" href={`/api/v1/destinations/${id}/mobileconfig`}>
                    <Icon name="download" />
                    {say.mobileconfig}
                  </a>
                  <a class="button plain" href={`/api/v1/destinations/${id}/autoconfig`} download="config-v1.1.xml">
                    <Icon name="download" />
                    {say.autoconfig}
                  </a>
                </div>
                <p class="quiet small">{say.sendingHint}</p>
                <OnAPhone id={id} login={login} />
              </>
            )}
          </div>
        )}
      </Loaded>
    </Section>
  )
}
