/** Shows an account's settings, and when it is visited. */
import type { ComponentChildren } from 'preact'
import { WeakLine } from '../../components/line-fields.tsx'
import { destinationName } from '../../components/new-mailbox.tsx'
import { NextRun } from '../../components/next-run.tsx'
import { Section } from '../../components/page.tsx'
import { RelativeTime } from '../../components/relative-time.tsx'
import { bytes, duration, moment } from '../../intl.ts'
import { useResource } from '../../resource.ts'
import type { Account, Destination } from '../../shapes.ts'
import { words } from '../../words/index.ts'
import { folderOf } from './read-them.tsx'

export function Facts({ account }: { readonly account: Account }) {
  const { account: say, accounts: listWords, line, sending } = words.value
  const {
    host,
    hostUnicode,
    port,
    tls,
    tlsVerify,
    tlsFingerprint,
    user,
    destinationId,
    folder,
    retention,
    rhythm,
    proxy,
    sasl,
  } = account
  const destination = useResource<Destination>(`/destinations/${destinationId}`)
  const trust = tlsFingerprint !== null ? `, ${say.pinned}` : tls !== 'none' && !tlsVerify ? `, ${say.unverified}` : ''
  const where = destination.now.value
  const shared = where.state === 'ready' ? where.value.importBytesPerHour : null
  const own = account.importBytesPerHour
  const budget =
    own !== null && own <= (shared ?? Infinity)
      ? say.importAtMost(bytes(own))
      : shared !== null
        ? say.importShared(bytes(shared))
        : say.importFree
  const facts: readonly (readonly [string, ComponentChildren])[] = [
    [say.next, <NextRun key="next" account={account} />],
    [
      listWords.lastMail,
      account.lastMailAt === null ? listWords.notYet : <RelativeTime key="mail" at={account.lastMailAt} />,
    ],
    [
      listWords.lastRun,
      account.lastCheckedAt === null ? listWords.notYet : <RelativeTime key="check" at={account.lastCheckedAt} />,
    ],
    [say.interval, say.rhythm[rhythm.code](duration((rhythm.seconds ?? 0) * 1000))],
    // The A-labels stand beside the letters: letters of two alphabets may look alike.
    [say.provider, `${hostUnicode}:${port}${host === hostUnicode ? '' : ` (${host})`}`],
    [say.encryption, `${say.tls[tls]}${trust}`],
    ...(proxy === null ? [] : [[line.proxy, proxy === 'none' ? line.direct : line.via(proxy)] as const]),
    [say.user, user],
    [sending.sendsBy, sendsBy(account)],
    ...(sasl === null ? [] : [[line.sasl, line.fact(sasl)] as const]),
    [
      say.destination,
      where.state === 'ready' ? (
        <a key="destination" href={folderOf(account)}>
          {destinationName(where.value)}
        </a>
      ) : (
        '…'
      ),
    ],
    [say.folder, folder],
    [
      say.retention,
      retention.mode === 'keep' ? say.keep : retention.mode === 'delete' ? say.delete : say.keepDays(retention.days),
    ],
    [say.firstImport, budget],
    [say.since, moment(account.createdAt)],
  ]
  return (
    <Section title={say.facts}>
      <WeakLine of={account} />
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Section>
  )
}

function sendsBy({ smtp }: Account): string {
  const { sending: say } = words.value
  if (smtp === false) return say.nothing
  return smtp === null ? say.notYet : `${smtp.host}:${smtp.port}`
}
