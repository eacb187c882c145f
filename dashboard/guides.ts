/** What has to be done at each provider, step by step, as data. The words are in words/guides-en.ts and words/guides-vi.ts. */
import type { GuideId } from './shapes.ts'

/** How Tributary gets in. `sign in`: by OAuth 2.0, with an application of one's own. `forward`: not at all. */
export type Way = 'app password' | 'password' | 'sign in' | 'forward'

/** What the page can see for itself: what was found for the address and whether the login works; the saved application; who has signed in. */
export type Check = 'login' | 'application' | 'signed in'

/** A text to be copied into a form of the provider. */
export type Copied = 'redirect URI' | 'scopes'

export interface GuideStep {
  readonly code: string
  /** Where it is done. */
  readonly link?: string
  readonly copies?: readonly Copied[]
  readonly check?: Check
}

export interface GuideWay {
  readonly way: Way
  readonly steps: readonly GuideStep[]
}

interface Guide {
  /** Null where there is no POP3. */
  readonly host: string | null
  /** The easiest is the first. */
  readonly ways: readonly GuideWay[]
}

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
    ],
  },
  microsoft: { host: 'outlook.office365.com', ways: [] },
  fastmail: {
    host: 'pop.fastmail.com',
    ways: [
      {
        way: 'app password',
        steps: [{ code: 'appPassword', link: 'https://app.fastmail.com/settings/security/integrations' }, tryIt],
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
  custom: { host: null, ways: [{ way: 'password', steps: [{ code: 'ask' }, tryIt] }] },
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
