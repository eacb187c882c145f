/** How a mail program connects to a destination, and how much mail the destination holds. */
import type { FastifyReply } from 'fastify'
import type { StoreEndpoint } from '../../src/server-urls.ts'
import { loginOf } from '../../src/imap/connection.ts'
import { usageOf } from '../../src/imap/usage.ts'
import {
  anyConnection,
  autoconfigOf,
  type Connection,
  connectionOf,
  type MailPlaces,
  mobileconfigOf,
} from '../../src/account/mail-program.ts'
import type { Accounts } from '../../src/redis/accounts.ts'
import type { Destinations } from '../../src/redis/destinations.ts'
import { identitiesOf } from '../../src/send/identity.ts'
import type { App } from '../app.ts'
import { findDestination } from '../http/found.ts'
import { conflict } from '../http/problems.ts'
import { route } from '../http/route.ts'
import { File } from '../schemas/answers.ts'
import * as schemas from '../schemas/connection.ts'
import { Id } from '../schemas/requests.ts'
import { sendersOf } from './identities.ts'

export interface ConnectionWorld {
  readonly accounts: Accounts
  readonly destinations: Destinations
  readonly store: StoreEndpoint
  readonly mailPlaces: MailPlaces
}

export async function connectionRoutes(app: App, world: ConnectionWorld): Promise<void> {
  const { destinations, store, mailPlaces } = world
  const file = async (id: string, write: (connection: Connection) => string) =>
    Buffer.from(write(connectionOf(await findHosted(destinations, id), mailPlaces)))

  app.get('/destinations/:id/connection', readConnection, async ({ params }) => {
    const { destination } = await findDestination(destinations, params.id)
    const { kind } = destination
    const { login, servers, outgoing } = connectionOf(destination, mailPlaces)
    return {
      login,
      servers: [...servers],
      outgoing: [...outgoing],
      missing: kind === 'hosted' ? [...(mailPlaces.missing ?? [])] : [],
    }
  })
  app.get('/destinations/:id/mobileconfig', readMobileconfig, async ({ params: { id } }, reply) => {
    // The device sends as this address, and as no other one.
    const identity = identitiesOf(await sendersOf(world.accounts, id)).find(({ state }) => state !== 'refused')
    const profile = await file(id, (connection) => mobileconfigOf(id, connection, identity?.address))
    reply.header('content-disposition', `attachment; filename="tributary-${id}.mobileconfig"`)
    return await reply.type('application/x-apple-aspen-config').send(profile)
  })
  app.get('/destinations/:id/autoconfig', readAutoconfig, async ({ params: { id } }, reply) => {
    const config = await file(id, autoconfigOf)
    reply.header('content-disposition', `attachment; filename="config-v1.1.xml"`)
    return await reply.type('text/xml; charset=utf-8').send(config)
  })
  app.get('/destinations/:id/usage', readUsage, async ({ params: { id } }) => {
    const { login } = await findHosted(destinations, id)
    return await usageOf(loginOf({ kind: 'hosted', id, login }, store))
  })
}

/** Where Thunderbird looks (https://wiki.mozilla.org/Thunderbird:Autoconfiguration). The file says nothing of who has a login here. */
export async function autoconfigRoutes(app: App, { mailPlaces }: Pick<ConnectionWorld, 'mailPlaces'>): Promise<void> {
  const send = async (address: string, reply: FastifyReply) => {
    const local = address.lastIndexOf('@')
    const domain = local === -1 ? undefined : address.slice(local + 1)
    const config = autoconfigOf(anyConnection(address, mailPlaces), domain)
    return await reply.type('text/xml; charset=utf-8').send(Buffer.from(config))
  }
  for (const path of ['/mail/config-v1.1.xml', '/.well-known/autoconfig/mail/config-v1.1.xml'])
    app.get(path, anyAutoconfig, async ({ query }, reply) => {
      const { emailaddress = '' } = query
      return await send(
        /^[^\s@<>\0-\x1f\x7f]+@[\w.-]{1,253}$/.test(emailaddress) ? emailaddress : '%EMAILADDRESS%',
        reply,
      )
    })
}

const anyAutoconfig = route({ answers: 'download' }, { hide: true, querystring: schemas.AutoconfigQuery })

const readConnection = route(
  { scope: 'read' },
  {
    operationId: 'readConnection',
    summary: 'Read how a mail program is connected',
    description: 'The best way first. The password is that of the destination.',
    params: Id,
    response: { 200: schemas.Connection },
  },
)

const readMobileconfig = route(
  { scope: 'read', answers: 'download' },
  {
    operationId: 'readMobileconfig',
    summary: 'Read a profile for the mail of Apple’s devices',
    description: 'Of a hosted one. Without the password, which the device asks for.',
    problems: ['conflict'],
    params: Id,
    produces: ['application/x-apple-aspen-config'],
    response: { 200: File },
  },
)

const readAutoconfig = route(
  { scope: 'read', answers: 'download' },
  {
    operationId: 'readAutoconfig',
    summary: 'Read a configuration as Thunderbird takes it',
    description: 'Of a hosted one; config-v1.1.',
    problems: ['conflict'],
    params: Id,
    produces: ['text/xml'],
    response: { 200: File },
  },
)

const readUsage = route(
  { scope: 'read' },
  {
    operationId: 'readUsage',
    summary: 'Read how much mail a hosted destination holds',
    problems: ['conflict', 'store-unavailable'],
    params: Id,
    response: { 200: schemas.Usage },
  },
)

async function findHosted(destinations: Destinations, id: string) {
  const { destination } = await findDestination(destinations, id)
  if (destination.kind !== 'hosted')
    throw conflict(`The destination ${id} is a mailbox at ${destination.host}; only of those hosted here is this told.`)
  return destination
}
