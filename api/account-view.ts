/** An account as the API shows it (CONTRACT section 4). */
import type { Account } from '../src/account/account.ts'
import { shownHost } from '../src/account/host.ts'
import { loginDefaults } from '../src/account/login.ts'
import type { AccountFacts } from '../src/redis/facts.ts'
import { sendingView } from './account-sending.ts'
import { smtpView } from './smtp-fields.ts'
import { accountStatusOf, whyNoMail } from '../src/runs/status.ts'

export function accountView({
  record: {
    account: { smtp, ...account },
    twinOf,
  },
  state,
  quarantined,
  openRun,
  lastRun,
  lastMailAt,
  lastCheckedAt,
  dueMs,
  isWaiting,
  rhythm,
  heldSender,
}: AccountFacts) {
  const trouble = whyNoMail(account, state)
  return {
    flags: account.flags as string[],
    importBytesPerHour: null,
    auth: loginDefaults.auth,
    sasl: loginDefaults.sasl,
    tlsMinVersion: loginDefaults.tlsMinVersion,
    tlsLegacy: loginDefaults.tlsLegacy,
    proxy: loginDefaults.proxy,
    oauth: loginDefaults.oauth,
    smtp: smtpView(smtp),
    hostUnicode: shownHost(account.host),
    twinOf: twinOf ?? null,
    status: accountStatusOf(account, state, openRun, isWaiting),
    reason: trouble.reason,
    needsPerson: trouble.needsPerson,
    quarantined,
    lastRun,
    lastMailAt,
    lastCheckedAt,
    nextRunAt: dueMs === null ? null : new Date(dueMs).toISOString(),
    rhythm,
    sending: sendingView(smtp, heldSender, Date.now()),
    createdAt: new Date(account.createdAtMs).toISOString(),
    // The spread comes last: V8 takes fifty times as long for fields behind a spread. Fields that a schema does not name are not sent.
    ...(account as Omit<Account, 'flags' | 'smtp'>),
  }
}
