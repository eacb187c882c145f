/** Lists the names of the shapes in the OpenAPI document: each is the name under which the shape is exported, without `Shape`. */
import * as accountLines from './account-lines.ts'
import * as accounts from './accounts.ts'
import * as answers from './answers.ts'
import * as arrivals from './arrivals.ts'
import * as audit from './audit.ts'
import * as backup from './backup.ts'
import * as connection from './connection.ts'
import * as destinations from './destinations.ts'
import * as discover from './discover.ts'
import * as failure from './failure.ts'
import * as keys from './keys.ts'
import * as ledger from './ledger.ts'
import * as mail from './mail.ts'
import * as bulletin from './bulletin.ts'
import * as oauth from './oauth.ts'
import * as oauthApplications from './oauth-applications.ts'
import * as oauthMetadata from './oauth-metadata.ts'
import * as oauthProviders from './oauth-providers.ts'
import * as outbox from './outbox.ts'
import * as quarantine from './quarantine.ts'
import * as requests from './requests.ts'
import * as runs from './runs.ts'
import * as sample from './sample.ts'
import * as sending from './sending.ts'
import * as session from './session.ts'
import * as settings from './settings.ts'
import * as stats from './stats.ts'
import * as tokens from './tokens.ts'
import * as transcripts from './transcripts.ts'
import * as webhooks from './webhooks.ts'

const shapes: Readonly<Record<string, unknown>> = {
  ...accountLines,
  ...accounts,
  ...answers,
  ...arrivals,
  ...audit,
  ...backup,
  ...connection,
  ...destinations,
  ...discover,
  ...failure,
  ...keys,
  ...ledger,
  ...mail,
  ...bulletin,
  ...oauth,
  ...oauthApplications,
  ...oauthMetadata,
  ...oauthProviders,
  ...outbox,
  ...quarantine,
  ...requests,
  ...runs,
  ...sample,
  ...sending,
  ...session,
  ...settings,
  ...stats,
  ...tokens,
  ...transcripts,
  ...webhooks,
}

export const names: ReadonlyMap<unknown, string> = new Map(
  Object.entries(shapes)
    .filter(([name]) => /^[A-Z]/.test(name))
    .map(([name, shape]) => [shape, name.replace(/Shape$/, '')]),
)
