/** Español. */
import { assertNever } from '../../src/assert-never.ts'
import type { OAuthWarning } from '../../src/oauth/grant.ts'
import type { PageFacts, SignInWords } from './words.ts'

const feeds = ({ mailbox, into }: PageFacts) =>
  into === null
    ? `El correo que Tributary reúne se guardará en ${mailbox}.`
    : `Tributary recogerá el correo de ${mailbox} y lo reunirá en el buzón ${into}.`

function warningText({ code, atMs }: OAuthWarning): string {
  const on = new Date(atMs).toISOString().slice(0, 10)
  switch (code) {
    case 'google testing':
      return `Esta sesión termina el ${on}: la aplicación está en “Testing” en Google. Pide a quien administra Tributary que la publique, y entra otra vez.`
    case 'no refresh token':
      return `El proveedor no dio nada con que renovar esta sesión: termina el ${on}. Díselo a quien administra Tributary.`
    case 'scopes missing':
      return 'No se aceptó todo lo que se pedía, y puede que el correo no llegue. Pide otro enlace, o empieza de nuevo en Tributary, y deja marcadas todas las casillas.'
    case 'another audience':
      return 'Lo que dio el proveedor no es para sus servidores de correo, y puede que el correo no llegue. Pide a quien administra Tributary que revise los permisos (scopes) de la aplicación.'
    default:
      return assertNever(code)
  }
}

export const es: SignInWords = {
  begin: (facts, provider, url) => ({
    title: `Entrar para ${facts.mailbox}`,
    paragraphs: [
      feeds(facts),
      'Si no has pedido esto, o no conoces ese buzón, cierra esta página.',
      `Entra como ${facts.mailbox}; otra cuenta no se acepta. El botón vale diez minutos; después, vuelve a cargar esta página.`,
    ],
    link: { url, text: `Entrar en ${provider}` },
  }),
  done: (facts, as, { url, warning }) => ({
    title: 'Sesión iniciada',
    paragraphs: [
      as === null ? `Has entrado para ${facts.mailbox}.` : `Has entrado como ${as}.`,
      feeds(facts),
      ...(warning === null ? [] : [warningText(warning)]),
      'Puedes cerrar esta página.',
    ],
    link: { url, text: `${facts.mailbox} en Tributary` },
  }),
  somebodyElse: (facts, as) => ({
    title: 'Has entrado con otra cuenta',
    paragraphs: [
      `Has entrado como ${as}, pero este buzón es ${facts.mailbox}. No ha cambiado nada, y lo que aceptaste no se guarda.`,
      `Abre otra vez el enlace, o empieza de nuevo en Tributary, y entra como ${facts.mailbox}; puede que antes tengas que salir de tu cuenta en el proveedor, o usar una ventana privada.`,
      `Si ${as} es otro nombre del mismo buzón, quien administra Tributary pone ${as} como usuario, y tú entras otra vez.`,
    ],
  }),
  notTaken: () => ({
    title: 'Este inicio de sesión ya no vale',
    paragraphs: [
      'Era para otro navegador, o ya se usó, o tiene más de diez minutos, o entretanto el buzón se cambió o se cerró su sesión. No ha cambiado nada.',
      'Abre otra vez el enlace que recibiste, o empieza de nuevo en Tributary, y no cambies de navegador.',
    ],
  }),
  linkOver: () => ({
    title: 'Este enlace ya no vale',
    paragraphs: [
      'Ya se usó, o tiene más de siete días, o hay uno más nuevo, o desde entonces el buzón se cambió o se cerró su sesión. Si has entrado con él, no hay nada que hacer.',
      'Si no, pide uno nuevo a quien te lo envió: en Tributary, en la página de ese buzón, “Crear un enlace para su titular”.',
    ],
  }),
  refused: (facts, reason) => ({
    title: 'No se ha podido entrar',
    paragraphs: [
      `El proveedor no dejó entrar a Tributary en ${facts.mailbox}: ${reason}.`,
      'No ha cambiado nada. Para intentarlo otra vez, abre el enlace que recibiste, o empieza de nuevo en Tributary.',
    ],
  }),
  noAnswer: (server, reason) => ({
    title: 'El proveedor no responde',
    paragraphs: [`${server}: ${reason}.`, 'No ha cambiado nada. Vuelve a cargar esta página en un momento.'],
  }),
  noAnswerBack: (server, reason) => ({
    title: 'El proveedor no responde',
    paragraphs: [
      `${server}: ${reason}.`,
      'No ha cambiado nada. En un momento, abre otra vez el enlace que recibiste, o empieza de nuevo en Tributary.',
    ],
  }),
}
