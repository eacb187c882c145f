/** What has to be done at each provider, step by step, as data. The words are in words/guides-en.ts and words/guides-vi.ts. */
import type { GuideId, OAuthProvider } from './shapes.ts'

/** How Tributary gets in. `sign in`: by OAuth 2.0, with an application of one's own. `forward`: not at all. */
export type Way = 'app password' | 'password' | 'sign in' | 'forward'

/** What the page can see for itself: what was found for the address and whether the login works; the saved application; who has signed in. */
export type Check = 'login' | 'application' | 'signed in'

export interface GuideStep {
  readonly code: string
  /** Where it is done. */
  readonly link?: string
  /** Texts to be copied into a form of the provider. */
  readonly copies?: readonly string[]
  /** The redirect URI of this instance is to be copied there, too. */
  readonly copiesUri?: true
  readonly check?: Check
}

export interface GuideWay {
  readonly way: Way
  /** With `sign in`: at which provider the application is registered. */
  readonly provider?: OAuthProvider
  readonly steps: readonly GuideStep[]
}

interface Guide {
  /** Null where there is no POP3. */
  readonly host: string | null
  /** The easiest is the first. */
  readonly ways: readonly GuideWay[]
}

const portal = 'https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade'
const save = { code: 'save', check: 'application' } as const
const signIn = { code: 'signIn', check: 'signed in' } as const
const tryIt = { code: 'try', check: 'login' } as const

export const guides = {
  google: {
    host: 'pop.gmail.com',
    ways: [
      {
        way: 'app password',
        steps: [
          { code: 'twoSteps', link: 'https://myaccount.google.com/signinoptions/twosv' },
          { code: 'appPassword', link: 'https://myaccount.google.com/apppasswords' },
          { code: 'pop', link: 'https://mail.google.com/mail/u/0/#settings/fwdandpop' },
          tryIt,
        ],
      },
      {
        way: 'sign in',
        provider: 'google',
        steps: [
          { code: 'project', link: 'https://console.cloud.google.com/projectcreate' },
          { code: 'consent', link: 'https://console.cloud.google.com/auth/overview' },
          {
            code: 'publish',
            link: 'https://console.cloud.google.com/auth/audience',
          },
          {
            code: 'scope',
            link: 'https://console.cloud.google.com/auth/scopes',
            copies: ['https://mail.google.com/'],
          },
          { code: 'client', link: 'https://console.cloud.google.com/auth/clients/create', copiesUri: true },
          save,
          { code: 'popToo', link: 'https://mail.google.com/mail/u/0/#settings/fwdandpop' },
          signIn,
        ],
      },
    ],
  },
  microsoft: {
    host: 'outlook.office365.com',
    ways: [
      {
        way: 'sign in',
        provider: 'microsoft',
        steps: [
          { code: 'register', link: portal, copiesUri: true },
          {
            code: 'permissions',
            copies: ['POP.AccessAsUser.All', 'IMAP.AccessAsUser.All', 'SMTP.Send', 'offline_access'],
          },
          { code: 'secret' },
          { code: 'device' },
          save,
          { code: 'pop', link: 'https://outlook.live.com/mail/0/options/mail/forwarding' },
          signIn,
        ],
      },
    ],
  },
  fastmail: {
    host: 'pop.fastmail.com',
    ways: [
      {
        way: 'app password',
        steps: [{ code: 'appPassword', link: 'https://app.fastmail.com/settings/security/integrations' }, tryIt],
      },
      {
        way: 'sign in',
        provider: 'fastmail',
        steps: [
          {
            code: 'register',
            link: 'https://www.fastmail.com/developer/oauth/',
            copies: ['https://www.fastmail.com/dev/protocol-pop', 'https://www.fastmail.com/dev/protocol-imap'],
            copiesUri: true,
          },
          save,
          signIn,
        ],
      },
    ],
  },
  yahoo: {
    host: 'pop.mail.yahoo.com',
    ways: [
      {
        way: 'app password',
        steps: [{ code: 'appPassword', link: 'https://login.yahoo.com/account/security' }, tryIt],
      },
    ],
  },
  aol: {
    host: 'pop.aol.com',
    ways: [
      {
        way: 'app password',
        steps: [{ code: 'appPassword', link: 'https://login.aol.com/account/security' }, tryIt],
      },
    ],
  },
  gmx: {
    host: 'pop.gmx.net',
    ways: [
      {
        way: 'password',
        steps: [
          { code: 'pop', link: 'https://www.gmx.net' },
          {
            code: 'twoFactor',
            link: 'https://hilfe.gmx.net/sicherheit/2fa/anwendungsspezifisches-passwort.html',
          },
          tryIt,
        ],
      },
    ],
  },
  'web-de': {
    host: 'pop3.web.de',
    ways: [
      {
        way: 'password',
        steps: [{ code: 'pop', link: 'https://web.de' }, { code: 'twoFactor', link: 'https://hilfe.web.de' }, tryIt],
      },
    ],
  },
  't-online': {
    host: 'securepop.t-online.de',
    ways: [{ way: 'password', steps: [{ code: 'mailPassword', link: 'https://email.t-online.de' }, tryIt] }],
  },
  icloud: {
    host: null,
    ways: [
      {
        way: 'forward',
        steps: [{ code: 'target' }, { code: 'forward', link: 'https://www.icloud.com/mail' }, { code: 'old' }],
      },
    ],
  },
  custom: {
    host: null,
    ways: [
      { way: 'password', steps: [{ code: 'ask' }, tryIt] },
      { way: 'sign in', provider: 'custom', steps: [{ code: 'register', copiesUri: true }, save, signIn] },
    ],
  },
} as const satisfies Record<GuideId, Guide>

type StepCode<Id extends GuideId> = (typeof guides)[Id]['ways'][number]['steps'][number]['code']

export interface StepText {
  readonly title: string
  /** One click or act each; what is to be clicked is in quotation marks. */
  readonly acts: readonly string[]
}

export type GuideWords = {
  readonly [Id in GuideId]: {
    readonly name: string
    /** What works there, in a sentence. */
    readonly lead: string
    readonly steps: { readonly [Code in StepCode<Id>]: StepText }
  }
}

/** The data without their exact types. */
export const guideOf = (id: GuideId): Guide => guides[id]
export const isGuide = (id: string): id is GuideId => id in guides
export const guideIds = Object.keys(guides) as readonly GuideId[]

/** The guide of a provider by the name that the API gives it. */
export function guideNamed(provider: string): GuideId | undefined {
  const names: Readonly<Record<string, GuideId>> = {
    Gmail: 'google',
    Microsoft: 'microsoft',
    Fastmail: 'fastmail',
    Yahoo: 'yahoo',
    AOL: 'aol',
    GMX: 'gmx',
    'WEB.DE': 'web-de',
    'T-Online': 't-online',
    iCloud: 'icloud',
  }
  return names[provider]
}
