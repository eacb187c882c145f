/** What has to be done at each provider, step by step, as data. The words are in words/, with each language. */
import type { GuideId, OAuthProvider } from './shapes.ts'

/** How Tributary gets in. `sign in`: by OAuth 2.0, with an application of one's own; `unattended`: by that application alone. `forward`: not at all. */
export type Way = 'app password' | 'password' | 'sign in' | 'unattended' | 'forward'

/** What the page can see for itself: what was found for the address and whether the login works; what an issuer says of itself; the saved application; who has signed in. */
export type Check = 'login' | 'issuer' | 'application' | 'signed in'

export interface GuideStep {
  readonly code: string
  /** Where it is done. */
  readonly links?: readonly string[]
  /** Texts to be copied: into a form of the provider, or commands. */
  readonly copies?: readonly string[]
  /** The redirect URI of this instance is to be copied there, too. */
  readonly copiesUri?: true
  readonly check?: Check
}

export interface GuideWay {
  readonly way: Way
  /** Where an application is registered: at which provider. */
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
const googlePop = 'https://mail.google.com/mail/u/0/#settings/fwdandpop'
const gmailScope = 'https://mail.google.com/'
const save = { code: 'save', check: 'application' } as const
const signIn = { code: 'signIn', check: 'signed in' } as const
const tryIt = { code: 'try', check: 'login' } as const
const begin = {
  code: 'begin',
  copies: [
    'tributary account add me@example.com --auth oauth2 --application ID',
    'tributary account sign-in me@example.com --unattended',
  ],
  check: 'signed in',
} as const

export const guides = {
  google: {
    host: 'pop.gmail.com',
    ways: [
      {
        way: 'app password',
        steps: [
          { code: 'twoSteps', links: ['https://myaccount.google.com/signinoptions/twosv'] },
          { code: 'appPassword', links: ['https://myaccount.google.com/apppasswords'], copies: ['Tributary'] },
          { code: 'pop', links: [googlePop] },
          tryIt,
        ],
      },
      {
        way: 'sign in',
        provider: 'google',
        steps: [
          { code: 'project', links: ['https://console.cloud.google.com/projectcreate'] },
          { code: 'consent', links: ['https://console.cloud.google.com/auth/overview'] },
          { code: 'publish', links: ['https://console.cloud.google.com/auth/audience'] },
          { code: 'scope', links: ['https://console.cloud.google.com/auth/scopes'], copies: [gmailScope] },
          { code: 'client', links: ['https://console.cloud.google.com/auth/clients/create'], copiesUri: true },
          save,
          { code: 'popToo', links: [googlePop] },
          signIn,
        ],
      },
      {
        way: 'unattended',
        provider: 'google',
        steps: [
          { code: 'serviceAccount', links: ['https://console.cloud.google.com/iam-admin/serviceaccounts'] },
          { code: 'delegation', links: ['https://admin.google.com/ac/owl/domainwidedelegation'], copies: [gmailScope] },
          {
            code: 'key',
            copies: [
              'tributary oauth application add google --client-id ID --service-account-file key.json --address me@example.com',
            ],
            check: 'application',
          },
          begin,
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
          { code: 'register', links: [portal, 'https://portal.azure.us', 'https://portal.azure.cn'], copiesUri: true },
          {
            code: 'permissions',
            copies: ['POP.AccessAsUser.All', 'IMAP.AccessAsUser.All', 'SMTP.Send', 'offline_access'],
          },
          { code: 'secret' },
          { code: 'device' },
          save,
          {
            code: 'pop',
            links: ['https://outlook.live.com/mail/0/options/mail/forwarding', 'https://admin.microsoft.com'],
          },
          signIn,
        ],
      },
      {
        way: 'unattended',
        provider: 'microsoft',
        steps: [
          { code: 'appPermissions', links: [portal], copies: ['POP.AccessAsApp', 'IMAP.AccessAsApp'] },
          {
            code: 'mailboxes',
            links: [
              'https://learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth',
            ],
            copies: [
              'Connect-ExchangeOnline',
              'New-ServicePrincipal -AppId APPLICATION-ID -ObjectId OBJECT-ID',
              'Add-MailboxPermission -Identity me@example.com -User OBJECT-ID -AccessRights FullAccess',
            ],
          },
          { code: 'list', check: 'application' },
          begin,
        ],
      },
    ],
  },
  fastmail: {
    host: 'pop.fastmail.com',
    ways: [
      {
        way: 'app password',
        steps: [
          {
            code: 'appPassword',
            links: ['https://app.fastmail.com/settings/security/integrations'],
            copies: ['Tributary'],
          },
          tryIt,
        ],
      },
      {
        way: 'sign in',
        provider: 'fastmail',
        steps: [
          {
            code: 'register',
            links: ['https://www.fastmail.com/developer/oauth/'],
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
        steps: [
          { code: 'appPassword', links: ['https://login.yahoo.com/account/security'], copies: ['Tributary'] },
          tryIt,
        ],
      },
    ],
  },
  aol: {
    host: 'pop.aol.com',
    ways: [
      {
        way: 'app password',
        steps: [
          { code: 'appPassword', links: ['https://login.aol.com/account/security'], copies: ['Tributary'] },
          tryIt,
        ],
      },
    ],
  },
  gmx: {
    host: 'pop.gmx.net',
    ways: [
      {
        way: 'password',
        steps: [
          {
            code: 'twoFactor',
            links: ['https://hilfe.gmx.net/sicherheit/2fa/anwendungsspezifisches-passwort.html'],
          },
          {
            code: 'pop',
            links: [
              'https://www.gmx.net',
              'https://hilfe.gmx.net/pop-imap/einschalten.html',
              'https://support.gmx.com/pop-imap/toggle.html',
            ],
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
        steps: [
          {
            code: 'twoFactor',
            links: ['https://hilfe.web.de/sicherheit/2fa/anwendungsspezifisches-passwort.html'],
          },
          { code: 'pop', links: ['https://web.de', 'https://hilfe.web.de/pop-imap/einschalten.html'] },
          tryIt,
        ],
      },
    ],
  },
  't-online': {
    host: 'securepop.t-online.de',
    ways: [{ way: 'password', steps: [{ code: 'mailPassword', links: ['https://email.t-online.de'] }, tryIt] }],
  },
  icloud: {
    host: null,
    ways: [
      {
        way: 'forward',
        steps: [
          { code: 'target' },
          {
            code: 'forward',
            links: ['https://www.icloud.com/mail', 'https://support.apple.com/guide/icloud/mm6b1a3960/icloud'],
          },
          { code: 'old' },
        ],
      },
    ],
  },
  custom: {
    host: null,
    ways: [
      { way: 'password', steps: [{ code: 'ask' }, tryIt] },
      {
        way: 'sign in',
        provider: 'custom',
        steps: [{ code: 'issuer', check: 'issuer' }, { code: 'register', copiesUri: true }, save, signIn],
      },
    ],
  },
} as const satisfies Record<GuideId, Guide>

type StepOf<Id extends GuideId> = (typeof guides)[Id]['ways'][number]['steps'][number]

export interface StepText {
  readonly title: string
  /** One click or act each; what is to be clicked is in quotation marks. */
  readonly acts: readonly string[]
  /** What is to be seen at the provider when it is done. */
  readonly done?: string
}

/** Where the page cannot look for itself, it says what is to be seen. */
type TextOf<Step> = Step extends { readonly check: Check } ? StepText : StepText & { readonly done: string }

export type GuideWords = {
  readonly [Id in GuideId]: {
    readonly name: string
    /** What works there, in a sentence. */
    readonly lead: string
    readonly steps: { readonly [Code in StepOf<Id>['code']]: TextOf<Extract<StepOf<Id>, { readonly code: Code }>> }
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
