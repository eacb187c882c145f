/** Français. */
import { assertNever } from '../../src/assert-never.ts'
import type { OAuthWarning } from '../../src/oauth/grant.ts'
import type { PageFacts, SignInWords } from './words.ts'

const feeds = ({ mailbox, into }: PageFacts) =>
  into === null
    ? `Les e-mails que Tributary rassemble seront enregistrés dans ${mailbox}.`
    : `Tributary relèvera les e-mails de ${mailbox} et les rassemblera dans la boîte mail ${into}.`

function warningText({ code, atMs }: OAuthWarning): string {
  const on = new Date(atMs).toISOString().slice(0, 10)
  switch (code) {
    case 'google testing':
      return `Cette connexion prend fin le ${on} : l’application est en « Testing » chez Google. Demandez à la personne qui gère Tributary de la publier, puis connectez-vous à nouveau.`
    case 'no refresh token':
      return `Le fournisseur n’a rien donné pour renouveler cette connexion : elle prend fin le ${on}. Prévenez la personne qui gère Tributary.`
    case 'scopes missing':
      return 'Tout ce qui était demandé n’a pas été accepté, et les e-mails pourraient ne pas arriver. Demandez un autre lien, ou recommencez dans Tributary, et laissez toutes les cases cochées.'
    case 'another audience':
      return 'Ce que le fournisseur a donné ne vaut pas pour ses serveurs de messagerie, et les e-mails pourraient ne pas arriver. Demandez à la personne qui gère Tributary de vérifier les autorisations (scopes) de l’application.'
    default:
      return assertNever(code)
  }
}

export const fr: SignInWords = {
  begin: (facts, provider, url) => ({
    title: `Se connecter pour ${facts.mailbox}`,
    paragraphs: [
      feeds(facts),
      'Si vous n’avez pas demandé cela, ou si vous ne connaissez pas cette boîte mail, fermez cette page.',
      `Connectez-vous en tant que ${facts.mailbox} ; un autre compte n’est pas accepté. Le bouton est valable dix minutes ; ensuite, rechargez cette page.`,
    ],
    link: { url, text: `Se connecter chez ${provider}` },
  }),
  done: (facts, as, { url, warning }) => ({
    title: 'Connexion réussie',
    paragraphs: [
      as === null ? `Vous vous êtes connecté pour ${facts.mailbox}.` : `Vous vous êtes connecté en tant que ${as}.`,
      feeds(facts),
      ...(warning === null ? [] : [warningText(warning)]),
      'Vous pouvez fermer cette page.',
    ],
    link: { url, text: `${facts.mailbox} dans Tributary` },
  }),
  somebodyElse: (facts, as) => ({
    title: 'Connecté avec un autre compte',
    paragraphs: [
      `Vous vous êtes connecté en tant que ${as}, mais cette boîte mail est ${facts.mailbox}. Rien n’a été modifié, et votre accord n’est pas conservé.`,
      `Ouvrez à nouveau le lien, ou recommencez dans Tributary, et connectez-vous en tant que ${facts.mailbox} ; il faudra peut-être d’abord vous déconnecter chez le fournisseur, ou utiliser une fenêtre privée.`,
      `Si ${as} est un autre nom de la même boîte mail, la personne qui gère Tributary met ${as} comme utilisateur ici, et vous vous connectez à nouveau.`,
    ],
  }),
  notTaken: () => ({
    title: 'Cette connexion n’est plus valable',
    paragraphs: [
      'Elle était prévue pour un autre navigateur, ou a déjà servi, ou date de plus de dix minutes, ou la boîte mail a été modifiée ou déconnectée entre-temps. Rien n’a été modifié.',
      'Ouvrez à nouveau le lien que vous avez reçu, ou recommencez dans Tributary, et restez dans le même navigateur.',
    ],
  }),
  linkOver: () => ({
    title: 'Ce lien n’est plus valable',
    paragraphs: [
      'Il a déjà servi, ou date de plus de sept jours, ou il en existe un plus récent, ou la boîte mail a été modifiée ou déconnectée depuis. Si vous vous êtes connecté avec ce lien, il n’y a rien à faire.',
      'Sinon, demandez-en un nouveau à la personne qui vous l’a envoyé : dans Tributary, sur la page de cette boîte mail, « Créer un lien pour le titulaire ».',
    ],
  }),
  refused: (facts, reason) => ({
    title: 'Non connecté',
    paragraphs: [
      `Le fournisseur n’a pas laissé Tributary accéder à ${facts.mailbox} : ${reason}.`,
      'Rien n’a été modifié. Pour réessayer, ouvrez à nouveau le lien que vous avez reçu, ou recommencez dans Tributary.',
    ],
  }),
  noAnswer: (server, reason) => ({
    title: 'Le fournisseur ne répond pas',
    paragraphs: [`${server} : ${reason}.`, 'Rien n’a été modifié. Rechargez cette page dans un moment.'],
  }),
  noAnswerBack: (server, reason) => ({
    title: 'Le fournisseur ne répond pas',
    paragraphs: [
      `${server} : ${reason}.`,
      'Rien n’a été modifié. Dans un moment, ouvrez à nouveau le lien que vous avez reçu, ou recommencez dans Tributary.',
    ],
  }),
}
