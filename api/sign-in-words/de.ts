/** Deutsch. */
import { assertNever } from '../../src/assert-never.ts'
import type { OAuthWarning } from '../../src/oauth/grant.ts'
import type { PageFacts, SignInWords } from './words.ts'

const feeds = ({ mailbox, into }: PageFacts) =>
  into === null
    ? `E-Mails, die Tributary sammelt, werden in ${mailbox} abgelegt.`
    : `Tributary wird die E-Mails von ${mailbox} abrufen und im Postfach ${into} sammeln.`

function warningText({ code, atMs }: OAuthWarning): string {
  const on = new Date(atMs).toISOString().slice(0, 10)
  switch (code) {
    case 'google testing':
      return `Diese Anmeldung endet am ${on}: Die Anwendung steht bei Google auf „Testing“. Bitten Sie den Betreiber von Tributary, sie zu veröffentlichen, und melden Sie sich dann noch einmal an.`
    case 'no refresh token':
      return `Der Anbieter hat nichts mitgegeben, womit sich diese Anmeldung verlängern lässt: Sie endet am ${on}. Sagen Sie das dem Betreiber von Tributary.`
    case 'scopes missing':
      return 'Es wurde nicht allem zugestimmt, worum gebeten wurde; womöglich kommen keine E-Mails. Bitten Sie um einen neuen Link oder beginnen Sie in Tributary von vorn und lassen Sie alle Häkchen gesetzt.'
    case 'another audience':
      return 'Was der Anbieter gegeben hat, gilt nicht für seine Mailserver; womöglich kommen keine E-Mails. Bitten Sie den Betreiber von Tributary, die Scopes der Anwendung zu prüfen.'
    default:
      return assertNever(code)
  }
}

export const de: SignInWords = {
  begin: (facts, provider, url) => ({
    title: `Anmelden für ${facts.mailbox}`,
    paragraphs: [
      feeds(facts),
      'Wenn Sie nicht darum gebeten haben oder dieses Postfach nicht kennen, schließen Sie diese Seite.',
      `Melden Sie sich als ${facts.mailbox} an; ein anderes Konto wird nicht angenommen. Die Schaltfläche gilt zehn Minuten; danach laden Sie die Seite neu.`,
    ],
    link: { url, text: `Bei ${provider} anmelden` },
  }),
  done: (facts, as, { url, warning }) => ({
    title: 'Angemeldet',
    paragraphs: [
      as === null ? `Sie haben sich für ${facts.mailbox} angemeldet.` : `Sie haben sich als ${as} angemeldet.`,
      feeds(facts),
      ...(warning === null ? [] : [warningText(warning)]),
      'Sie können diese Seite schließen.',
    ],
    link: { url, text: `${facts.mailbox} in Tributary` },
  }),
  somebodyElse: (facts, as) => ({
    title: 'Mit einem anderen Konto angemeldet',
    paragraphs: [
      `Sie haben sich als ${as} angemeldet, aber dieses Postfach ist ${facts.mailbox}. Nichts wurde geändert, und Ihre Zustimmung wird nicht aufbewahrt.`,
      `Öffnen Sie den Link noch einmal oder beginnen Sie in Tributary von vorn, und melden Sie sich als ${facts.mailbox} an; vielleicht müssen Sie sich beim Anbieter erst abmelden oder ein privates Fenster verwenden.`,
      `Wenn ${as} ein anderer Name desselben Postfachs ist, setzt der Betreiber von Tributary den Benutzernamen hier auf ${as}, und Sie melden sich noch einmal an.`,
    ],
  }),
  notTaken: () => ({
    title: 'Diese Anmeldung gilt nicht mehr',
    paragraphs: [
      'Sie war für einen anderen Browser, oder wurde schon benutzt, oder ist älter als zehn Minuten, oder das Postfach wurde inzwischen geändert oder abgemeldet. Nichts wurde geändert.',
      'Öffnen Sie noch einmal den Link, den Sie bekommen haben, oder beginnen Sie in Tributary von vorn, und bleiben Sie in einem Browser.',
    ],
  }),
  linkOver: () => ({
    title: 'Dieser Link gilt nicht mehr',
    paragraphs: [
      'Er wurde schon benutzt, oder ist älter als sieben Tage, oder es gibt einen neueren, oder das Postfach wurde seitdem geändert oder abgemeldet. Wenn Sie sich mit ihm angemeldet haben, ist nichts zu tun.',
      'Sonst bitten Sie die Person, die ihn geschickt hat, um einen neuen: in Tributary, auf der Seite des Postfachs, „Link für Inhaber erstellen“.',
    ],
  }),
  refused: (facts, reason) => ({
    title: 'Nicht angemeldet',
    paragraphs: [
      `Der Anbieter hat Tributary nicht in ${facts.mailbox} gelassen: ${reason}.`,
      'Nichts wurde geändert. Um es noch einmal zu versuchen, öffnen Sie den Link, den Sie bekommen haben, oder beginnen Sie in Tributary von vorn.',
    ],
  }),
  noAnswer: (server, reason) => ({
    title: 'Der Anbieter antwortet nicht',
    paragraphs: [`${server}: ${reason}.`, 'Nichts wurde geändert. Laden Sie diese Seite gleich noch einmal.'],
  }),
  noAnswerBack: (server, reason) => ({
    title: 'Der Anbieter antwortet nicht',
    paragraphs: [
      `${server}: ${reason}.`,
      'Nichts wurde geändert. Öffnen Sie gleich noch einmal den Link, den Sie bekommen haben, oder beginnen Sie in Tributary von vorn.',
    ],
  }),
}
