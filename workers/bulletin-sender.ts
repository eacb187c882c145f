/** Sends the bulletin: one mail with the news that waits for it. */
import { viaOf } from '../src/account/proxy.ts'
import { reachOf } from '../src/account/reach.ts'
import { sendMail } from '../src/smtp/mail.ts'
import { afterBulletin, bulletinOf } from '../src/news/bulletin.ts'
import { bulletinId } from '../src/redis/bulletin.ts'
import { workerLimits } from './limits.ts'
import type { NewsWorld } from './news-world.ts'
import { logBulletinFailed, logBulletinSent } from './news-log.ts'

export class BulletinSender {
  readonly #world: NewsWorld

  constructor(world: NewsWorld) {
    this.#world = world
  }

  async send(): Promise<void> {
    const { bulletins, settings, seal, clock, log, signal, pace, proxy } = this.#world
    const record = await bulletins.get()
    const { news, more } = await bulletins.waiting()
    const nowMs = clock.nowMs()
    const fresh = news.filter(({ timestamp }) => nowMs - Date.parse(timestamp) < workerLimits.bulletinNewsMs)
    if (record === undefined || fresh.length === 0) return await bulletins.said(news.length, more, nowMs)
    const { settings: bulletin, sealedPassword } = record
    const failure = await sendMail({
      ...bulletin,
      password: sealedPassword === null ? undefined : seal.open(sealedPassword, bulletinId, 'password'),
      letter: bulletinOf(fresh, more),
      reach: reachOf(false, 'web', await settings.get()),
      via: viaOf(bulletin.host, null, proxy),
      waitMs: pace.sendMs ?? workerLimits.bulletinSendMs,
      signal,
      ca: pace.ca,
    })
    const { state, againMs } = afterBulletin(await bulletins.state(), failure, clock.nowMs(), pace.notice)
    await bulletins.setState(state)
    if (failure === undefined) {
      await bulletins.said(news.length, more, againMs)
      logBulletinSent(log, fresh.length + more)
    } else {
      await bulletins.said(0, 0, againMs)
      logBulletinFailed(log, state.failures, failure)
    }
  }
}
