/** `/notice`: the e-mail that tells the operator what happens, through any SMTP server. */
import { apiLimits } from '../limits.ts'
import { sendMail } from '../../src/net/mail.ts'
import { newsTypes } from '../../src/news/news.ts'
import { bulletinMistakes, type BulletinSettings, submissionPort } from '../../src/news/bulletin.ts'
import { bulletinId, type BulletinRecord, type Bulletins } from '../../src/redis/bulletin.ts'
import type { InstanceSettingsStore } from '../../src/redis/instance-settings.ts'
import type { Seal } from '../../src/seal.ts'
import type { App } from '../app.ts'
import { currentReach } from '../http/reach.ts'
import { badRequest, Problem } from '../http/problems.ts'
import { Nothing } from '../schemas/answers.ts'
import * as schemas from '../schemas/bulletin.ts'

export interface BulletinWorld {
  readonly notices: Bulletins
  readonly settings: InstanceSettingsStore
  readonly seal: Seal
}

export function addBulletin(app: App, { notices, settings: instance, seal }: BulletinWorld): void {
  const find = async (): Promise<BulletinRecord> => {
    const record = await notices.get()
    if (record === undefined)
      throw new Problem(
        'not-found',
        'There is no notice by e-mail; PUT /api/v1/notice says through which server, and to whom.',
      )
    return record
  }
  const passwordOf = ({ sealedPassword }: BulletinRecord) =>
    sealedPassword === null ? undefined : seal.open(sealedPassword, bulletinId, 'password')
  const view = async ({ settings }: BulletinRecord) => {
    const [{ sentAtMs, lastFailure }, { news, more }] = await Promise.all([notices.state(), notices.waiting()])
    return {
      ...settings,
      to: [...settings.to],
      events: [...settings.events],
      waiting: news.length + more,
      lastSentAt: sentAtMs === null ? null : new Date(sentAtMs).toISOString(),
      lastFailure:
        lastFailure === null ? null : { at: new Date(lastFailure.atMs).toISOString(), message: lastFailure.message },
    }
  }

  app.get(
    '/notice',
    {
      config: { scope: 'read', instance: true },
      schema: { operationId: 'readNotice', summary: 'Read who is told by e-mail', response: { 200: schemas.Bulletin } },
    },
    async () => await view(await find()),
  )

  app.put(
    '/notice',
    {
      config: { scope: 'admin', instance: true },
      schema: {
        operationId: 'setNotice',
        summary: 'Have somebody told by e-mail',
        description:
          'What happens within a minute is one mail; mails that follow one another come up to an hour apart.',
        body: schemas.NewBulletin,
        response: { 200: schemas.Bulletin },
      },
    },
    async ({ body }) => {
      const { password, ...fields } = body
      const tls = body.tls ?? 'implicit'
      const usual = { port: submissionPort(tls), user: null, events: newsTypes }
      const settings: BulletinSettings = { ...usual, ...fields, tls }
      const before = await notices.get()
      const kept = before !== undefined && isSameLogin(before.settings, settings) ? passwordOf(before) : undefined
      const secret = password ?? kept
      const mistakes = bulletinMistakes(settings, secret)
      if (mistakes.length > 0) throw badRequest(mistakes)
      const sealedPassword = secret === undefined ? null : seal.seal(secret, bulletinId, 'password')
      const record = { settings, sealedPassword }
      await notices.set(record, Date.now())
      return await view(record)
    },
  )

  app.delete(
    '/notice',
    {
      config: { scope: 'admin', instance: true },
      schema: {
        operationId: 'removeNotice',
        summary: 'Tell nobody by e-mail',
        description: 'What waits to be said is forgotten.',
        response: { 204: Nothing },
      },
    },
    async (_request, reply) => {
      await find()
      await notices.remove()
      return await reply.code(204).send()
    },
  )

  app.post(
    '/notice/test',
    {
      config: { scope: 'admin', instance: true },
      schema: {
        operationId: 'testNotice',
        summary: 'Send a mail to try the notice',
        description: 'At once and once; the answer says what became of it.',
        response: { 200: schemas.BulletinTest },
      },
    },
    async () => {
      const record = await find()
      const failure = await sendMail({
        ...record.settings,
        password: passwordOf(record),
        letter: {
          subject: 'Tributary: a notice to try it',
          text: 'This is how Tributary tells you what happens to accounts. Nothing is to be done.\n',
        },
        reach: await currentReach(instance, {}, 'web'),
        waitMs: apiLimits.bulletinTestMs,
      })
      return { ok: failure === undefined, failure: failure ?? null }
    },
  )
}

/** A password is for the server and user that it was given for, and goes nowhere else. */
function isSameLogin(one: BulletinSettings, other: BulletinSettings): boolean {
  return one.host === other.host && one.port === other.port && one.user === other.user
}
