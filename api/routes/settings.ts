/** `/settings`: what an admin sets while the gateway runs. */
import type { InstanceSettingsStore } from '../../src/redis/instance-settings.ts'
import type { App } from '../app.ts'
import { demandMatch, tag } from '../http/etag.ts'
import { IfMatch, IfNoneMatch } from '../schemas/requests.ts'
import * as schemas from '../schemas/settings.ts'
import { hostMistakes } from '../../src/account/host.ts'
import { badRequest } from '../http/problems.ts'

export interface SettingsWorld {
  readonly settings: InstanceSettingsStore
}

export async function settingRoutes(app: App, { settings }: SettingsWorld): Promise<void> {
  const config = { scope: 'admin', instance: true } as const

  app.get(
    '/settings',
    {
      config,
      schema: {
        operationId: 'readSettings',
        summary: 'Read the settings',
        headers: IfNoneMatch,
        response: { 200: schemas.SettingsShape },
      },
    },
    async (_request, reply) => {
      const current = await settings.get()
      tag(reply, current)
      return current
    },
  )

  app.patch(
    '/settings',
    {
      config,
      schema: {
        operationId: 'changeSettings',
        summary: 'Change settings',
        description:
          'What is not named stays as it is, within a setting too. Holds from the next run or request on, without a restart.',
        headers: IfMatch,
        body: schemas.SettingsPatch,
        response: { 200: schemas.SettingsShape },
      },
    },
    async (request, reply) => {
      demandHosts(request.body)
      const changed = await settings.change(request.body, (before) => demandMatch(request, before, 'A setting'))
      tag(reply, changed)
      return changed
    },
  )
}

/** An entry that an earlier version took may be removed, whatever its name. */
function demandHosts({ importBytesPerHour = {} }: schemas.SettingsPatch): void {
  const pointerOf = (host: string) => `/importBytesPerHour/${host.replaceAll('~', '~0').replaceAll('/', '~1')}`
  const mistakes = Object.entries(importBytesPerHour).flatMap(([host, octets]) =>
    octets === null ? [] : hostMistakes(host, pointerOf(host)),
  )
  if (mistakes.length > 0) throw badRequest(mistakes)
}
