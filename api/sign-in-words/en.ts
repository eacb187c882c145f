/** English. */
import { assertNever } from '../../src/assert-never.ts'
import type { OAuthWarning } from '../../src/oauth/grant.ts'
import type { PageFacts, SignInWords } from './words.ts'

export const feedsEn = ({ mailbox, into }: PageFacts) =>
  into === null
    ? `Mail that Tributary gathers will be stored in ${mailbox}.`
    : `Tributary will fetch the mail of ${mailbox}, and gather it in the mailbox ${into}.`

function warningEn({ code, atMs }: OAuthWarning): string {
  const on = new Date(atMs).toISOString().slice(0, 10)
  switch (code) {
    case 'google testing':
      return `This sign-in ends on ${on}: the application is in “Testing” at Google. Tell whoever runs Tributary to publish it, and sign in once more.`
    case 'no refresh token':
      return `The provider gave nothing to renew this sign-in with: it ends on ${on}. Tell whoever runs Tributary.`
    case 'scopes missing':
      return 'Not all that was asked for was agreed to, and mail may not come. Ask for another link, or begin anew in Tributary, and leave every box ticked.'
    case 'another audience':
      return 'What the provider gave is not for its mail servers, and mail may not come. Tell whoever runs Tributary to look at the scopes of the application.'
    default:
      return assertNever(code)
  }
}

export const en: SignInWords = {
  begin: (facts, provider, url) => ({
    title: `Sign in for ${facts.mailbox}`,
    paragraphs: [
      feedsEn(facts),
      'If you have not asked for this, or do not know that mailbox, close this page.',
      `Sign in as ${facts.mailbox}; as somebody else it is not taken. The button is good for ten minutes; after that, load this page again.`,
    ],
    link: { url, text: `Sign in at ${provider}` },
  }),
  done: (facts, as, { url, warning }) => ({
    title: 'Signed in',
    paragraphs: [
      as === null ? `You have signed in for ${facts.mailbox}.` : `You have signed in as ${as}.`,
      feedsEn(facts),
      ...(warning === null ? [] : [warningEn(warning)]),
      'You can close this page.',
    ],
    link: { url, text: `${facts.mailbox} in Tributary` },
  }),
  somebodyElse: (facts, as) => ({
    title: 'Signed in as somebody else',
    paragraphs: [
      `You have signed in as ${as}, but this mailbox is ${facts.mailbox}. Nothing was changed, and what you agreed to is not kept.`,
      `Open the link again, or begin anew in Tributary, and sign in as ${facts.mailbox}; the provider may want you to sign out first, or use a private window.`,
      `If ${as} is another name of the same mailbox, whoever runs Tributary sets the user here to ${as}, and you sign in once more.`,
    ],
  }),
  notTaken: () => ({
    title: 'This sign-in is over',
    paragraphs: [
      'It was made for another browser, or has been used, or is older than ten minutes, or the mailbox was changed or signed out meanwhile. Nothing was changed.',
      'Open the link that you were sent again, or begin anew in Tributary, and stay in one browser.',
    ],
  }),
  linkOver: () => ({
    title: 'This link is over',
    paragraphs: [
      'It has been used, or is older than seven days, or there is a newer one, or the mailbox was changed or signed out since. If you have signed in by it, nothing is to be done.',
      'Otherwise ask whoever sent it to you for a new one: in Tributary, on the page of that mailbox, “Make a link for its owner”.',
    ],
  }),
  refused: (facts, reason) => ({
    title: 'Not signed in',
    paragraphs: [
      `The provider did not let Tributary into ${facts.mailbox}: ${reason}.`,
      'Nothing was changed. To try once more, open the link that you were sent again, or begin anew in Tributary.',
    ],
  }),
  noAnswer: (server, reason) => ({
    title: 'The provider does not answer',
    paragraphs: [`${server}: ${reason}.`, 'Nothing was changed. Load this page again in a moment.'],
  }),
  noAnswerBack: (server, reason) => ({
    title: 'The provider does not answer',
    paragraphs: [
      `${server}: ${reason}.`,
      'Nothing was changed. In a moment, open the link that you were sent again, or begin anew in Tributary.',
    ],
  }),
}
