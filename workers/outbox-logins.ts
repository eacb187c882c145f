/** Opens connections to the SMTP servers of accounts. Each is its account's alone. */
import { openedProxy, viaOf } from '../src/account/proxy.ts'
import { reachOf } from '../src/account/reach.ts'
import type { ServerLogin } from '../src/account/account.ts'
import { openedSmtpPassword } from '../src/account/smtp-login.ts'
import type { AccountRecord } from '../src/redis/account-record.ts'
import { SmtpSession } from '../src/smtp/session.ts'
import { workerLimits } from './limits.ts'
import type { SendWorld } from './outbox-world.ts'

/** @throws SessionFailed, SealBroken */
export async function openSmtp(
  world: SendWorld,
  record: AccountRecord,
  login: ServerLogin,
  signal: AbortSignal,
): Promise<SmtpSession> {
  const { account, smtpGuarded } = record
  const { seal, settings, accessTokens, proxy, memories, pace } = world
  const signsIn = login.auth === 'oauth2'
  const password = signsIn ? '' : openedSmtpPassword(account.id, record, seal)
  const holder = { kind: 'account', id: account.id, login: account, guarded: smtpGuarded === true, to: login } as const
  const { tlsMinVersion, tlsLegacy, ...where } = login
  return await SmtpSession.open(
    {
      ...where,
      tlsMinVersion,
      tlsLegacy,
      password,
      ...(signsIn
        ? {
            accessToken: async (refused?: string) =>
              await accessTokens.of(holder, { refused, neededMs: workerLimits.sendVisitMs, signal }),
          }
        : {}),
      memory: memories.of(login, password),
      reach: reachOf(smtpGuarded === true, 'smtp', await settings.get()),
      via: viaOf(login.host, openedProxy(account, record, seal), proxy),
      waits: pace.waits,
      ca: pace.ca,
      lookup: pace.lookup,
    },
    signal,
  )
}
