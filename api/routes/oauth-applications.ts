/** `/oauth/applications`: what this instance has registered at providers, so that people can sign in there (CONTRACT section 10). */
import { createPrivateKey } from 'node:crypto'
import type { Mistake } from '../../src/account/mistake.ts'
import { hostMistakes, normalHost } from '../../src/account/host.ts'
import { applicationMistakes, type OAuthApplication, type OpenApplication } from '../../src/oauth/application.ts'
import {
  type ApplicationRecord,
  type OAuthApplications,
  openApplication,
  sealedApplication,
} from '../../src/redis/oauth-applications.ts'
import type { OAuthGrants } from '../../src/redis/oauth-grants.ts'
import type { Seal } from '../../src/seal.ts'
import { type App, newId } from '../app.ts'
import { badRequest, Problem, unknown } from '../http/problems.ts'
import { type HandlerOf, route } from '../http/route.ts'
import { principalOf } from '../http/who.ts'
import { callbackOf } from '../sign-in-urls.ts'
import { listOf, Nothing } from '../schemas/answers.ts'
import * as schemas from '../schemas/oauth-applications.ts'
import { Id } from '../schemas/requests.ts'

export interface OAuthApplicationsWorld {
  readonly applications: OAuthApplications
  readonly grants: OAuthGrants
  readonly seal: Seal
  readonly publicUrl: string
}

export async function oauthApplicationRoutes(app: App, world: OAuthApplicationsWorld): Promise<void> {
  const handlers = new ApplicationHandlers(world)
  app.get('/oauth/applications', listApplications, handlers.list)
  app.post('/oauth/applications', createApplication, handlers.create)
  app.get('/oauth/applications/:id', readApplication, handlers.read)
  app.patch('/oauth/applications/:id', changeApplication, handlers.change)
  app.delete('/oauth/applications/:id', removeApplication, handlers.remove)
}

const listApplications = route(
  { scope: 'read' },
  {
    operationId: 'listOAuthApplications',
    summary: 'List the applications with which people sign in at providers',
    description: 'An owner is not told for which mailboxes they need nobody.',
    response: { 200: listOf(schemas.OAuthApplicationShape) },
  },
)

const createApplication = route(
  { scope: 'admin', instance: true },
  {
    operationId: 'createOAuthApplication',
    summary: 'Add an application that was registered at a provider',
    body: schemas.NewOAuthApplication,
    response: { 201: schemas.OAuthApplicationShape },
  },
)

const readApplication = route(
  { scope: 'read', instance: true },
  {
    operationId: 'readOAuthApplication',
    summary: 'Read an application',
    params: Id,
    response: { 200: schemas.OAuthApplicationShape },
  },
)

const changeApplication = route(
  { scope: 'admin', instance: true },
  {
    operationId: 'changeOAuthApplication',
    summary: 'Change an application',
    description:
      'Not its provider and issuer: tokens of one are sent to no other. Another clientId or tenant needs the clientSecret in the same call, where there is one. null takes a secret away.',
    params: Id,
    body: schemas.OAuthApplicationPatch,
    response: { 200: schemas.OAuthApplicationShape },
  },
)

const removeApplication = route(
  { scope: 'admin', instance: true },
  {
    operationId: 'removeOAuthApplication',
    summary: 'Remove an application',
    problems: ['in-use'],
    params: Id,
    response: { 204: Nothing },
  },
)

class ApplicationHandlers {
  readonly #world: OAuthApplicationsWorld

  constructor(world: OAuthApplicationsWorld) {
    this.#world = world
  }

  readonly list: HandlerOf<typeof listApplications> = async (request) => {
    const isOwner = principalOf(request).destinationId !== undefined
    const records = await this.#world.applications.all()
    return { items: records.map((record) => this.#view(record, isOwner)), next: null }
  }

  readonly create: HandlerOf<typeof createApplication> = async ({ body }, reply) => {
    const { clientSecret = null, serviceAccount = null, ...given } = body
    const application: OAuthApplication = {
      tenant: null,
      issuer: null,
      scopes: null,
      addresses: [],
      hosts: [],
      ...given,
      id: newId(),
      serviceAccount: serviceAccount?.client_email ?? null,
      createdAtMs: Date.now(),
    }
    const record = this.#checked({ application, clientSecret, serviceAccount })
    await this.#world.applications.create(record)
    reply.header('location', `/api/v1/oauth/applications/${application.id}`)
    return await reply.code(201).send(this.#view(record))
  }

  readonly read: HandlerOf<typeof readApplication> = async ({ params: { id } }) => {
    const record = await this.#world.applications.get(id)
    if (record === undefined) throw unknown('application', id)
    return this.#view(record)
  }

  readonly change: HandlerOf<typeof changeApplication> = async ({ params: { id }, body }) => {
    const { clientSecret, serviceAccount, ...given } = body
    const record = await this.#world.applications.update(id, (before) => {
      const open = openApplication(before, this.#world.seal)
      const key = serviceAccount === undefined ? open.serviceAccount : serviceAccount
      const application = { ...open.application, ...given, serviceAccount: key?.client_email ?? null }
      if (clientSecret === undefined && open.clientSecret !== null) demandSameClient(open.application, application)
      const secret = clientSecret === undefined ? open.clientSecret : clientSecret
      return this.#checked({ application, clientSecret: secret, serviceAccount: key })
    })
    if (record === undefined) throw unknown('application', id)
    return this.#view(record)
  }

  readonly remove: HandlerOf<typeof removeApplication> = async ({ params: { id } }, reply) => {
    const { applications, grants } = this.#world
    if (await grants.isUsed(id))
      throw new Problem('in-use', `Somebody is signed in by the application ${id}; sign them out first.`)
    if (!(await applications.remove(id))) throw unknown('application', id)
    return await reply.code(204).send()
  }

  /** @throws Problem that names everything that is wrong with it. */
  #checked(open: OpenApplication): ApplicationRecord {
    const { application, serviceAccount } = open
    const mistakes: Mistake[] = [
      ...applicationMistakes(application, open),
      ...application.hosts.flatMap((host, nth) =>
        hostMistakes(host).map(({ detail }) => ({ pointer: `/hosts/${nth}`, detail })),
      ),
    ]
    if (serviceAccount !== null && !isPrivateKey(serviceAccount.private_key))
      mistakes.push({ pointer: '/serviceAccount/private_key', detail: 'must be an RSA private key, PEM' })
    if (mistakes.length > 0) throw badRequest(mistakes)
    const hosts = application.hosts.map((host) => normalHost(host) ?? host)
    return sealedApplication({ ...open, application: { ...application, hosts } }, this.#world.seal)
  }

  #view({ application, sealedClientSecret }: ApplicationRecord, isForOwner = false): schemas.OAuthApplicationShape {
    const { createdAtMs, scopes, ...fields } = application
    return {
      ...fields,
      scopes: scopes === null ? null : [...scopes],
      addresses: isForOwner ? [] : [...application.addresses],
      hosts: [...application.hosts],
      hasClientSecret: sealedClientSecret !== undefined,
      redirectUri: callbackOf(this.#world.publicUrl),
      createdAt: new Date(createdAtMs).toISOString(),
    }
  }
}

/** @throws Problem: the secret of one client is not sent as that of another, nor to another tenant, by somebody who does not know it. */
function demandSameClient(before: OAuthApplication, after: OAuthApplication): void {
  const fields = (['clientId', 'tenant'] as const).filter((field) => before[field] !== after[field])
  const detail = 'cannot be changed without the secret of the client: send `clientSecret` in the same call'
  if (fields.length > 0) throw badRequest(fields.map((field) => ({ pointer: `/${field}`, detail })))
}

function isPrivateKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa'
  } catch {
    return false
  }
}
