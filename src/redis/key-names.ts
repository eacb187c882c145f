/** Defines every key once. Keys that one script touches share a hash tag, so that they lie together in a cluster. */
import type { TroubleReason } from '../failure/trouble-reason.ts'
import type { AccountId } from '../mail/message.ts'
import type { RunTask } from '../runs/run.ts'
import type { NotedStatus } from '../runs/status.ts'
import type { SendState } from '../send/entry.ts'

const shared = (name: string) => `{tributary}:${name}`
const ofAccount = (id: string, name: string) => `tributary:{${id}}:${name}`

export const keys = {
  /** Hash: account id -> AccountRecord as it is stored (account-record.ts). */
  accounts: shared('accounts'),
  /** Packed order (packed-order.ts) of account ids: their order is that of time (ULIDs). */
  accountOrder: shared('account-order'),
  /** Packed order: address, space, account id. */
  addressOrder: shared('address-order'),
  /** Hash: account id -> the text that is searched, where a script cannot make it of the record; an earlier version kept it of all. */
  accountWords: shared('account-words'),
  /** Packed order: hash of an account's source, space, account id. */
  sourceOrder: shared('source-order'),
  /** Hash: account id -> the account that fetched its source to the same destination before it (predecessors.ts). */
  predecessors: shared('predecessors'),
  /** Sorted set of ids, all of score 0, of the accounts that have messages in quarantine (quarantine-index.ts). */
  quarantined: shared('quarantined'),
  /** Hash: id of an account there -> how many messages it has there. */
  setAside: shared('set-aside'),
  /** Hash: id of an account that fails -> the kind of its failure (scripts/includes/restate.lua). */
  reasons: shared('reasons'),
  /** Sorted set of ids, all of score 0, of accounts whose failure only somebody can mend. */
  needsPerson: shared('needs-person'),
  /** Sorted set: id of an account that was removed, by the milliseconds at which it was (account-erasure.ts). */
  removedAccounts: shared('removed-accounts'),
  /** Hash: account id -> AccountState as JSON. */
  accountStates: shared('account-states'),
  /** Hash: destination id -> DestinationRecord as JSON. */
  destinations: shared('destinations'),
  destinationIds: shared('destination-ids'),
  /** Hash: login of a hosted destination -> destination id. */
  logins: shared('logins'),
  /** Hash: id -> a hosted destination that is being removed together with its mail, as JSON (destinations.ts). */
  purges: shared('purges'),
  /** Hash: destination id -> Pause as JSON. */
  pauses: shared('pauses'),
  /** Sorted set: account id by the milliseconds at which it is due. What follows from it is in scripts/includes/schedule.lua. */
  due: shared('due'),
  /** The milliseconds by which it was moved a moment ago. */
  dueShifted: shared('due-shifted'),
  /** Hash: POP3 host, port and trait -> the milliseconds at which it was learnt. */
  serverTraits: shared('host-traits'),
  /** Hash: account id, and task if that is no pull -> its open run's id. */
  openRuns: shared('open-runs'),
  /** Hash: id of an open run -> the run as JSON; an earlier version kept it in `tributary:run:ID`. */
  openRecords: shared('open-records'),
  /** Hash: field of open-runs -> the run that the owner of that destination has asked for (scripts/take-asked.lua). It expires. */
  askedBy: (destinationId: string) => shared(`asked-by:${destinationId}`),
  /** Set: fields of open-runs that somebody asked for (scripts/includes/schedule.lua). */
  asked: shared('asked'),
  /** Sorted set: fields of open-runs by when the place of their visit expires (scripts/includes/schedule.lua). */
  places: shared('places'),
  /** Sorted set: digests of mailboxes by the milliseconds until which their servers want no login there (login-holds.ts). */
  loginHolds: shared('login-holds'),
  /** Set: account ids of which somebody asked for a pull while a visit was under way, since its last login. */
  askedMeanwhile: shared('asked-meanwhile'),
  /** Packed order of all runs: run id, space, account id (run-index.ts). Its pieces are runIndex. */
  runBuckets: shared('run-buckets'),
  /** Says that the index holds what was kept before there was one. */
  runsIndexed: shared('runs-indexed'),
  /** Hash: account id -> the row of idle visits since its last run (runs/idle-row.ts, scripts/end-visits.lua). */
  checks: shared('checks'),
  /** Hash: account id -> the run that ended last: its id and its record (runs/run-record.ts); JSON, or the id alone, in earlier versions. */
  lastRuns: shared('last-runs'),
  /** Hash: account id -> what was learnt of when its mail comes, packed (rhythms.ts). */
  rhythms: shared('rhythms'),
  /** Hash: account id -> the end of the last run that stored mail of it, in milliseconds or the API's form; not if that is the run that ended last. */
  lastMail: shared('last-mail'),
  /**
   * Hash: `number`, the format of the data; `writtenBy`, the version that wrote them; `backup`, the one that was made before they are
   * carried over (format/).
   */
  format: shared('format'),
  /** The token of the process that changes the format of the data, or restores a backup. */
  formatLock: shared('format-lock'),
  /** Channel: ids of accounts whose run is to end (revocations.ts). */
  revocations: shared('revocations'),
  /** Sorted set: kind, format and name of a process by the milliseconds until which it counts as alive. */
  processes: shared('processes'),
  /** Sorted set: worker by the milliseconds until which it counts as there. */
  workers: shared('workers'),
  /** Hash: worker -> the POP3 sessions that it holds at once, for as long as it is there. */
  workerSessions: shared('worker-sessions'),
  /** Hash: name of a setting -> its value as JSON. */
  settings: shared('settings'),
  /** List: news that nobody has carried further yet, as JSON (redis/news.ts). */
  outbox: shared('outbox'),
  /** Hash: account id -> the news that people were told about it. */
  told: shared('told'),
  /** Hash: webhook id -> WebhookRecord as JSON. */
  webhooks: shared('webhooks'),
  /** Hash: webhook id -> WebhookState as JSON. */
  webhookStates: shared('webhook-states'),
  /** Hash: `notice` -> BulletinRecord, `state` -> BulletinState as JSON; `more`: the number of news beyond those that wait (redis/bulletin.ts). */
  notice: shared('notice'),
  /** List: news that waits for the next notice by e-mail, as JSON. */
  noticeNews: shared('notice-news'),
  /** Sorted set: webhook id, or `notice`, by the milliseconds at which it is to be visited. */
  visits: shared('visits'),
  /** Hash: token id -> TokenRecord as JSON. */
  tokens: shared('tokens'),
  tokenIds: shared('token-ids'),
  /** Hash: token id -> the milliseconds at which it was used last. */
  tokenUses: shared('token-uses'),
  /** Hash: application id -> ApplicationRecord as JSON (oauth-applications.ts). */
  oauthApplications: shared('oauth-applications'),
  /** Hash: id of an account or destination -> Grant as JSON (oauth-grants.ts). */
  oauthGrants: shared('oauth-grants'),
  /** Hash: id of an account or destination -> BegunSignIn as JSON. */
  oauthBegun: shared('oauth-begun'),
  /** Hash: id of an account or destination -> WaitingDevice as JSON (oauth-devices.ts). */
  oauthDevices: shared('oauth-devices'),
  /** Hash: `admin` -> the hash of the password. */
  passwords: shared('passwords'),
  /** Is there once somebody has signed in to the dashboard. It is in no backup. */
  signedInOnce: shared('signed-in-once'),
  /** Stream of AuditEntry as JSON. It is in no backup: it records changes of this instance, and a restore is one of them. */
  audit: shared('audit'),

  /** Sorted set of ids of accounts that gather there. */
  accountsOf: (destinationId: string) => shared(`accounts-of:${destinationId}`),
  /** Hash: name of a source that accounts fetched to that destination before -> when, and the last of them (predecessors.ts). */
  formerSources: (destinationId: string) => shared(`former-sources:${destinationId}`),
  /** Sorted set of ids of accounts of that status. An account that is idle is in none. */
  accountsAt: (status: NotedStatus) => shared(`accounts-at:${status}`),
  /** Sorted set of ids, all of score 0, of accounts that fail in this way. */
  failingBy: (reason: TroubleReason) => shared(`failing-by:${reason}`),
  /** Sorted set: names of answers by the milliseconds at which they were given. */
  answers: shared('answers'),
  /** Set: those fields of open-runs whose run is at work. */
  running: shared('running'),
  /** Set: those fields of open-runs of whose run nobody has heard yet (scripts/open-run.lua): the account's status stays what it is. */
  quiet: shared('quiet'),
  /** Stream of events (events.ts). */
  events: shared('events'),

  // What is to be sent (outbox.ts). A restore leaves it, and a backup has none of it: what is sent lies on the disk of this instance.
  /** Hash: id -> OutboxEntry as JSON (send/entry.ts). */
  sendings: shared('send:entries'),
  /** Sorted set: account id by the milliseconds at which it has something to send. */
  sendDue: shared('send:due'),
  /** Hash: account id -> the milliseconds before which its SMTP server is not asked. */
  sendHeld: shared('send:held'),
  /** Sorted set: entry id, space, token of an attempt by the milliseconds at which its lease ends. */
  sendAttempts: shared('send:attempts'),
  /** Sorted set: entry id by the milliseconds at which its copy or report is due. */
  sendFollowUps: shared('send:follow-ups'),
  /** Sorted set: entry id by the milliseconds at which it ended. */
  sendEnded: shared('send:ended'),
  /** Set: ids of entries that have not ended. */
  sendPending: shared('send:pending'),
  /** Sets: ids of entries that wait for a person, and those of a destination. */
  sendForPerson: shared('send:for-person'),
  sendForPersonOf: (destinationId: string) => shared(`send:for-person-of:${destinationId}`),
  /** Hash: destination id, or '' for all -> the octets of bodies on the disk. */
  sendOctets: shared('send:octets'),
  /** Hashes: account id, space, digest, or hash of a Message-ID -> id of the entry that was made last. */
  sendDigests: shared('send:digests'),
  sendMessageIds: shared('send:message-ids'),
  /** The name of this Redis' outbox: the folder of the bodies notes it too (disk/outbox.ts). */
  sendEra: shared('send:era'),
  /** Sorted sets of score 0: entry ids of a destination, and those of a state. */
  sendOf: (destinationId: string) => shared(`send:of:${destinationId}`),
  sendOfState: (destinationId: string, state: SendState) => shared(`send:of:${destinationId}:${state}`),
  /** Sorted set: entry ids of an account by the milliseconds at which each is to be tried. */
  sendDueOf: (accountId: string) => shared(`send:due-of:${accountId}`),
  /** Set: ids of an account's or destination's entries that have not ended. */
  sendPendingOf: (id: string) => shared(`send:pending-of:${id}`),
  /** SenderState as JSON (senders.ts); it expires. */
  sender: (accountId: string) => ofAccount(accountId, 'sender'),
  /** Hash: what an account has sent lately (scripts/take-sending-turn.lua); it expires. */
  sendingTurns: (accountId: string) => ofAccount(accountId, 'sending-turns'),
  /** What its SMTP server was seen to take (send/provider-limits.ts) as JSON, with the server; it expires. */
  sendingLimits: (accountId: string) => ofAccount(accountId, 'sending-limits'),
  /** The id that the same request is given. It expires. */
  sendAnswer: (name: string) => shared(`send:answer:${name}`),
  /** An earlier version kept these too. Hash: account id -> its destination and its status; sorted set of idle accounts. */
  statuses: shared('statuses'),
  accountsAtIdle: shared('accounts-at:idle'),

  pieceOf: (order: string, from: string) => `${order}:${from}`,
  /** The id of the row of idle visits of which this run has become a part, and the account's (scripts/fold-run.lua). It expires. */
  folded: (runId: string) => shared(`folded:${runId}`),

  /** Hash: hour or day since 1970 -> the results of runs (tallies.ts). */
  tally: shared('tally'),
  /** Hash: name and labels of a measure -> its value, for ever (measures.ts). */
  measures: shared('measures'),
  /** Set: hosts that are named there. */
  measuredHosts: shared('measured-hosts'),

  /** The vitals of a worker's process, as JSON. */
  workerVitals: (worker: string) => shared(`worker:${worker}`),
  /** Hash about a source that was tested a moment ago (tested-sources.ts). It expires. */
  tested: (source: string) => shared(`tested:${source}`),
  /** The fingerprint that the last test of an account has met. It expires. */
  shownCertificate: (id: string) => shared(`shown-certificate:${id}`),
  /** Like `tally`, for one destination. */
  tallyOf: (destinationId: string) => shared(`tally:${destinationId}`),
  /** Sorted set: destinations of which a visit waits at this server, by when it is due (scripts/includes/schedule.lua). */
  waitingAt: (server: string) => shared(`waiting:${server}`),
  /** Sorted set: those of one destination at this server, fields of open-runs and account ids, by when they are due; what was asked for is below 0. */
  waitingOf: (server: string, destinationId: string) => shared(`waiting:${server} ${destinationId}`),
  /** Hash: server and user of a mailbox in which a session of ours is -> who has it, and the accounts that wait for its end (scripts/includes/schedule.lua). */
  mailboxes: shared('mailboxes'),
  slotsAt: (server: string) => shared(`slots:${server}`),
  serverAt: (server: string) => shared(`server:${server}`),
  /** Hash: minute -> octets that first imports took out of this budget (import-octets.ts). */
  imported: (scope: string) => shared(`imported:${scope}`),
  runIndex: (piece: string) => shared(`run-index:${piece}`),
  /** Set: accounts that wait for the end of the destination's pause. */
  held: (destinationId: string) => shared(`held:${destinationId}`),
  /** Hash: delivery id -> Delivery as JSON; and two sorted sets of ids: by when they are due, by when they ended. */
  deliveries: (webhookId: string) => shared(`deliveries:${webhookId}`),
  deliveriesDue: (webhookId: string) => shared(`deliveries-due:${webhookId}`),
  deliveriesEnded: (webhookId: string) => shared(`deliveries-ended:${webhookId}`),
  /** The name of whoever refreshes the token of this account or destination (oauth-tokens.ts). It expires. */
  oauthRefresh: (id: string) => shared(`oauth-refresh:${id}`),
  /** The round of the sign-ins that are open for this account or destination (oauth-states.ts). It expires. */
  oauthRound: (id: string) => shared(`oauth-round:${id}`),
  /** Sorted set: requests to this token endpoint by when they count no more. */
  oauthSlots: (server: string) => shared(`oauth-slots:${server}`),
  /** Set: accounts and destinations by whose tokens a provider may know one consent (oauth-grants.ts). Some may have other tokens by now. */
  oauthConsent: (name: string) => shared(`oauth-consent:${name}`),
  /** Set: tokens of the owner of a destination. */
  tokensOf: (destinationId: string) => shared(`tokens-of:${destinationId}`),
  /** Session as JSON (sessions.ts). */
  session: (digest: string) => `tributary:session:${digest}`,
  /** SessionRecord as JSON: the session that a link begins (sign-in-links.ts). It expires. */
  signInLink: (digest: string) => `tributary:sign-in-link:${digest}`,
  /** GivenState as JSON (oauth-states.ts). It expires, and so does a link. */
  oauthState: (digest: string) => `tributary:oauth-state:${digest}`,
  oauthLink: (digest: string) => `tributary:oauth-link:${digest}`,
  /** The digest of the newest link of an account or destination. It expires. */
  oauthLinkOf: (id: string) => `tributary:oauth-link-of:${id}`,
  /** Hash: failures, untilMs (throttle.ts). */
  refusals: (what: string, digest: string) => `tributary:refusals:${what}:${digest}`,
  /** List: when passwords were guessed (guesses.ts). It expires. */
  guesses: (digest: string) => `tributary:guesses:${digest}`,
  /** A login has succeeded from that address (guesses.ts). It expires. */
  familiar: (digest: string) => `tributary:familiar:${digest}`,
  /** A run as JSON, as earlier versions kept it, and as a backup holds one that is open. It expires. */
  run: (id: string) => `tributary:run:${id}`,
  /** The answer to a request with that idempotency key (answers.ts). */
  answer: (name: string) => `tributary:answer:${name}`,

  /** Packed records (record.ts). */
  ledger: (id: AccountId | string) => ofAccount(id, 'ledger'),
  /**
   * Hash with these fields: begun; importing, until a run has gone well; lastSeenMs; the run that wrote last, and its counts; the Redis
   * under which it was last known to be whole, the mark up to which, and after which predecessor; suspects; the revision, which every write raises; the plan that is
   * known (note-known.lua); `out FENCE` (attempts.ts); `wish ENTRY` (quarantine.ts).
   */
  ledgerNotes: (id: AccountId | string) => ofAccount(id, 'ledger-notes'),
  /** Hash: intent id -> intent as JSON. */
  intents: (id: AccountId | string) => ofAccount(id, 'intents'),
  lease: (id: AccountId | string) => ofAccount(id, 'lease'),
  fence: (id: AccountId | string) => ofAccount(id, 'fence'),
  /** Is never written: in a Cluster it stands for `format`, which lies in another slot (lease.ts). */
  formatOfAccount: (id: AccountId | string) => ofAccount(id, 'format'),
  /** List: the messages that a run has stored (arrivals.ts). */
  arrived: (id: AccountId | string, runId: string) => ofAccount(id, `arrived:${runId}`),
  /** The lines of a run, as JSON (transcripts.ts). */
  transcript: (id: AccountId | string, runId: string) => ofAccount(id, `transcript:${runId}`),
  /** Hash: run id -> the record of a run that has ended, or of a row of idle visits (run-history.ts). It expires. */
  history: (id: AccountId | string) => ofAccount(id, 'history'),
  /** Sorted set of ids, all of score 0, of runs that an earlier version kept. */
  runs: (id: AccountId | string) => ofAccount(id, 'runs'),
  /** Hash: entry id -> entry as JSON. */
  quarantine: (id: AccountId | string) => ofAccount(id, 'quarantine'),
  /** Sorted set, all of score 0: the ids of these entries, and `-` and the id of one that was let go of (aside-order.ts). */
  asideOrder: (id: AccountId | string) => ofAccount(id, 'aside-order'),
  /** Hash: spool id -> a message (spool.ts). */
  spool: (id: AccountId | string) => ofAccount(id, 'spool'),
} as const

/** The keys of the data that are stored beside a run's record, and removed with it. */
export const ofRun = (accountId: string, runId: string): string[] => [
  keys.arrived(accountId, runId),
  keys.transcript(accountId, runId),
]

/** The field of a run in the hash of open runs. A rebuild may wait beside a pull. */
export function openField(accountId: string, task: RunTask): string {
  return task === 'pull' ? accountId : `${accountId} ${task}`
}

/**
 * The data of an account that a backup contains, with their Redis types (redis/backup.ts). The lease is not among them, because it belongs
 * to a run, nor the spool, because it is mail.
 */
export const backedUpOfAccount = {
  ledger: 'string',
  ledgerNotes: 'hash',
  intents: 'hash',
  quarantine: 'hash',
  fence: 'string',
  runs: 'zset',
  history: 'hash',
} as const

/** The data that accounts share and a backup contains. Those that follow from these (indexes, logins) are made again. */
export const backedUpShared = {
  accounts: 'hash',
  accountStates: 'hash',
  predecessors: 'hash',
  destinations: 'hash',
  purges: 'hash',
  pauses: 'hash',
  serverTraits: 'hash',
  due: 'zset',
  lastRuns: 'hash',
  lastMail: 'hash',
  rhythms: 'hash',
  checks: 'hash',
  settings: 'hash',
  told: 'hash',
  webhooks: 'hash',
  notice: 'hash',
  oauthApplications: 'hash',
  oauthGrants: 'hash',
  tokens: 'hash',
  tokenUses: 'hash',
  passwords: 'hash',
} as const

/** The patterns of Tributary's keys. Those of BullMQ among them hold only work that is under way. */
export const everyKey = ['{tributary}:*', 'tributary:*'] as const
