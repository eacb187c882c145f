/** Español, for Spain and America alike. */
import type { GuideWords } from '../guides.ts'
import type { Words } from './en.ts'
import { plurals } from './plural.ts'
import { remedySentence, type RemedyWords } from './remarks.ts'
import type { ProtocolWords, StepWords } from './steps.ts'

const count = plurals('es')
const number = (n: number) => n.toLocaleString('es')
const messages = (n: number) => count(n, { one: '# mensaje', many: '# de mensajes', other: '# mensajes' })
const accounts = (n: number) => count(n, { one: '# cuenta', many: '# de cuentas', other: '# cuentas' })

const tlsNames = { implicit: 'TLS', starttls: 'STARTTLS', none: 'Ninguno' } as const
const spoken: ProtocolWords = { POP3: 'POP3 sin cifrado', 'the web': 'un servidor web' }

const appPasswordHow =
  'Pide una contraseña de aplicación: créala en la configuración de seguridad del proveedor y escríbela'
const compare =
  'si conoces este servidor, compara la huella digital (SHA-256) con la que te dé su operador y confía exactamente en este certificado.'
const signInOrApp =
  'No acepta contraseñas: inicia sesión para este buzón en su proveedor, o escribe una contraseña de aplicación si el proveedor las ofrece.'
const readOnTheWay = 'alguien que esté en medio podría leer lo que se envía'

const remedies: RemedyWords = {
  'raise maxmemory': () =>
    'Da más memoria a Redis (maxmemory). No se pierde ningún correo, y todo sigue solo en cuanto haya espacio.',
  'make room on the disk of Redis': () =>
    'Libera espacio en ese disco. No se pierde ningún correo, y todo sigue solo en cuanto haya espacio.',
  'see what Redis says': () =>
    'Mira qué dice Redis en su registro y libera espacio en su disco. No se pierde ningún correo, y todo sigue solo en cuanto haya espacio.',
  'see whether Redis runs': () =>
    'Comprueba si Redis está en marcha y qué dice su registro. No se pierde ningún correo, y todo sigue solo cuando responda.',
  'wait for Redis': () => 'Espera. No se pierde ningún correo, y todo sigue solo cuando Redis esté listo.',
  'point at the master': () =>
    'Haz que TRIBUTARY_REDIS_URL apunte al maestro. No se pierde ningún correo, y después todo sigue solo.',
  'put the Redis URL right': () =>
    'Corrige TRIBUTARY_REDIS_URL o los permisos de su usuario en Redis. No se pierde ningún correo.',
  'change the settings of Redis': () =>
    'Cambia esos ajustes del nuevo maestro. No se pierde ningún correo, y después todo sigue solo.',
  'set user and password anew': () => 'Vuelve a introducir el usuario y la contraseña.',
  'choose the folder anew': () => 'Vuelve a elegir la carpeta.',
  'change the account': ({ subject }) => `Cambia la cuenta ${subject}: con qué inicia sesión, o su servidor.`,
  'change the destination': ({ subject }) => `Cambia el buzón ${subject}: con qué inicia sesión, o su servidor.`,
  'look at the application': ({ subject }) => `Revisa en Ajustes la aplicación ${subject} y su secreto.`,
  'put the key back': ({ subject }) =>
    `Restaura la secret-key ${subject}; o introduce de nuevo la contraseña, o vuelve a iniciar sesión.`,
  'set the secret anew': () => 'Vuelve a introducir la contraseña.',
  'sign in again': () => 'Vuelve a iniciar sesión.',
}

/** What has to be known before a login at a provider. */
const adviceTexts: Words['advice']['texts'] = {
  'app password': (p) =>
    `${p} pide una contraseña de aplicación en lugar de la tuya: créala en su configuración de seguridad.`,
  'app password and POP3': (p) =>
    `${p} pide que POP3 esté activado en su configuración de correo y una contraseña de aplicación en lugar de la tuya.`,
  'sign in': (p) =>
    `${p} no acepta contraseñas, ni la tuya ni una de aplicación: el titular del buzón inicia sesión allí.`,
  forward: (p) => `${p} no ofrece POP3: haz que el buzón reenvíe su correo, en su configuración.`,
  'no POP3': (p) => `${p} no ofrece POP3: su correo solo se puede leer en sus propios programas.`,
  'switch POP3 on': (p) =>
    `${p} no deja entrar a los programas de correo hasta que se activa POP3 en la configuración de su página web.`,
  'switch POP3 on, app password': (p) =>
    `${p} no deja entrar a los programas de correo hasta que se activa POP3 en la configuración de su página web; con la autenticación de dos factores pide una contraseña de aplicación.`,
  'password for programs': (p) =>
    `${p} pide la contraseña para programas de correo, que se crea en su configuración, y no la de su página web.`,
  'authorization code': (p) =>
    `${p} pide un código de autorización en lugar de la contraseña: su página web lo muestra al activar POP3.`,
  'in clear': () => 'La contraseña iría sin cifrar, y cualquiera que esté en medio podría leerla.',
}

const steps: StepWords = {
  'other port': ({ port, tls, blocked }) =>
    `${blocked ? 'Parece que un cortafuegos bloquea este puerto por el camino, pero ' : ''}POP3 responde en el puerto ${port} del mismo servidor: cambia el puerto a ${port} y el cifrado a ${tlsNames[tls]}.`,
  'no safe port': () =>
    'Pide al proveedor un servidor con cifrado: este no lo tiene en ningún puerto habitual y, sin cifrado, cualquiera que esté en medio puede leer la contraseña.',
  'provider note': ({ provider, note, advice, certain }) => {
    const told =
      advice === undefined
        ? `Lo que hay que saber de ${provider}, en inglés: “${note}”`
        : adviceTexts[advice.code](advice.provider ?? provider)
    return certain ? told : `Si el nombre de usuario y la contraseña son correctos: ${told}`
  },
  'app password': () => `${appPasswordHow} en lugar de la tuya.`,
  'forward instead': () =>
    'No acepta contraseñas: su titular tiene que iniciar sesión en el proveedor. La alternativa es que el buzón reenvíe su correo.',
  'sign in instead': () =>
    'No acepta contraseñas: su titular tiene que iniciar sesión en el proveedor, mediante una aplicación registrada allí.',
  'plain letters': () =>
    'El nombre de usuario o la contraseña tiene letras fuera de ASCII (como ñ o á), que algunos servidores leen de otra manera: si ambos son correctos, elige en el proveedor una contraseña solo con letras sin acentos, cifras y signos.',
  'confirm on the web': () =>
    'Inicia sesión una vez en la página web del proveedor y confirma allí que eras tú; después, vuelve a intentarlo.',
  'unlock on the web': () =>
    'Inicia sesión en la página web del proveedor: la cuenta está bloqueada, y allí se explica cómo desbloquearla.',
  'switch POP3 on': () => 'Activa POP3 en la configuración del buzón, en la página web de su proveedor.',
  'other tariff': () =>
    'POP3 no está incluido en lo que este buzón tiene contratado: elige en el proveedor una tarifa que lo incluya, o haz que el buzón reenvíe su correo.',
  moved: ({ host }) =>
    host === null
      ? 'El buzón se ha trasladado: pregunta al proveedor cuál es su nuevo servidor y escríbelo.'
      : `El buzón se ha trasladado: si sabes que ${host} es de tu proveedor, escríbelo como servidor.`,
  'make room': () => 'El buzón está lleno: libera espacio en la página web del proveedor.',
  'let the address in': () =>
    'El proveedor bloquea la dirección o el país desde el que se conecta Tributary: permite el acceso en la configuración de seguridad del buzón, o pregunta al proveedor.',
  'use TLS': () =>
    'No acepta contraseñas sin cifrar: cambia el cifrado a TLS y el puerto a 995, o el cifrado a STARTTLS y deja este puerto.',
  'choose TLS or sasl': () =>
    'Es posible que alguien esté en medio, y una contraseña nueva no lo remedia: cambia el cifrado a TLS o STARTTLS o, si el proveedor dice que así está bien, elige tú el modo de acceso.',
  'choose a new password': () => 'Elige una contraseña nueva en la página web del proveedor y escríbela aquí.',
  'renew the licence': () =>
    'Al servidor de correo le falta una licencia: su operador tiene que renovarla; aquí no hay ningún ajuste que ayude.',
  'pin until renewed': () => `El proveedor tiene que renovar su certificado. Mientras tanto: ${compare}`,
  'pin if known': () =>
    'Si conoces este servidor, compara la huella digital (SHA-256) de su certificado con la que te dé su operador y confía exactamente en este.',
  'pin if renewed': () =>
    'Si el proveedor ha renovado su certificado, confía en el nuevo; si no, es posible que alguien esté en medio.',
  'install the chain': () =>
    `Pide al proveedor que instale la cadena completa de su certificado. Mientras tanto: ${compare}`,
  'set a host name': () => 'Escribe el nombre del servidor, que te dará su proveedor, en lugar de su dirección.',
  'provider mends TLS': () =>
    'Tiene que corregirlo su proveedor. Si otros programas sí se conectan desde otros lugares, algo por el camino interfiere en la conexión.',
  'check the clock': () =>
    'Comprueba el reloj del equipo en el que funciona Tributary; si está bien, el proveedor tiene que corregir su certificado.',
  'set the host': ({ host }) =>
    `Si sabes que ${host} es de tu proveedor, escríbelo como servidor: para ese nombre se emitió el certificado.`,
  'set a host under': ({ domain }) =>
    `Si sabes que ${domain} es de tu proveedor, escribe un servidor cuyo nombre termine así: para esos nombres se emitió el certificado.`,
  'newer TLS': () => 'El proveedor tiene que ofrecer TLS 1.2 o posterior; por debajo, nada es seguro.',
  'allow old TLS': () =>
    `El proveedor tiene que ofrecer TLS 1.2 o posterior. Mientras tanto puedes bajar el TLS más antiguo a 1.0 en la configuración avanzada: entonces ${readOnTheWay}.`,
  'allow weak TLS': ({ certain }) =>
    certain
      ? `Tiene que corregirlo el proveedor. Mientras tanto puedes permitir el cifrado antiguo y débil en la configuración avanzada: entonces ${readOnTheWay}.`
      : `Tiene que corregirlo el proveedor. Si su servidor es antiguo, puede servir permitir el cifrado antiguo y débil en la configuración avanzada: entonces ${readOnTheWay}.`,
  'ask for less TLS': () =>
    'Baja el TLS más antiguo a 1.2 en la configuración avanzada, que es seguro, o pide al proveedor TLS 1.3.',
  'check the proxy': ({ server }) =>
    `Comprueba que el proxy ${server} está en marcha, que deja a Tributary conectarse a este puerto y que su nombre de usuario y su contraseña son correctos.`,
  'set starttls': () =>
    'Cambia el cifrado a STARTTLS para este puerto; con TLS desde el principio suele ser el puerto 995.',
  'set implicit': () => 'Cambia el cifrado a TLS y el puerto a 995.',
  'set implicit here': () => 'Cambia el cifrado a TLS para este puerto: usa TLS desde el principio.',
  'check TLS': () => 'Comprueba el nombre del servidor y el tipo de cifrado.',
  'slow to greet': () =>
    'Acepta conexiones y no dice nada: comprueba el puerto y el cifrado. Si son correctos, es lento, y puede que una recogida, que espera más que esta prueba, sí llegue a entrar.',
  'check login': () =>
    'Comprueba el nombre de usuario y la contraseña: muchos proveedores piden la dirección completa como nombre de usuario, y algunos una contraseña de aplicación.',
  'check login, then wait': () =>
    'Comprueba el nombre de usuario y la contraseña, y espera unos minutos antes de volver a intentarlo.',
  'check spelling': ({ host }) => `Comprueba cómo está escrito ${host}: no hay ningún servidor con ese nombre.`,
  'check host and port': ({ looked, server }) =>
    `Comprueba el servidor y el puerto: ${looked ? 'POP3 no responde en ninguno de sus puertos habituales' : 'nada responde en este puerto'}. Si son correctos, puede que un cortafuegos no deje salir las conexiones a ${server}.`,
  'check host, or shut out': () =>
    'Vuelve a intentarlo dentro de unos minutos; si sigue igual, comprueba el servidor y el puerto; también puede que el proveedor bloquee esta dirección.',
  'not POP3': ({ speaks }) =>
    speaks === null
      ? 'Comprueba el servidor y el puerto: lo que responde allí no habla POP3 como debería. Si son correctos, pregunta al proveedor, o busca un proxy o un antivirus que esté en medio.'
      : `Comprueba el servidor y el puerto: lo que responde allí es ${spoken[speaks] ?? speaks}, y POP3 suele estar en el puerto 995 con TLS.`,
  'name servers': () =>
    'Vuelve a intentarlo dentro de poco; si sigue igual, es que no responden los servidores DNS a los que pregunta Tributary.',
  'try later': () => 'Vuelve a intentarlo dentro de unos minutos.',
  'try later, too slow': () => 'Vuelve a intentarlo más tarde: ahora mismo el servidor va demasiado lento.',
  'wait, each try counts': () => 'Espera unos minutos antes de volver a intentarlo: cada intento cuenta.',
  'wait for the quota': () =>
    'Solo entrega cierta cantidad de correo por día o por hora, y ya está agotada: espera a que vuelva a entregar, normalmente en menos de un día.',
  'close other programs': () =>
    'Cierra los demás programas que descargan este buzón por POP3, o espera: algunos proveedores lo mantienen bloqueado 15 minutos.',
  'ask the provider': () =>
    'Vuelve a intentarlo dentro de unos minutos; si sigue igual, el proveedor puede decirte qué significa.',
  'provider must act': () => 'El servidor dice que esto no se resuelve solo: pide al proveedor que lo corrija.',
  'open the folder': ({ folder }) =>
    `Comprueba en el almacén de correo que este usuario puede escribir en la carpeta ${folder} y que no está llena, o elige otra carpeta para la cuenta.`,
  'set the destination login': () =>
    'Vuelve a escribir el nombre de usuario y la contraseña del buzón de destino: muchos proveedores piden la dirección completa como nombre de usuario, y algunos una contraseña de aplicación.',
  'app password for the destination': () => `${appPasswordHow} como contraseña del buzón de destino.`,
  'new password for the destination': () =>
    'Elige una contraseña nueva en la página web del proveedor y escríbela como contraseña del buzón de destino.',
  'another destination': () => signInOrApp,
  'sign the destination in': () => signInOrApp,
  'switch IMAP on': () => 'Activa IMAP en la configuración de ese buzón, en la página web de su proveedor.',
  'use TLS for the destination': () =>
    'No acepta contraseñas sin cifrar: cambia el cifrado del buzón de destino a TLS y su puerto a 993, o el cifrado a STARTTLS y deja este puerto.',
  remedy: (step) => remedySentence(remedies, step, (text) => `Qué hacer (en inglés): “${text}.”`),
}

const tried = {
  title: 'Pruébalo aquí',
  acts: ['Escribe la dirección y la contraseña. Solo es una prueba: no se descarga ni se guarda nada.'],
}
const save = {
  title: 'Añade la aplicación aquí',
  acts: [
    'Lo hace un administrador, una sola vez; con ella se inicia sesión en todas las cuentas de este proveedor, sean de quien sean.',
  ],
}
const signIn = {
  title: 'Inicia sesión',
  acts: [
    'Añade la cuenta y elige iniciar sesión. El navegador va al proveedor y vuelve.',
    'Si el buzón es de otra persona: añade la cuenta y crea un enlace para su titular en la página de la cuenta.',
  ],
}
const begin = {
  title: 'Añade los buzones',
  acts: [
    'En la línea de comandos, como administrador: añade cada buzón con el ID que la aplicación tiene aquí e inicia sesión para él.',
  ],
}
const usualBrowser = (name: string) =>
  `Abre la página en un navegador en el que lleves unos días usando ${name}, y no en una ventana privada: de lo contrario, ${name} lo rechaza.`
const appPasswordOnly = (name: string) =>
  `${name} pide una contraseña de aplicación en lugar de la tuya. No deja que los programas nuevos inicien sesión de otro modo.`
const copyAndDone =
  'Cópiala y haz clic en “Done” (listo). Vale hasta que la elimines allí, aunque cambies tu propia contraseña.'
const withoutTwoFactor = 'Si no usas la autenticación de dos factores, sáltate este paso: sirve tu propia contraseña.'
const germanPop = {
  title: 'Activa POP3',
  settings: 'Haz clic en “Einstellungen” (configuración) y después en “POP3/IMAP Abruf”.',
  tick: 'Marca “POP3 und IMAP Zugriff erlauben” (permitir el acceso) y haz clic en “Speichern” (guardar).',
  again: 'Si después se activa la autenticación de dos factores, hay que hacerlo otra vez.',
  done: 'la casilla sigue marcada al volver a abrir la página.',
}

const google: GuideWords['google'] = {
  name: 'Gmail y Google Workspace',
  lead: 'Lo más fácil es una contraseña de aplicación: diez minutos, y vale hasta que cambies tu contraseña de Google. Tu contraseña habitual se rechaza.',
  steps: {
    twoSteps: {
      title: 'Activa la verificación en dos pasos',
      acts: [
        'Abre la página e inicia sesión con la cuenta cuyo correo quieres recoger.',
        'Haz clic en “Activar la verificación en dos pasos” y sigue hasta el final. Sin ella, Google no crea contraseñas de aplicación.',
      ],
      done: 'la página indica que la verificación en dos pasos está activada.',
    },
    appPassword: {
      title: 'Crea una contraseña de aplicación',
      acts: [
        'Abre la página. Indica que la opción no está disponible si la verificación en dos pasos está desactivada o solo usa llaves de seguridad, con la Protección Avanzada y cuando no lo permite un administrador de tu Workspace.',
        'Escribe un nombre, como el que aparece abajo, y haz clic en “Crear”.',
        'Copia las 16 letras. Solo se muestran esta vez; los espacios dan igual.',
        'Cuando cambies tu contraseña de Google, las contraseñas de aplicación dejarán de valer: crea entonces una nueva.',
      ],
      done: 'el nombre aparece en la lista de tus contraseñas de aplicación.',
    },
    pop: {
      title: 'Activa POP',
      acts: [
        'Abre la página en un equipo de escritorio: en Gmail es “Configuración”, “Ver todos los ajustes” (o “Ver toda la configuración”), “Reenvío y correo POP/IMAP”.',
        'Elige “Habilitar POP para todos los mensajes”, o para los que se reciban a partir de ahora.',
        'Para cuando se acceda a los mensajes por POP, elige conservar la copia de Gmail en Recibidos, y haz clic en “Guardar cambios”.',
      ],
      done: 'la misma página indica que POP está habilitado.',
    },
    try: tried,
    project: {
      title: 'Crea un proyecto',
      acts: [
        'Esta vía es para quien no puede usar contraseñas de aplicación. Lleva media hora.',
        'Abre la página, escribe un nombre, como “Tributary”, y haz clic en “Create” (crear).',
      ],
      done: 'el nombre del proyecto aparece en la parte superior de la página. No salgas de él en los pasos siguientes.',
    },
    consent: {
      title: 'Indica quién pide el consentimiento',
      acts: [
        'Abre la página, haz clic en “Get started” (comenzar) y escribe un nombre y tu dirección.',
        'En “Audience” (público), elige “Internal” (interno) si todos los buzones son de tu propio Workspace y, si no, “External” (externo). Termina con “Create” (crear).',
      ],
      done: 'la página indica “OAuth configuration created” (configuración de OAuth creada).',
    },
    publish: {
      title: 'Publícala, o caduca a los siete días',
      acts: [
        'Con “External” (externo), abre la página y haz clic en “Publish app” (publicar la aplicación), para que “Publishing status” (estado de publicación) sea “In production” (en producción).',
        'Mientras sea “Testing” (prueba), cada inicio de sesión caduca a los siete días, y alguien tiene que volver a iniciar sesión cada semana.',
        'Hasta 100 personas no hace falta verificarla: ven el aviso de que Google no ha verificado la aplicación y continúan por las opciones avanzadas.',
      ],
      done: 'el estado de publicación es “In production” (en producción), o el público es “Internal” (interno).',
    },
    scope: {
      title: 'Permite el ámbito del correo',
      acts: [
        'Abre la página, haz clic en “Add or remove scopes” (añadir o quitar ámbitos) y pega el texto de abajo en “Manually add scopes” (añadir ámbitos manualmente).',
        'Haz clic en “Add to table” (añadir a la tabla), “Update” (actualizar) y “Save” (guardar).',
      ],
      done: 'aparece en “Your restricted scopes” (tus ámbitos restringidos).',
    },
    client: {
      title: 'Crea un cliente',
      acts: [
        'Abre la página y elige “Web application” (aplicación web).',
        'En “Authorized redirect URIs” (URI de redirección autorizados), haz clic en “Add URI” (añadir URI) y pega ahí el URI de redirección. Haz clic en “Create” (crear).',
        'Copia el ID de cliente y el secreto de cliente; el secreto solo se muestra esta vez.',
      ],
      done: 'tienes los dos.',
    },
    save,
    popToo: {
      title: 'Activa POP en el buzón',
      acts: [
        'Abre la página en un equipo de escritorio, elige “Habilitar POP para todos los mensajes” y haz clic en “Guardar cambios”.',
      ],
      done: 'la misma página indica que POP está habilitado.',
    },
    signIn,
    serviceAccount: {
      title: 'Crea una cuenta de servicio',
      acts: [
        'Esta vía es para el administrador de un Google Workspace, y para los buzones de ese Workspace.',
        'Abre la página, haz clic en “Create service account” (crear cuenta de servicio), escribe un nombre, como “Tributary”, y haz clic en “Done” (listo).',
        'Ábrela, anota su “Unique ID” (identificador único) y, en “Keys” (claves), haz clic en “Add key” (añadir clave), “Create new key” (crear clave nueva), “JSON”.',
      ],
      done: 'se ha descargado un archivo que termina en .json. Quien lo tenga puede leer los buzones del paso siguiente.',
    },
    delegation: {
      title: 'Déjale leer buzones',
      acts: [
        'Abre la página: en la consola de administración es “Seguridad”, “Acceso y control de datos”, “Controles de API”, “Delegación de todo el dominio”.',
        'Añade un cliente nuevo, pega el identificador único en el ID de cliente y el texto de abajo en los ámbitos (permisos) de OAuth. Haz clic en “Autorizar”.',
      ],
      done: 'el identificador y el ámbito aparecen en la lista. Puede tardar unos minutos en surtir efecto.',
    },
    key: {
      title: 'Añade su clave',
      acts: [
        'En la línea de comandos, como administrador: ID es el identificador único, el archivo es la clave, y “--address” se repite para cada buzón que pueda abrir.',
        'Después elimina el archivo: la clave se guarda cifrada.',
      ],
    },
    begin,
  },
}

const microsoft: GuideWords['microsoft'] = {
  name: 'Outlook.com, Hotmail y Microsoft 365',
  lead: 'Microsoft ya no acepta ni tu contraseña ni una contraseña de aplicación: el titular del buzón inicia sesión en un navegador. Antes, un administrador registra una aplicación, una sola vez para todas las cuentas.',
  steps: {
    register: {
      title: 'Registra una aplicación',
      acts: [
        'Abre la primera página; la segunda es la del Gobierno de EE. UU. y la tercera la de 21Vianet en China. Pide una cuenta con un directorio (inquilino): las de Microsoft 365 lo tienen; las demás lo obtienen con una cuenta gratuita de Azure.',
        'Haz clic en “Nuevo registro” y escribe un nombre, como “Tributary”.',
        'En “Tipos de cuenta admitidos”, elige las cuentas de cualquier directorio organizativo y las cuentas personales de Microsoft.',
        'En “URI de redirección”, elige “Web”, pega ahí el URI de redirección y haz clic en “Registrar”.',
        'Copia el “Id. de aplicación (cliente)”.',
      ],
      done: 'la página muestra un “Id. de aplicación (cliente)”.',
    },
    permissions: {
      title: 'Indica qué pide',
      acts: [
        'Abre “Permisos de API”, haz clic en “Agregar un permiso”, “Microsoft Graph”, “Permisos delegados”.',
        'Busca cada uno de estos, márcalo y haz clic en “Agregar permisos”.',
        'En una empresa: haz clic en “Conceder consentimiento de administrador”; si no, se pregunta a cada persona, si allí está permitido.',
      ],
      done: 'los cuatro aparecen en la lista de permisos.',
    },
    secret: {
      title: 'Crea un secreto',
      acts: [
        'Abre “Certificados y secretos”, haz clic en “Nuevo secreto de cliente” y elige cuánto tiempo vale: anota el día, porque entonces hará falta uno nuevo.',
        'Copia lo que aparece en “Valor”, no el “Id. de secreto”. Solo se muestra esta vez.',
      ],
      done: 'tienes el valor.',
    },
    device: {
      title: 'Permite iniciar sesión con un código',
      acts: [
        'Abre “Autenticación” (en su versión nueva, “Configuración” dentro de ella), pon “Permitir flujos de clientes públicos” en “Sí” y haz clic en “Guardar”.',
        'Así, quien no tenga un navegador en ese equipo puede iniciar sesión con un código que escribe en un teléfono.',
      ],
      done: 'sigue en “Sí” al volver a abrir la página.',
    },
    save,
    pop: {
      title: 'Activa POP en el buzón',
      acts: [
        'Para Outlook.com y Hotmail, abre la primera página: es “Configuración”, “Correo”, “Reenvío e IMAP”.',
        'Permite que los dispositivos y las aplicaciones usen POP, elige que no puedan eliminar mensajes y haz clic en “Guardar”.',
        'En Microsoft 365, un administrador se encarga de que POP esté activado: la segunda página, “Usuarios activos”, la persona, “Correo”, “Administrar aplicaciones de correo electrónico”.',
      ],
      done: 'la opción sigue activada al volver a abrir la página.',
    },
    signIn,
    appPermissions: {
      title: 'Deja que la propia aplicación lea el correo',
      acts: [
        'Esta vía es para el administrador de un inquilino de Microsoft 365, y para los buzones de ese inquilino. Registra la aplicación como se explica arriba, solo para las cuentas de ese directorio organizativo, con un secreto.',
        'Ábrela, “Permisos de API”, “Agregar un permiso”, “API usadas en mi organización”, y busca “Office 365 Exchange Online”.',
        'Elige “Permisos de la aplicación”, marca estos, haz clic en “Agregar permisos” y después en “Conceder consentimiento de administrador”.',
      ],
      done: 'junto a cada uno hay una marca verde y “Concedido para”.',
    },
    mailboxes: {
      title: 'Indica qué buzones',
      acts: [
        'En PowerShell con el módulo ExchangeOnlineManagement, como administrador de Exchange, ejecuta estos tres; el último, para cada buzón. La página es de la propia Microsoft.',
        'El ID de objeto es el de “Aplicaciones empresariales”, no el de “Registros de aplicaciones”.',
      ],
      done: 'Get-MailboxPermission nombra la aplicación para el buzón.',
    },
    list: {
      title: 'Añade la aplicación aquí',
      acts: ['Con el identificador de tu inquilino y, en “Más opciones”, todos los buzones que pueda abrir.'],
    },
    begin,
  },
}

const guides: GuideWords = {
  google,
  microsoft,
  fastmail: {
    name: 'Fastmail',
    lead: 'Lo más fácil es una contraseña de aplicación. Tu contraseña habitual se rechaza, y el plan Basic no deja entrar a ningún programa de correo.',
    steps: {
      appPassword: {
        title: 'Crea una contraseña de aplicación',
        acts: [
          'Abre la página: es “Settings”, “Privacy & Security”, “Integrations” (en otras versiones, “Manage app passwords and access”).',
          'Haz clic en “New app password” y escribe tu contraseña cuando te la pida.',
          'Elige un nombre, como el que aparece abajo, y el acceso al correo, que incluye POP. Haz clic en “Generate password”.',
          'Cópiala. Solo se muestra esta vez.',
        ],
        done: 'el nombre aparece en la lista de contraseñas de aplicación.',
      },
      try: tried,
      register: {
        title: 'Pide a Fastmail un ID de cliente',
        acts: [
          'Fastmail registra las aplicaciones a mano: escribe a sus desarrolladores, como indica la página. Si es solo para ti, una contraseña de aplicación da menos trabajo.',
          'Dales el URI de redirección, que tiene que ser https: o http://localhost, y estos dos ámbitos. No hay secreto.',
        ],
        done: 'te han enviado un ID de cliente.',
      },
      save,
      signIn,
    },
  },
  yahoo: {
    name: 'Yahoo',
    lead: appPasswordOnly('Yahoo'),
    steps: {
      appPassword: {
        title: 'Crea una contraseña de aplicación',
        acts: [
          usualBrowser('Yahoo'),
          'En “External connections” (conexiones externas), haz clic en “Create app password” (crear contraseña de aplicación).',
          'Escribe un nombre, como el que aparece abajo, y haz clic en “Generate password” (generar contraseña).',
          copyAndDone,
        ],
        done: 'aparece contada en “External connections” (conexiones externas).',
      },
      try: tried,
    },
  },
  aol: {
    name: 'AOL',
    lead: appPasswordOnly('AOL'),
    steps: {
      appPassword: {
        title: 'Crea una contraseña de aplicación',
        acts: [
          usualBrowser('AOL'),
          'Haz clic en “Generate app password” (en otras versiones, “Create app password” en “External connections”) y en “Get Started”, si aparece.',
          'Escribe un nombre, como el que aparece abajo, y haz clic en “Generate password” (generar contraseña).',
          copyAndDone,
        ],
        done: 'el nombre aparece en “Generate and manage app passwords”.',
      },
      try: tried,
    },
  },
  gmx: {
    name: 'GMX',
    lead: 'Tu contraseña sirve una vez que se ha activado POP3 en la configuración. Antes no entra nadie, y GMX lo vuelve a desactivar si no se usa durante mucho tiempo. Las direcciones de gmx.com usan pop.gmx.com.',
    steps: {
      twoFactor: {
        title: 'Con autenticación de dos factores: crea una contraseña de aplicación',
        acts: [
          withoutTwoFactor,
          'Si la usas, inicia sesión en GMX y haz clic en “Mein Account” (mi cuenta), “Sicherheit” (seguridad), “Anwendungsspezifische Passwörter” (contraseñas de aplicación); la página lo muestra.',
          'Haz clic en “Jetzt anwendungsspezifisches Passwort einrichten” (crear ahora una contraseña de aplicación) y cópiala. Solo se muestra esta vez.',
        ],
        done: 'la contraseña aparece allí en la lista.',
      },
      pop: {
        title: germanPop.title,
        acts: [
          'Inicia sesión en GMX en un equipo de escritorio y abre “E-Mail”. La segunda página muestra los pasos; la tercera, los de gmx.com.',
          germanPop.settings,
          germanPop.tick,
          germanPop.again,
        ],
        done: germanPop.done,
      },
      try: tried,
    },
  },
  'web-de': {
    name: 'WEB.DE',
    lead: 'Tu contraseña sirve una vez que se ha activado POP3 en la configuración. El nombre de usuario es lo que va antes de la @.',
    steps: {
      twoFactor: {
        title: 'Con autenticación de dos factores: crea una contraseña de aplicación',
        acts: [
          withoutTwoFactor,
          'Si la usas, inicia sesión en WEB.DE, haz clic en “Mein Account” (mi cuenta), “Sicherheit” (seguridad), “Anwendungsspezifische Passwörter” (contraseñas de aplicación), y crea una allí; la página lo muestra.',
        ],
        done: 'la contraseña aparece allí en la lista.',
      },
      pop: {
        title: germanPop.title,
        acts: [
          'Inicia sesión en WEB.DE en un equipo de escritorio y abre “E-Mail”. La segunda página muestra los pasos.',
          germanPop.settings,
          germanPop.tick,
          germanPop.again,
        ],
        done: germanPop.done,
      },
      try: tried,
    },
  },
  't-online': {
    name: 'T-Online (Telekom)',
    lead: 'Los programas de correo necesitan allí una contraseña propia, “Passwort für E-Mail-Programme” o “E-Mail-Passwort”. La de la página web se rechaza.',
    steps: {
      mailPassword: {
        title: 'Define la contraseña del correo',
        acts: [
          'Inicia sesión en el centro de correo.',
          'Haz clic en “Menü” encima de los buzones, “Einstellungen” (configuración), “Passwörter” (contraseñas).',
          'En la contraseña para programas de correo, haz clic en “Jetzt ändern” (cambiar ahora), elige una distinta de la de la página web y haz clic en “Speichern” (guardar).',
        ],
        done: 'la página indica que se ha cambiado la contraseña.',
      },
      try: tried,
    },
  },
  icloud: {
    name: 'iCloud',
    lead: 'iCloud no ofrece POP3, así que su correo no se puede recoger allí. Pero puede reenviarlo.',
    steps: {
      target: {
        title: 'Elige adónde se reenvía',
        acts: [
          'Usa una dirección cuyo correo recoja Tributary, en un proveedor con POP3. Si tienes un dominio propio, suele ser fácil crear una solo para esto.',
        ],
        done: 'la cuenta de esa dirección está aquí al día.',
      },
      forward: {
        title: 'Haz que se reenvíe',
        acts: [
          'Inicia sesión en iCloud Mail, abre la configuración encima de la lista de buzones y elige el reenvío de correo, “Mail Forwarding” (en algunas versiones, “Preferencias”, “General”). La segunda página es la de la propia Apple.',
          'Marca la opción de reenviar tu correo (“Forward my email to”) y escribe la dirección.',
          'Deja sin marcar la opción de eliminar los mensajes después de reenviarlos hasta que hayas visto durante unas semanas que no falta nada.',
        ],
        done: 'un mensaje que envías a tu dirección de iCloud llega aquí a través de la otra.',
      },
      old: {
        title: 'Lo que ya hay allí',
        acts: [
          'Solo se reenvía el correo nuevo. Lo mejor es copiar el anterior una vez, por IMAP, con un programa de correo que tenga los dos buzones.',
        ],
        done: 'los dos buzones muestran el mismo correo.',
      },
    },
  },
  custom: {
    name: 'Otro proveedor',
    lead: 'La mayoría de los proveedores acepta el nombre de usuario y la contraseña. Su configuración suele encontrarse a partir de la dirección.',
    steps: {
      ask: {
        title: 'Pregunta al proveedor o consulta su ayuda',
        acts: [
          'Cuál es el servidor POP3, y si hay que activar POP3 en la configuración del buzón.',
          'Si el nombre de usuario es la dirección completa.',
          'Si un programa de correo necesita una contraseña propia: con la autenticación de dos factores, casi siempre.',
        ],
        done: 'sabes el servidor, el nombre de usuario y la contraseña.',
      },
      try: tried,
      issuer: {
        title: 'Comprueba si allí se puede iniciar sesión',
        acts: [
          'Esta vía es para un proveedor, o para tu propia empresa, con un servidor de OAuth 2.0 u OpenID Connect.',
          'Pregunta cuál es su emisor (issuer), escríbelo aquí y mira lo que el servidor dice de sí mismo.',
        ],
      },
      register: {
        title: 'Registra una aplicación',
        acts: [
          'Registra allí un cliente web (código de autorización con PKCE).',
          'Dale el URI de redirección.',
          'Copia el ID de cliente, y el secreto si lo hay.',
        ],
        done: 'tienes un ID de cliente.',
      },
      save,
      signIn,
    },
  },
}

export const es: Words = {
  common: {
    loading: 'Cargando',
    tryAgain: 'Reintentar',
    cancel: 'Cancelar',
    close: 'Cerrar',
    save: 'Guardar',
    back: 'Atrás',
    more: 'Más',
    none: 'ninguno',
    never: 'nunca',
    octets: 'bytes',
    when: 'Cuándo',
    messages: 'Mensajes',
    asNumbers: 'En cifras',
    chooseAll: 'Seleccionar todo',
    skip: 'Ir al contenido',
    all: 'Todo',
    showMore: 'Ver más',
    copy: (what) => `Copiar: ${what}`,
    showTyped: 'Mostrar lo escrito',
    copied: 'Copiado.',
    copyByHand: 'Este navegador no deja que la página lo copie: selecciona el texto y cópialo a mano.',
  },
  shell: {
    navigation: 'Páginas',
    overview: 'Resumen',
    mail: 'Correo',
    outbox: 'Salida',
    waiting: (n) => count(n, { one: 'un mensaje te espera', other: '# mensajes te esperan' }),
    accounts: 'Cuentas',
    activity: 'Actividad',
    destinations: 'Buzones',
    settings: 'Configuración',
    more: 'Más',
    you: 'Tú y esta página',
    signedInAs: (name) => `Sesión iniciada como ${name}`,
    signOut: 'Cerrar sesión',
    theme: 'Colores',
    themes: { system: 'Según el sistema', light: 'Claro', dark: 'Oscuro' },
    language: 'Idioma',
    lost: 'Se ha perdido la conexión. Se está reintentando; lo que ves puede estar desactualizado.',
    noPage: 'Esta página no existe',
    noPageHint: 'Puede que se haya trasladado o que la dirección esté mal escrita.',
    toOverview: 'Ir al resumen',
  },
  problems: {
    unreachable:
      'Tributary no responde. Comprueba que está en marcha y que tienes conexión; después, vuelve a intentarlo.',
    forbidden: 'No tienes permiso para hacer esto. Pide más permisos a quien te dio el acceso.',
    tooMany: 'Demasiados intentos. Espera un minuto y vuelve a intentarlo.',
    refused: 'No ha funcionado. Vuelve a cargar la página e inténtalo de nuevo.',
    broken: 'Algo ha fallado en Tributary. Su registro dice qué; vuelve a intentarlo dentro de un momento.',
    known: {
      unauthenticated: 'Tu sesión ha terminado. Vuelve a entrar.',
      malformed: 'Tributary no puede leer lo que se ha enviado.',
      'not-found': 'Esto ya no está aquí. Vuelve a cargar la página.',
      gone: 'Esto ya no está aquí. Vuelve a cargar la página.',
      busy: 'Hay una pasada en marcha. Vuelve a intentarlo cuando termine.',
      'precondition-failed': 'Alguien ha cambiado esto entretanto. Vuelve a cargar la página y decide de nuevo.',
      'too-large': 'Es demasiado grande.',
      'redis-unavailable': 'Redis no responde ahora mismo. Vuelve a intentarlo en un momento.',
      'maildrop-in-use': 'Este buzón se está visitando ahora mismo. Vuelve a intentarlo en un momento.',
    },
    /** With the API's own words behind them. */
    quoted: {
      conflict: 'Tal como están las cosas no se puede:',
      taken: 'Ya hay uno igual:',
      'in-use': 'Algo lo necesita todavía:',
      quota: 'Es más de lo que puedes tener aquí:',
      unproven: 'Nada demuestra de dónde viene este archivo:',
      'another-key': 'Está cifrado con otra clave:',
      'store-unavailable': 'El almacén de correo no ha podido hacerlo:',
      'provider-unavailable': 'El proveedor no lo ha hecho:',
    },
  },
  signIn: {
    title: 'Iniciar sesión',
    lead: 'Todo tu correo, reunido en un solo lugar.',
    login: 'Usuario',
    loginHint: 'El de tu propio buzón. Déjalo vacío para entrar como administrador.',
    password: 'Contraseña',
    passwordHint: 'La contraseña del administrador, o el texto de un token.',
    firstTime: '¿Es tu primera vez aquí?',
    firstTimeHint:
      'El primer token está en el archivo admin-token de la carpeta de Tributary (TRIBUTARY_HOME, normalmente data/).',
    wrong: 'El usuario o la contraseña no son correctos. Revisa ambos; se distinguen mayúsculas y minúsculas.',
    token: 'Token',
    tokenLies: 'El token del administrador está en un archivo de este equipo. Este comando lo muestra:',
    tokenCommand: 'el comando',
    wrongToken: 'Ese no es el token. Cópialo entero: 43 letras, cifras y signos en una sola línea.',
    tokenInLogin: 'Esto es un token, no un usuario: ponlo en el campo de abajo y deja este vacío.',
    byMailbox: 'Usar una contraseña o un buzón propio',
    linkOver:
      'Este enlace ya se ha usado o tiene más de diez minutos. Inicia sesión con el token, o vuelve a arrancar Tributary para obtener otro enlace.',
    submit: 'Iniciar sesión',
  },
  standings: {
    idle: 'Al día',
    running: 'Recogiendo',
    waiting: 'En cola',
    failing: 'Falla, reintentando',
    'needs attention': 'Te necesita',
    paused: 'En pausa',
    'set aside': 'Con apartados',
    more: 'Queda más',
    new: 'Aún sin revisar',
  },
  runStates: { queued: 'En cola', running: 'En curso', done: 'Terminada', failed: 'Fallida' },
  causes: { schedule: 'programada', request: 'a petición' },
  /** In front of what was recorded of a failure, which is English, with the server’s own words. */
  verbatim: 'Textualmente, en inglés:',
  failures: {
    unreachable: {
      title: 'Ha fallado la conexión con el proveedor',
      advice:
        'Se reintenta automáticamente. Abajo se indica si se llegó hasta él y qué hay que comprobar si sigue igual.',
    },
    'no such host': {
      title: 'No existe ningún servidor con ese nombre',
      advice: 'Comprueba cómo está escrito. Puede que el proveedor tenga otro.',
    },
    tls: {
      title: 'No hay conexión segura con el proveedor',
      advice: 'Comprueba el nombre del servidor y el tipo de cifrado.',
    },
    silent: {
      title: 'El proveedor ha dejado de responder',
      advice:
        'Se reintenta automáticamente. Abajo se indica en qué momento se quedó callado y qué hay que comprobar si sigue igual.',
    },
    'credentials refused': {
      title: 'El proveedor rechaza el nombre de usuario o la contraseña',
      advice:
        'Vuelve a escribirlos. Algunos proveedores piden una contraseña de aplicación, que se crea en sus páginas web.',
    },
    throttled: {
      title: 'El proveedor pide menos conexiones',
      advice: 'Durante un tiempo se revisa con menos frecuencia, automáticamente.',
    },
    'maildrop in use': {
      title: 'Otro programa está leyendo este buzón',
      advice: 'Se reintenta automáticamente. Si sigue igual, desactiva POP3 en el otro programa.',
    },
    'provider refused': {
      title: 'El proveedor ha rechazado una petición',
      advice:
        'Se reintenta automáticamente. Abajo está lo que ha dicho; si sigue igual, pregunta al proveedor qué significa.',
    },
    'broken protocol': {
      title: 'El proveedor ha dado una respuesta sin sentido',
      advice: 'Se reintenta automáticamente. Si sigue igual, enseña al proveedor lo que aparece abajo.',
    },
    'store unreachable': {
      title: 'No se puede acceder al almacén de correo',
      advice:
        'No se pierde ningún mensaje. Se reintenta automáticamente. Si sigue igual, comprueba que el almacén de correo está en marcha, y su servidor y su puerto.',
    },
    'store refused': {
      title: 'El almacén de correo ha rechazado un mensaje',
      advice:
        'El correo sigue en el proveedor y se reintenta automáticamente. Abajo está lo que ha dicho el almacén; su registro da más detalles.',
    },
    'store full': {
      title: 'El almacén de correo está lleno',
      advice: 'Libera espacio en él. Mientras tanto, el correo sigue en el proveedor.',
    },
    'sign-in needed': {
      title: 'Alguien tiene que iniciar sesión',
      advice:
        'El titular del buzón inicia sesión en su proveedor. Mientras tanto no se toca; no se pierde ningún mensaje.',
    },
    'token service unreachable': {
      title: 'El servicio de inicio de sesión no responde',
      advice: 'La sesión sigue siendo válida. Se reintenta automáticamente, y no se pierde ningún mensaje.',
    },
    superseded: { title: 'Otro proceso ha tomado el relevo', advice: 'Su recogida continúa en lugar de esta.' },
    stopped: { title: 'La recogida se ha detenido', advice: 'La siguiente continúa donde terminó esta.' },
    internal: {
      title: 'Ha ocurrido algo inesperado',
      advice: 'Se reintenta automáticamente. Si sigue igual, comunícalo, por favor.',
    },
  },
  reasons: {
    unreachable: 'sin conexión',
    'no such host': 'servidor inexistente',
    tls: 'certificado o cifrado',
    silent: 'dejó de responder',
    'credentials refused': 'usuario o contraseña incorrectos',
    throttled: 'demasiadas conexiones',
    'maildrop in use': 'en uso en otro lugar',
    'provider refused': 'rechazo del proveedor',
    'broken protocol': 'respuestas sin sentido',
    'store unreachable': 'almacén de correo sin respuesta',
    'store refused': 'rechazo del almacén de correo',
    'store full': 'almacén de correo lleno',
    'sign-in needed': 'falta iniciar sesión',
    'token service unreachable': 'inicio de sesión sin respuesta',
    superseded: 'relevada',
    stopped: 'detenida',
    internal: 'algo inesperado',
  },
  steps,
  remarks: {
    deferred: ({ messages: n, reason }) =>
      `${n === 1 ? 'Se reintenta' : 'Se reintentan'} más tarde ${messages(n)}: ${reason}`,
    'ids changed': ({ messages: n, listed }) =>
      `El proveedor tiene identificadores nuevos para ${messages(n)} de ${number(listed)}: casi siempre es que el buzón se ha trasladado. Se reconocieron por su contenido, y ninguno se descargó dos veces.`,
    'not deleted': ({ messages: n, changed }) =>
      `Este proveedor no borra: han vuelto ${messages(n)} que se habían borrado. ${changed > 0 ? `Sus cabeceras han cambiado, así que ${number(changed)} se guardaron otra vez; solo ocurre una vez.` : 'Nada se guarda dos veces.'} No se vuelven a borrar hasta que se cambie «En el proveedor»; bórralos allí a mano, o consérvalos.`,
    'deletion refused': ({ messages: n, visits, reply }) =>
      `El proveedor se ha negado en ${number(visits)} visitas a borrar ${messages(n)}: «${reply}». Todo está guardado y sigue en el proveedor, y en cada visita se vuelve a pedir que se borre. Si no lo quieres, conserva el correo en el proveedor.`,
    'deletion not confirmed': ({ messages: n, reason }) =>
      `No se confirmó el borrado de ${messages(n)} (${reason}). Todo está guardado; la próxima visita borra lo que siga allí.`,
    'came short': ({ messages: n, octets, size }) =>
      `De ${messages(n)} el proveedor dio mucho menos de lo que indica: por ejemplo, ${octets} en lugar de ${size}. Lo que llegó está guardado, y la copia del proveedor no se borra: mírala allí.`,
    'import budget used up': ({ of, octetsPerHour, minutes }) =>
      `La primera importación ha traído los ${octetsPerHour} que ${of === 'account' ? 'esta cuenta' : of === 'destination' ? 'este buzón' : 'este proveedor'} puede recibir en una hora. Sigue en ${count(minutes, { one: '# minuto', many: '# de minutos', other: '# minutos' })}; mientras tanto llega el correo nuevo.`,
    'flags left out': ({ flags, reply }) =>
      `El correo se guarda sin las marcas ${flags}, que el almacén de correo rechaza: «${reply}». Quítalas de la cuenta, o elige otras.`,
    'login delay': ({ host, at }) =>
      `${host} quiere que pase un tiempo entre dos accesos (LOGIN-DELAY). Este buzón se consulta solo: ${at}.`,
    'just tested': ({ host, minutes }) =>
      `${host} no nos dejó entrar tan poco después de probar la cuenta. Se consulta sola otra vez en unos ${count(minutes, { one: '# minuto', many: '# de minutos', other: '# minutos' })}.`,
    'too many sessions': ({ host }) =>
      `${host} acepta menos conexiones a la vez de las que teníamos. Se consulta sola otra vez enseguida.`,
    'still held': ({ host }) =>
      `${host} aún mantenía nuestra última conexión, que dejamos porque no respondía. Se consulta sola otra vez enseguida.`,
  },
  asideRemarks: {
    'not given': ({ server, reply }) => `${server} muestra este mensaje en su lista y no lo entrega: «${reply}».`,
    'protocol broken': ({ server, expected, reply }) =>
      `${server} incumplió el protocolo con este mensaje cada vez: llegó «${reply}» y se esperaba: ${expected}.`,
    'fell silent': ({ server, seconds }) =>
      `${server} enmudeció con este mensaje cada vez, durante ${number(seconds)} s.`,
    'connection ended': ({ server, reason }) =>
      `La conexión con ${server} se cortó con este mensaje cada vez: ${reason}.`,
    'worker ended': ({ times }) => `Descargarlo ha detenido el proceso de trabajo ${number(times)} veces.`,
    'not taken': ({ reply }) => `El almacén de correo no aceptó este mensaje: «${reply}».`,
    'not sent': ({ reason }) => `Tal como es, el almacén de correo no puede aceptarlo: ${reason}.`,
  },
  guides,
  run: {
    progress: (stored, of) => `${number(stored)} de ${messages(of)}`,
    stored: (n) =>
      count(n, { one: '# mensaje guardado', many: '# de mensajes guardados', other: '# mensajes guardados' }),
    looking: 'Mirando qué hay de nuevo',
    queued: 'Esperando su turno',
    waitsUntil: (time) => `Espera hasta: ${time}`,
    rate: (perSecond) => `${perSecond} mensajes/s`,
    bytesRate: (perSecond) => `${perSecond}/s`,
    left: (time) => `tiempo restante aprox.: ${time}`,
    progressOf: (address) => `Progreso de ${address}`,
  },
  overview: {
    title: 'Resumen',
    allWell: 'El correo llega',
    allWellHint: (n, mail) => `${accounts(n)}, ${messages(mail)} en las últimas 24 horas.`,
    someFail: (n) => count(n, { one: 'Falla una cuenta', other: 'Fallan # cuentas' }),
    someFailHint: () => 'Se reintenta automáticamente; las demás siguen funcionando.',
    overdue: (n) => count(n, { one: 'Una cuenta está sin revisar', other: '# cuentas están sin revisar' }),
    overdueHint: (n) =>
      `${n === 1 ? 'Ya le toca' : 'Ya les toca'}, y nadie ha mirado allí en el triple de su intervalo máximo: ¿hay algún proceso (worker), y bastan los que hay?`,
    needYou: (n) => count(n, { one: 'Una cuenta te necesita', other: '# cuentas te necesitan' }),
    needYouHint: (n) =>
      `Si nadie interviene, no ${n === 1 ? 'recibe' : 'reciben'} correo: abajo se indica por qué. Las demás siguen funcionando.`,
    setAside: (n) =>
      count(n, { one: '# mensaje apartado', many: '# de mensajes apartados', other: '# mensajes apartados' }),
    setAsideHint: (n) => `De ${accounts(n)}: aún sin guardar, y todavía en el proveedor.`,
    setAsideVerdict:
      'El resto del correo llega. Estos mensajes siguen en el proveedor hasta que alguien decida; abajo está la lista.',
    elsewhere: (n) => `en otros: ${number(n)}`,
    partsDown: 'El correo no llega',
    partsDownHint:
      'Una parte de Tributary no responde; mira “Sistema” en esta página. Mientras tanto no se pierde ningún mensaje.',
    attention: 'Mira esto primero',
    attentionMore: (n) => `Todas (${number(n)})`,
    runsNow: 'En curso',
    nothingRuns: 'Nada en este momento',
    nothingRunsHint: 'Cada cuenta se revisa cuando le toca.',
    runsMore: (n) => `y ${count(n, { one: 'una más', other: '# más' })}`,
    mail: 'Correo recogido',
    perHour: '48 horas',
    perDay: '30 días',
    span: 'Periodo',
    hourSummary: (n) => `${messages(n)} en 48 horas`,
    daySummary: (n) => `${messages(n)} en 30 días`,
    barTold: (n, size, failed) =>
      `${messages(n)}, ${size}${failed > 0 ? `; ${count(failed, { one: 'falló una recogida', other: 'fallaron # recogidas' })}` : ''}`,
    byStatus: 'Cuentas',
    health: 'Sistema',
    redis: 'Redis',
    store: 'Almacén de correo',
    workers: 'Procesos',
    works: 'funciona',
    fails: 'no responde',
    workersWork: (n) => count(n, { one: 'uno en marcha', other: '# en marcha' }),
    noWorkers: 'ninguno en marcha',
    destinationsPaused: (n) =>
      count(n, { one: 'Un buzón de destino está en pausa', other: '# buzones de destino están en pausa' }),
    unreadable: (n) =>
      count(n, {
        one: 'Un registro no se puede leer y no aparece en ninguna lista; la API lo elimina (DELETE):',
        other: '# registros no se pueden leer y no aparecen en ninguna lista; la API los elimina (DELETE):',
      }),
  },
  accounts: {
    title: 'Cuentas',
    count: accounts,
    filtered: (n, of) => `${number(n)} de ${accounts(of)}`,
    search: 'Buscar',
    searchHint: 'Dirección, proveedor o usuario',
    status: 'Estado',
    anyStatus: 'Cualquier estado',
    reason: 'Por qué falla',
    anyReason: 'Cualquier motivo',
    provider: 'Proveedor',
    anyProvider: 'Cualquier proveedor',
    account: 'Cuenta',
    lastMail: 'Último correo',
    lastRun: 'Última revisión',
    nextRun: 'Próxima',
    actions: 'Acciones',
    actionsOf: (address) => `Acciones para ${address}`,
    choose: (address) => `Seleccionar ${address}`,
    checkNow: 'Revisar ahora',
    pause: 'Pausar',
    resume: 'Reanudar',
    edit: 'Editar',
    remove: 'Eliminar',
    chosen: (n) => count(n, { one: 'Una seleccionada', other: '# seleccionadas' }),
    clearChoice: 'Quitar selección',
    due: 'le toca ya',
    now: 'ahora',
    notYet: 'aún no',
    none: 'Aún no hay cuentas',
    noneHint: 'Configura adónde debe ir tu correo y la primera cuenta de la que viene.',
    noneFound: 'Sin resultados',
    noneFoundHint: 'No hay ninguna cuenta así. Busca otra cosa o quita el filtro.',
    clearFilter: 'Quitar el filtro',
    add: 'Añadir una cuenta',
    setAside: (n) => count(n, { one: '# apartado', other: '# apartados' }),
    working: (done, of) => `${number(done)} de ${number(of)}`,
    didCheck: (n) => count(n, { one: '# cuenta se revisará ahora.', other: '# cuentas se revisarán ahora.' }),
    didPause: (n) => `${accounts(n)} en pausa.`,
    didResume: (n) => count(n, { one: '# cuenta reanudada.', other: '# cuentas reanudadas.' }),
    didRemove: (n) =>
      `${count(n, { one: '# cuenta eliminada.', other: '# cuentas eliminadas.' })} El correo guardado se queda donde está.`,
    change: 'Cambiar',
    changeTitle: (n) => count(n, { one: 'Cambiar esta cuenta', other: 'Cambiar # cuentas' }),
    changeThem: (n) => `Cambiar ${accounts(n)}`,
    changeHint: 'Solo se cambia lo que rellenes, y será igual para todas.',
    asItIs: 'sin cambios',
    didChange: (n) => count(n, { one: '# cuenta cambiada.', other: '# cuentas cambiadas.' }),
    allActions: 'Cuentas desde un archivo y hacia un archivo',
    importFile: 'Importar desde un archivo',
    importHint:
      'Una cuenta por línea, en JSON: como en una exportación, con una contraseña en cada línea, o una exportación con contraseñas cifradas de una instancia que tiene la misma clave. Las cuentas que ya están aquí se quedan como están.',
    file: 'Archivo',
    lookingThrough: 'Leyendo el archivo',
    lookedThrough: (fit, wrong) =>
      `${count(fit, { one: 'Se puede añadir una línea', other: 'Se pueden añadir # líneas' })}, ${count(wrong, { one: 'una no', other: '# no' })}.`,
    line: (n) => `Línea ${n.toLocaleString('es')}`,
    toKnow: (n) => count(n, { one: 'Conviene saber algo de una línea:', other: 'Conviene saber algo de # líneas:' }),
    importThem: (n) => (n === 0 ? 'Añadir' : `Añadir ${accounts(n)}`),
    didImport: (n) => count(n, { one: '# cuenta añadida.', other: '# cuentas añadidas.' }),
    exportFile: 'Exportar, sin contraseñas',
    exportSealed: 'Exportar, contraseñas cifradas',
    didFail: (n, first) =>
      `${count(n, { one: 'No ha funcionado con una cuenta', other: 'No ha funcionado con # cuentas' })}: ${first}`,
    removeTitle: (n) => count(n, { one: '¿Eliminar esta cuenta?', other: '¿Eliminar # cuentas?' }),
    removeHint:
      'Deja de recogerse correo y se olvida el historial. El correo guardado se queda donde está, y en el proveedor no cambia nada.',
  },
  account: {
    facts: 'Datos',
    provider: 'Proveedor',
    encryption: 'Cifrado',
    tls: { implicit: 'TLS', starttls: 'STARTTLS', none: 'ninguno' },
    unverified: 'certificado sin comprobar',
    pinned: 'certificado fijado',
    user: 'Usuario',
    destination: 'Va a',
    isHere: 'El correo ya está aquí',
    readThem: 'Leerlo',
    folder: 'Carpeta',
    retention: 'En el proveedor',
    keep: 'El correo se queda allí',
    delete: 'El correo se elimina tras guardarlo',
    keepDays: (n) =>
      count(n, { one: 'El correo se elimina un día después', other: 'El correo se elimina # días después' }),
    interval: 'Se revisa',
    rhythm: {
      fixed: (time) => `cada ${time}, como está configurado`,
      learning: (time) => `cada ${time}, hasta que dos semanas muestren cuándo llega correo`,
      'busy hour': (time) => `cada ${time}: a esta hora llega mucho correo`,
      'usual hour': (time) => `cada ${time}, según llega el correo`,
      'quiet hour': (time) => `a esta hora llega poco: cada ${time}`,
      'recent mail': (time) => `otra vez tras ${time}: acaba de llegar correo`,
      'asked for': (time) => `otra vez tras ${time}: alguien acaba de pedirlo y no había llegado nada`,
      silent: (time) => `cada ${time}: hace semanas que apenas llega correo`,
      'login delay': (time) => `cada ${time}: lo pide su proveedor`,
      'due at once': () => 'la próxima vez, de inmediato',
      waiting: () => 'le toca ya: espera una sesión libre en su proveedor, o un proceso libre',
      'more to fetch': (time) => `otra vez tras ${time}: la última recogida dejó correo para entonces`,
      'backing off': (time) => `otra vez tras ${time}: la última revisión falló`,
      'destination paused': (time) => `otra vez tras ${time}: por ahora no se puede guardar nada`,
      throttled: (time) => `otra vez tras ${time}: por ahora su proveedor no entrega más`,
      'put off': (time) => `más tarde de lo habitual, tras ${time}`,
      paused: () => 'ahora no: está en pausa',
      'needs attention': () => 'no automáticamente, hasta que alguien intervenga',
    },
    next: 'Próxima recogida',
    since: 'Desde',
    runs: 'Recogidas',
    noRuns: 'Aún no hay recogidas',
    firstRuns: 'La primera está en curso.',
    noRunsHint: 'La primera empieza sola dentro de un momento; con “Revisar ahora” no hay que esperar.',
    noRunsPaused: 'La primera empieza cuando se reanude la cuenta; con “Revisar ahora” no hay que esperar.',
    took: (time) => `tardó ${time}`,
    listed: (n) => `${number(n)} en el proveedor`,
    nothingNew: 'nada nuevo',
    recovered: (n) => count(n, { one: '# ya estaba guardado', other: '# ya estaban guardados' }),
    deleted: (n) => count(n, { one: '# eliminado en el proveedor', other: '# eliminados en el proveedor' }),
    quarantined: (n) =>
      count(n, { one: '# mensaje apartado', many: '# de mensajes apartados', other: '# mensajes apartados' }),
    deferred: (n) => `${number(n)} aún sin recoger`,
    deferredHint: (n) =>
      count(n, {
        one: 'Un mensaje no se ha podido recoger todavía; se reintenta automáticamente.',
        other: '# mensajes no se han podido recoger todavía; se reintentan automáticamente.',
      }),
    storedMail: 'Lo que se guardó',
    noStoredMail: 'Esta recogida no guardó nada, o hace demasiado tiempo para mostrarlo.',
    omitted: (n) =>
      count(n, {
        one: 'Un mensaje anterior no aparece en la lista.',
        other: '# mensajes anteriores no aparecen en la lista.',
      }),
    transcript: 'Transcripción',
    noTranscript: 'No se conserva la transcripción de esta recogida; solo la tienen las últimas.',
    truncated: 'Es más larga de lo que se conserva.',
    sides: { client: 'nosotros', server: 'proveedor', note: 'nota' },
    from: 'De',
    subject: 'Asunto',
    noSubject: '(sin asunto)',
    size: 'Tamaño',
    quarantine: 'Apartados',
    quarantineHint:
      'Estos mensajes no se pudieron guardar tal como son. Siguen en el proveedor y no retienen a los demás.',
    reason: 'Motivo',
    attempts: (n) => (n === 0 ? 'aún sin recoger' : count(n, { one: 'intentado una vez', other: 'intentado # veces' })),
    again: 'Se reintenta automáticamente',
    againNextRun: 'Se reintenta automáticamente en la próxima recogida',
    pausedAdvice: 'La cuenta está en pausa: no se reintenta nada hasta que se reanude.',
    onlyByHand: 'No se reintenta automáticamente',
    mayPass: 'Puede que se resuelva solo.',
    passes: 'El servidor dice que esto se resuelve solo: nadie tiene que hacer nada.',
    retry: 'Reintentar',
    dismiss: 'Dejarlo allí',
    download: 'Descargar',
    retried: 'Se está reintentando.',
    dismissed: 'A partir de ahora no se toca, y sigue en el proveedor.',
    checking: 'Se revisará ahora.',
    twin: 'En pausa: recoge el mismo correo que otra cuenta, cuyo servidor está escrito de otra forma. Elimina una de las dos.',
    twinFirst: 'La otra cuenta',
    paused: 'En pausa. No se recoge nada hasta que la reanudes.',
    resumed: 'Reanudada. Se revisa de inmediato.',
    removed: 'Eliminada. El correo guardado se queda donde está.',
    saved: 'Guardado.',
    gone: 'Esta cuenta ya no existe',
    goneHint: 'Puede que alguien la haya eliminado.',
    toAll: 'A todas las cuentas',
    editTitle: (address) => `Editar ${address}`,
    details: 'Ver lo que hizo',
    firstImport: 'Primera importación',
    firstImportHint: 'Puedes cerrar esta página: continúa sola.',
    importFree: 'tan rápido como llegue',
    importAtMost: (size) => `como máximo ${size} por hora`,
    importShared: (size) => `como máximo ${size} por hora, junto con las demás cuentas que van allí`,
    more: 'queda más correo',
    moreTitle: 'Queda más correo',
    moreHint: 'La última recogida no lo trajo todo. La próxima continúa sola.',
    checks: (n) => count(n, { one: 'revisada una vez', other: 'revisada # veces' }),
  },
  activity: {
    title: 'Actividad',
    lead: 'Las recogidas de todas las cuentas, las más recientes primero.',
    state: 'Cómo fue',
    anyState: 'Cualquier resultado',
    since: 'Desde cuándo',
    anyTime: 'Cualquier momento',
    spans: { hour: 'La última hora', day: 'Las últimas 24 horas', week: 'Los últimos 7 días' },
    onlyOf: (address) => `Solo ${address}: mostrar todo`,
    none: 'No hay recogidas',
    noneHint: 'Ninguna es así, o hace demasiado tiempo para que se conserven.',
    runOf: (address, what) => `${what}: ${address}`,
    open: 'Esta recogida en su propia página',
    run: 'Recogida',
    runTitle: (address) => `Recogida de ${address}`,
    gone: 'Esta recogida ya no se conserva',
    goneHint: 'De cada cuenta se conservan las últimas 100 recogidas, durante 30 días.',
    toAll: 'Toda la actividad',
    progress: 'Hasta ahora',
    notices: 'Conviene saberlo',
    seen: 'Lo que trajo y lo que se dijo',
    facts: 'Datos',
    cause: 'Origen',
    task: 'Para qué',
    rebuild: 'Para averiguar de nuevo qué hay guardado',
    visits: 'Revisiones seguidas',
    queuedAt: 'En cola desde',
    startedAt: 'Empezó',
    finishedAt: 'Terminó',
    tookName: 'Tardó',
    listed: 'Mensajes en el proveedor',
    stored: 'Guardados',
    size: 'Tamaño',
    recovered: 'Ya estaban guardados',
    deleted: 'Eliminados en el proveedor',
    quarantined: 'Apartados',
    deferred: 'Aún sin recoger',
  },
  aside: {
    title: 'Apartados',
    count: (n, of) => `${messages(n)} de ${accounts(of)}`,
    none: 'No hay nada apartado',
    noneHint: 'Se han podido guardar todos los mensajes encontrados, o alguien ha decidido dejarlos allí.',
    overLimit: 'Más grande de lo que acepta esta cuenta',
    limit: (size, limit) => `Ocupa ${size}, y la cuenta acepta mensajes de hasta ${limit}.`,
    fits: (size, limit) => `Ocupa ${size}, y ahora la cuenta ya acepta mensajes de hasta ${limit}.`,
    overAll: (limit) => `Ninguna cuenta acepta mensajes de más de ${limit}: descárgalo, o déjalo allí.`,
    raise: (limit) => `Aceptar hasta ${limit}`,
    raised: (limit) => `La cuenta acepta ahora mensajes de hasta ${limit}. Este se reintenta.`,
    retryAll: 'Reintentar todos',
    dismissAll: 'Dejar todos',
    retryAllTitle: (n) => `¿Reintentar ${messages(n)}?`,
    dismissAllTitle: (n) => `¿Dejar ${messages(n)} en el proveedor?`,
    retryAllHint:
      'Sus cuentas se consultan ahora. Lo que supera el tamaño que acepta su cuenta sigue apartado: aumenta antes el límite.',
    dismissAllHint: 'Ya no se descargan y se quedan en el proveedor.',
    counting: 'Contando…',
    settling: (done, of) => `${number(done)} de ${number(of)}`,
    retriedAll: (n) => `${n === 1 ? 'Se reintenta' : 'Se reintentan'} ${messages(n)}.`,
    dismissedAll: (n) => `${messages(n)} ${n === 1 ? 'se queda' : 'se quedan'} en el proveedor a partir de ahora.`,
    leftAside: (n) =>
      `${messages(n)} ${n === 1 ? 'sigue apartado' : 'siguen apartados'}: más de lo que acepta la cuenta.`,
    noneSo: 'No hay nada apartado por este motivo',
    settleAll: 'Todos a la vez',
  },
  line: {
    title: 'Avanzado: modo de acceso, cifrado antiguo, proxy',
    sasl: 'Modo de acceso',
    saslHint: 'Para un servidor que anuncia un modo que allí no funciona: entonces se usa solo este.',
    strongest: 'El más fuerte que ofrezca el servidor (habitual)',
    mechanisms: {
      'SCRAM-SHA-256': 'SCRAM-SHA-256: la contraseña se demuestra sin enviarla',
      'SCRAM-SHA-1': 'SCRAM-SHA-1: la contraseña se demuestra sin enviarla',
      'CRAM-MD5': 'CRAM-MD5: la contraseña se demuestra sin enviarla (antiguo)',
      PLAIN: 'PLAIN: la contraseña se envía',
      LOGIN: 'LOGIN: la contraseña se envía',
      APOP: 'APOP: la contraseña se demuestra sin enviarla (antiguo)',
      USER: 'USER y PASS: la contraseña se envía',
      OAUTHBEARER: 'OAUTHBEARER: el token se envía',
      XOAUTH2: 'XOAUTH2: el token se envía, como hacen Google y Microsoft',
    },
    fact: (mechanism) => `solo con ${mechanism}`,
    oldest: 'TLS más antiguo que se acepta',
    versions: { TLSv1: '1.0 (no seguro)', 'TLSv1.1': '1.1 (no seguro)', 'TLSv1.2': '1.2 (habitual)', 'TLSv1.3': '1.3' },
    legacy: 'Aceptar cifrado antiguo y débil: claves pequeñas, algoritmos viejos',
    weakHint:
      'Solo para un servidor que no ofrece nada mejor: alguien que esté en medio podría leer la contraseña y el correo.',
    weak: 'Aquí se permite un cifrado antiguo y débil: alguien que esté en medio podría leer la contraseña y el correo.',
    mark: 'cifrado antiguo',
    proxy: 'Proxy',
    proxyHint:
      'Por ejemplo, socks5://proxy.example.net:1080 o http://name:password@proxy.example.net:3128. Si se deja vacío, es el de esta instancia, si lo tiene; “none” para ninguno.',
    via: (proxy) => `a través de ${proxy}`,
    direct: 'sin proxy',
  },
  form: {
    address: 'Dirección de correo',
    host: 'Servidor POP3',
    port: 'Puerto',
    tls: 'Cifrado',
    tlsModes: { implicit: 'TLS (habitual)', starttls: 'STARTTLS', none: 'Ninguno (no seguro)' },
    user: 'Nombre de usuario',
    password: 'Contraseña',
    onceMore: 'Otra vez',
    sameAgain: 'lo mismo otra vez',
    makePassword: 'Crear una',
    keepPassword: 'Guárdela en un lugar seguro: solo se muestra aquí y ahora.',
    passwordKept: 'Déjala vacía para conservar la actual.',
    passwordNeeded:
      'Al cambiar dónde o cómo se inicia sesión hay que escribir también la contraseña. Así, quien no la sepa no puede hacer que se envíe a otro lugar.',
    folder: 'Carpeta',
    destination: 'Va a',
    retention: 'En el proveedor',
    retentions: {
      keep: 'Dejar el correo allí',
      delete: 'Eliminarlo una vez guardado',
      keepDays: 'Eliminarlo al cabo de unos días',
    },
    days: 'Días',
    importBudget: 'La primera vez: MB por hora, como máximo',
    importBudgetHint:
      'Si se deja vacío, va tan rápido como llegue el correo. El correo nuevo nunca espera por esto. Gmail entrega unos 1250 MB al día por POP3, es decir, 50 por hora.',
    importBudgetPattern: 'un número, como 20 o 0.5',
    leaveTitle: '¿Salir sin guardar?',
    leaveHint: 'Se perderá lo que has escrito aquí.',
    leave: 'Salir',
    stay: 'Seguir aquí',
    rules: {
      required: 'Este dato es obligatorio.',
      unexpected: 'Esto no corresponde aquí.',
      type: 'Aquí hace falta un número.',
      choice: 'Elige una de las opciones.',
      form: 'Esto no tiene la forma que hace falta aquí.',
      minLength: (n) => count(n, { one: 'Al menos # carácter.', other: 'Al menos # caracteres.' }),
      maxLength: (n) => count(n, { one: 'Como máximo # carácter.', other: 'Como máximo # caracteres.' }),
      minimum: (n) => `${number(n)} como mínimo.`,
      maximum: (n) => `${number(n)} como máximo.`,
      maxItems: (n) => count(n, { one: 'Como máximo una entrada.', other: 'Como máximo # entradas.' }),
      taken: 'Ya está en uso; elige otro.',
      unknown: 'Esto ya no existe aquí; elige de nuevo.',
      reach: 'Desde aquí no se permite conectar con ese lugar; un administrador lo decide en los ajustes.',
      wrong: 'Esto no es correcto.',
      adminOnly: 'Solo un administrador puede ajustar esto.',
      other: 'Valor no aceptado. Tributary dice:',
    },
    /** What a field has to look like. */
    forms: {
      address: 'Una dirección de correo como me@example.net.',
      from: 'Una dirección de correo como me@example.net.',
      to: 'Direcciones de correo como me@example.net.',
      login: 'Solo a-z, 0-9, punto, guion, guion bajo y @; 64 caracteres como máximo.',
      host: 'El nombre de un servidor, como mail.example.net.',
      url: 'Una URL como https://example.net/hooks.',
      issuer: 'Una URL https, sin nada detrás de ? o #.',
      tenant: 'El id o el dominio de un inquilino, o common, organizations o consumers.',
      folder: 'Una carpeta como INBOX o Trabajo/Antiguo, sin * ni %.',
      retention: 'Un número de días: 1 como mínimo.',
      firstRun: 'Un número de días: 1 como mínimo.',
      tlsFingerprint: '64 cifras y letras de la A a la F.',
      flags: 'Marcas como \\Flagged, o palabras de letras sencillas.',
    },
    someWrong: (n) =>
      count(n, {
        one: 'No se ha hecho: antes hay que corregir un dato.',
        other: 'No se ha hecho: antes hay que corregir # datos.',
      }),
  },
  deeds: {
    'signed in': 'inició sesión',
    'signed in by a link': 'inició sesión con un enlace',
    'made a link': 'creó un enlace para iniciar sesión',
    'signed out': 'cerró sesión',
    'set the admin password': 'definió la contraseña del administrador',
    'added an account': 'añadió una cuenta',
    'changed an account': 'cambió una cuenta',
    'removed an account': 'eliminó una cuenta',
    'paused an account': 'pausó una cuenta',
    'resumed an account': 'reanudó una cuenta',
    'asked for a run': 'pidió una recogida',
    'tested an account': 'probó una cuenta',
    'imported accounts': 'importó cuentas de un archivo',
    'began a sign-in': 'empezó un inicio de sesión en el proveedor',
    'signed a mailbox out': 'cerró la sesión de un buzón en su proveedor',
    'tried a message again': 'reintentó un mensaje',
    'let go of a message': 'dejó un mensaje en el proveedor',
    'tried messages again': 'reintentó todos los mensajes apartados',
    'let go of messages': 'dejó todos los mensajes apartados en el proveedor',
    'rebuilt a ledger': 'reconstruyó el registro de lo guardado',
    'imported a state file': 'importó un archivo de estado',
    'added a mailbox': 'añadió un buzón',
    'changed a mailbox': 'cambió un buzón',
    'tested a mailbox': 'probó un buzón',
    'removed a mailbox': 'eliminó un buzón',
    'marked a message': 'marcó un mensaje',
    'sent a message': 'envió un mensaje',
    'saved a draft': 'guardó un borrador',
    'threw a draft away': 'descartó un borrador',
    'cancelled a message': 'canceló el envío de un mensaje',
    'sent a message again': 'hizo enviar de nuevo un mensaje',
    'made a token': 'creó un token',
    'revoked a token': 'revocó un token',
    'added a webhook': 'añadió un webhook',
    'changed a webhook': 'cambió un webhook',
    'removed a webhook': 'eliminó un webhook',
    'tested a webhook': 'probó un webhook',
    'sent news again': 'reenvió avisos a un webhook',
    'gave a webhook a new secret': 'dio a un webhook un secreto nuevo',
    'set who is told by e-mail': 'definió a quién se avisa por correo',
    'told nobody by e-mail': 'desactivó los avisos por correo',
    'sent a test mail': 'envió un correo de prueba',
    'changed settings': 'cambió la configuración',
    'added an application': 'añadió una aplicación',
    'changed an application': 'cambió una aplicación',
    'removed an application': 'eliminó una aplicación',
    'restored a backup': 'restauró una copia de seguridad',
    'changed keys': 'cambió las claves',
  },
  advice: {
    aProvider: 'Este proveedor',
    page: (host) => `Abrir ${host}`,
    texts: adviceTexts,
  },
  signing: {
    title: 'Inicio de sesión',
    applications: 'Aplicaciones',
    applicationsHint:
      'Lo que esta instancia tiene registrado en un proveedor para que se pueda iniciar sesión allí. Se registra una sola vez para todas las cuentas.',
    howTo: 'Cómo se hace en cada proveedor',
    noApplications: 'Aún no hay ninguna. Las contraseñas, también las de aplicación, no la necesitan.',
    add: 'Añadir una aplicación',
    change: 'Cambiar la aplicación',
    provider: 'Proveedor',
    providers: { microsoft: 'Microsoft', google: 'Google', fastmail: 'Fastmail', custom: 'Otro proveedor' },
    redirectUri: 'URI de redirección',
    notTaken:
      'Los proveedores solo lo aceptan con https:, o como http://localhost para este equipo. Define TRIBUTARY_PUBLIC_URL como la dirección con la que los navegadores llegan a esta página, o inicia sesión con un código.',
    clientId: 'ID de cliente',
    secret: 'Secreto',
    secretHints: {
      microsoft: 'El de “Valor”. Déjalo vacío si la aplicación no tiene ninguno.',
      google: 'Como lo dio Google, junto con el ID de cliente.',
      fastmail: '',
      custom: 'Déjalo vacío si la aplicación no tiene ninguno.',
    },
    secretKept: 'Déjalo vacío para conservar el actual.',
    cloud: 'Nube',
    clouds: {
      '': 'Global',
      'https://login.microsoftonline.us': 'Gobierno de EE. UU.',
      'https://login.partner.microsoftonline.cn': 'China (21Vianet)',
    },
    tenant: 'Inquilino',
    tenantHint:
      'Vacío para todos: cuentas personales y cualquier organización. “organizations”, “consumers” o el ID de un inquilino.',
    issuer: 'Emisor',
    issuerHint:
      'Su dirección, por ejemplo https://login.example.net, bajo la que se encuentra /.well-known/oauth-authorization-server o /.well-known/openid-configuration.',
    askServer: 'Ver lo que dice de sí mismo',
    serverAnswers: (flows) => `Responde. Allí se inicia sesión ${flows}.`,
    serverFails: 'Así no se puede iniciar sesión allí:',
    flows: { code: 'en un navegador', device: 'con un código', application: 'con la aplicación sola' },
    further: 'Más opciones',
    scopes: 'Ámbitos',
    scopesHint: 'Vacío para los habituales.',
    addresses: 'Buzones que puede abrir sin que nadie inicie sesión',
    addressesHint: 'Separados por comas; ninguno, a menos que sepas que lo quieres.',
    withSecret: 'con secreto',
    withoutSecret: 'sin secreto',
    unattended: (n) =>
      count(n, { one: 'puede abrir un buzón por sí sola', other: 'puede abrir # buzones por sí sola' }),
    saved: 'Guardado.',
    removed: 'Eliminada.',
    removeTitle: (name) => `¿Eliminar esta aplicación de ${name}?`,
    removeHint: 'Antes hay que cerrar las sesiones que se hayan iniciado con ella. En el proveedor no cambia nada.',
    how: 'Cómo entra Tributary',
    withPassword: 'Con una contraseña, propia o de aplicación',
    signIn: (name) => (name === 'Otro proveedor' ? 'Iniciar sesión en su proveedor' : `Iniciar sesión con ${name}`),
    signInHint: 'En el navegador, en la página del proveedor. Aquí no se guarda ninguna contraseña.',
    noApplicationYet:
      'Microsoft no acepta contraseñas: el titular inicia sesión. Para eso, un administrador tiene que añadir antes una aplicación.',
    addAndSignIn: 'Añadir e iniciar sesión',
    signedInAs: (who) => `Sesión iniciada como ${who}`,
    marks: {
      'signed out': 'sin sesión',
      waiting: 'sesión a medias',
      refused: 'sesión no válida',
    },
    endsOn: (time) => `sesión hasta ${time}`,
    states: {
      'signed out': 'Nadie ha iniciado sesión todavía',
      waiting: 'Alguien está iniciando sesión',
      'signed in': 'Sesión iniciada',
      refused: 'El proveedor pide iniciar sesión de nuevo',
    },
    stateHints: {
      'signed out': 'No se recoge correo hasta que su titular inicie sesión en el proveedor.',
      waiting: 'Continúa en el navegador en el que se empezó, o donde se escriba el código.',
      'signed in': 'Se renueva automáticamente.',
      refused:
        'El permiso que se dio ya no vale: se ha retirado o ha caducado. No se recoge correo hasta que alguien vuelva a iniciar sesión.',
    },
    until: (time) => `Como muy tarde el ${time} alguien tiene que volver a iniciar sesión.`,
    warnings: {
      'google testing': (time) =>
        `Esta aplicación de Google está en pruebas (“Testing”): la sesión caduca el ${time}. Publícala (“In production”) y vuelve a iniciar sesión.`,
      'no refresh token': (time) =>
        `El proveedor no ha dado nada con que renovar la sesión: caduca el ${time}. Comprueba que la aplicación pide acceso sin conexión (“offline access”) y vuelve a iniciar sesión.`,
      'scopes missing': () =>
        'No se ha aceptado todo lo que se pedía, y puede que no llegue correo. Vuelve a iniciar sesión y deja marcadas todas las casillas.',
      'another audience': () =>
        'Lo que ha dado el proveedor no es para sus servidores de correo, y puede que no llegue correo. Comprueba que la aplicación pide solo ámbitos de correo y vuelve a iniciar sesión.',
    },
    again: 'Volver a iniciar sesión',
    byCode: 'Iniciar sesión con código',
    makeLink: 'Crear un enlace para su titular',
    link: 'Enlace',
    linkTitle: (name) => `Un enlace para el titular de ${name}`,
    linkHint: (until) =>
      `El titular de ese buzón lo abre en un navegador e inicia sesión, sin tener una cuenta aquí. Vale hasta el ${until} y una sola vez. No se lo envíes a nadie más.`,
    signOut: 'Cerrar sesión',
    signedOut: 'Sesión cerrada.',
    signOutTitle: (name) => `¿Cerrar la sesión de ${name}?`,
    signOutHint:
      'Se olvida el permiso que dio el inicio de sesión. No se recoge correo hasta que alguien vuelva a iniciar sesión.',
    feeds: (mailbox, into) =>
      into === null
        ? `El correo que Tributary recoge se guardará en ${mailbox}.`
        : `Tributary recogerá el correo de ${mailbox} y lo reunirá en el buzón ${into}.`,
    openPage: 'Abre esta página en cualquier dispositivo:',
    typeCode: 'Escribe allí este código:',
    code: 'Código',
    waits: (time) => `Esperando. El código caduca ${time}.`,
    refused: (reason) => `No se ha aceptado: ${reason}.`,
    ends: {
      expired: 'Nadie ha escrito el código a tiempo. Empieza de nuevo.',
      denied: 'No se ha completado: el código ha caducado o se ha dicho que no al proveedor. Empieza de nuevo.',
    },
    gone: 'Su aplicación ya no existe: elige otra.',
    itsProvider: 'su proveedor',
  },
  guide: {
    title: 'Cómo se configura',
    lead: 'Lo que pide cada proveedor antes de que un programa pueda descargar el correo, paso a paso.',
    of: (name) => `Cómo se configura ${name}`,
    all: 'Cómo se configura en tu proveedor',
    ways: {
      'app password': 'Con una contraseña de aplicación',
      password: 'Con una contraseña',
      'sign in': 'Iniciando sesión',
      unattended: 'Sin que nadie inicie sesión, en una empresa',
      forward: 'Con reenvío',
    },
    server: (host) => `Servidor POP3: ${host}, puerto 995, TLS`,
    doneWhen: (seen) => `Está listo cuando ${seen}`,
    tryIt: 'Probar',
    answers: (host, port) => `Encontrado: ${host}, puerto ${port}. Responde, y su certificado es correcto.`,
    doesNotAnswer: (host, port) => `Encontrado: ${host}, puerto ${port}, pero ahora mismo no responde desde aquí.`,
    firstLogin: (n, size) => `El inicio de sesión funciona: ${messages(n)}, ${size}.`,
    noApplication: 'Aquí aún no hay guardada ninguna aplicación de este proveedor.',
    applicationSaved: (id) => `Guardada: ${id}`,
    lookAgain: 'Mirar de nuevo',
    nobodySignedIn: 'Nadie ha iniciado sesión todavía en este proveedor.',
    hasSignedIn: 'con sesión iniciada',
    hasNotSignedIn: 'sin sesión iniciada',
    noLoginYet: 'El primer inicio de sesión está en curso.',
    loginWorked: 'El primer inicio de sesión ha funcionado.',
    loginFailed: 'El último inicio de sesión ha fallado: mira la cuenta.',
    onlyAdmins: 'Aquí puede probar el inicio de sesión quien tenga permiso para añadir cuentas.',
  },
  add: {
    title: 'Añadir esta cuenta',
    lead: 'Escribe la dirección y su contraseña. Lo demás se busca solo, y puedes cambiarlo.',
    source: 'De dónde viene el correo',
    foundHere: 'Aquí aparece lo que se encuentra para la dirección.',
    looking: 'Buscando la configuración de esta dirección',
    found: (n) => count(n, { one: 'Configuración encontrada', other: 'Configuraciones encontradas, la mejor primero' }),
    noAnswer:
      'Tributary no responde en este momento, así que no se ha buscado nada. Se volverá a preguntar automáticamente.',
    notFound: {
      offline:
        'Tributary no llega ahora ni a los servidores de nombres ni a la web, así que no se sabe nada de esta dirección. Comprueba la conexión del equipo o escribe el servidor a mano.',
      'no such domain': 'Ese dominio no existe: comprueba cómo está escrita la dirección.',
      'no POP3': 'Su correo no se puede recoger por POP3.',
      unknown:
        'No se encontró la configuración de esta dirección. Pregunta a su proveedor cuál es el servidor POP3 y escríbelo aquí; abajo aparece el más habitual.',
    },
    meant: (address: string) => `¿Querías decir ${address}?`,
    takeMeant: 'Sí, usar esa',
    portAndTls: (port, tls) => `puerto ${port}, ${{ implicit: 'TLS', starttls: 'STARTTLS', none: 'sin cifrado' }[tls]}`,
    verified: 'Responde, y su certificado es correcto',
    unverified: 'No consta que responda',
    sources: {
      'built in': 'conocida por Tributary',
      autoconfig: 'según el dominio',
      'well-known': 'según el dominio',
      thunderbird: 'de la lista de Thunderbird',
      srv: 'según el DNS',
      mx: 'por su servidor de correo',
      guess: 'deducida',
    },
    byHand: 'Otra',
    byHandHint: 'Como te indique tu proveedor.',
    byHandTitle: 'Configuración del servidor, a mano',
    userHint: 'Si se deja vacío, es la dirección.',
    test: 'Probar',
    works: (n, size) => `Funciona: ${messages(n)}, ${size}`,
    asUser: (user) => `El nombre de usuario allí es ${user}.`,
    worksEmpty: 'Funciona; ahora mismo no hay correo en él',
    encrypted: (version, until) => `Cifrado con ${version}; el certificado es válido hasta el ${until}.`,
    notEncrypted: 'No se cifra nada: quien esté en medio puede leer la contraseña y todo el correo.',
    pin: 'Confiar exactamente en este certificado',
    pinned: 'Se confía exactamente en este certificado, y en ningún otro:',
    unpin: 'Comprobar los certificados como siempre',
    anyway: 'Añadirla de todos modos',
    goal: 'Adónde va el correo',
    newMailbox: 'Un buzón nuevo aquí',
    folderHint: 'Se crea si no hay ninguna con ese nombre.',
    mail: 'Qué pasa con él',
    stays: 'En el proveedor',
    retentions: {
      keep: {
        text: 'Dejar el correo allí',
        hint: 'En el proveedor no cambia nada. Ten en cuenta que su buzón puede llenarse.',
      },
      delete: {
        text: 'Eliminarlo una vez guardado',
        hint: 'Cada mensaje se elimina allí cuando ya está a salvo aquí.',
      },
      keepDays: {
        text: 'Eliminarlo al cabo de unos días',
        hint: 'Se puede leer allí durante un tiempo, y se elimina esos días después de guardarse aquí.',
      },
    },
    retentionDays: 'Días que el correo se queda en el proveedor',
    first: 'La primera vez',
    firstRuns: {
      all: { text: 'Recoger todo el correo', hint: 'Todo lo que hay ahora y todo lo que llegue.' },
      lastDays: {
        text: 'Recoger el correo de unos días',
        hint: 'El correo anterior se queda donde está, y tampoco se recoge más tarde.',
      },
      onlyNew: {
        text: 'Recoger solo el correo nuevo',
        hint: 'Lo que hay ahora no se toca; se recoge lo que llegue a partir de ahora.',
      },
    },
    firstDays: 'Días hacia atrás',
    submit: 'Añadir y empezar',
    added: 'Añadida. Empieza su primera importación.',
  },
  sending: {
    wish: 'Quiero responder con esta dirección',
    wishHint: 'Lo que envíes con ella sale por su propio proveedor, con la misma contraseña.',
    by: (server: string) => `Envía por ${server}.`,
    byHand: 'Envío: servidor y nombre, a mano',
    host: 'Servidor de envío (SMTP)',
    hostHint: 'Vacío: se busca.',
    port: 'Puerto de envío',
    tls: 'Cifrado del envío',
    user: 'Usuario de envío',
    password: 'Otra contraseña para el envío',
    asPop3: 'Vacío: como al recoger.',
    name: 'Tu nombre en lo que envías',
    nameHint: 'Aparece junto a la dirección.',
    works: (server: string) => `El envío funciona, por ${server}.`,
    fails: 'El envío todavía no funciona.',
    heldTitle: 'Ahora no se envía nada con esta dirección.',
    limitedTitle: 'Por ahora no se envía más con esta dirección.',
    goesOn: (time: string) => `Lo que está por salir espera, y se intenta de nuevo a las ${time}.`,
    goesOnSoon: 'Lo que está por salir espera, y se intenta de nuevo por sí solo.',
    spent: {
      minute: (messages: number) => `No pueden salir más de ${messages} mensajes por minuto.`,
      hour: (messages: number) => `No pueden salir más de ${messages} mensajes por hora.`,
      day: (messages: number) => `No pueden salir más de ${messages} mensajes al día.`,
    },
    shared: ({ address, user, host, sentBy }) =>
      `Otra cuenta de este buzón también tiene la dirección ${address} (${user} en ${host}). ${sentBy === 'new' ? 'Envía con ella la nueva.' : sentBy === 'former' ? 'Envía con ella la que estaba primero.' : 'Ninguna de las dos envía con ella.'}`,
    sendsBy: 'Envía por',
    nothing: 'nada: no debe enviar',
    notYet: 'aún no se sabe',
    steps: {
      'name the server': 'Escribe el servidor de envío: lo dicen las páginas de ayuda del proveedor.',
      'check login': 'Revisa usuario y contraseña. Son los de la recogida, si no hay otros para el envío.',
      'app password':
        'El proveedor quiere una contraseña de aplicación: crea una en sus ajustes de seguridad y escríbela aquí.',
      'sign in again': 'El inicio de sesión no incluye el envío: inicia sesión de nuevo y acéptalo allí.',
      'sign in instead': 'El proveedor no acepta contraseñas: inicia sesión allí.',
      'switch sending on':
        'El envío con programas está desactivado en este buzón: actívalo en sus ajustes en el proveedor.',
      'confirm on the web': 'Inicia sesión una vez en la página web del proveedor y confirma allí que fuiste tú.',
      'unlock on the web':
        'La cuenta está bloqueada: inicia sesión en la página web del proveedor, que dice cómo abrirla de nuevo.',
      'other encryption': 'Sin cifrado no se envía nada: prueba TLS en el puerto 465.',
      'check certificate': 'Revisa el nombre del servidor: su certificado no corresponde.',
      'other port': 'Muchas redes cierran este puerto: prueba 587 con STARTTLS o 465 con TLS.',
      'check the host': 'Revisa el nombre del servidor: no hay ninguno que se llame así.',
      'let the address in':
        'El proveedor rechaza el lugar desde el que llega Tributary: permítelo en los ajustes de seguridad.',
      'log in':
        'Solo envía para quien ha iniciado sesión: revisa usuario y contraseña, y si este es el servidor de envío.',
      'own address':
        'El proveedor no envía como esta dirección con este usuario: añade allí la dirección, o escribe su propio usuario y contraseña.',
      later: 'Inténtalo más tarde: el servidor dice que se pasará.',
      'ask the provider': 'Pregunta al proveedor qué es lo que quiere.',
    },
  },
  edit: {
    certificate: 'Certificado',
    trusts: {
      checked: 'Comprobarlo (habitual)',
      pinned: 'Confiar solo en uno',
      unchecked: 'Aceptar cualquiera (no seguro)',
    },
    uncheckedHint: 'Quien esté en medio puede hacerse pasar por el servidor y leer la contraseña y todo el correo.',
    fingerprint: 'Su huella digital (SHA-256)',
    fingerprintHint: 'La que indique el operador del servidor. Una prueba muestra la que hay ahora.',
    fingerprintPattern: '64 cifras y letras de la A a la F',
    trustedSoFar: 'De confianza hasta ahora',
    shownNow: 'El que muestra ahora el servidor',
    trusted: 'A partir de ahora se confía en este certificado. La cuenta se revisa ahora.',
    saveAndCheck: 'Guardar y revisar',
    saveAnyway: 'Guardar de todos modos',
    notSaved: 'No guardado.',
    otherSettings: 'Otras opciones',
    passwordWorks: 'Funciona, y se ha guardado. Se está recogiendo el correo.',
    more: 'Más: frecuencia, tamaño, marcas',
    least: 'Minutos entre revisiones, como mínimo',
    leastHint: 'Cuando llega mucho correo.',
    most: 'Minutos entre revisiones, como máximo',
    mostHint: 'Cuando apenas llega. Si es igual que el mínimo, se revisa exactamente así.',
    largest: 'Mensaje más grande, en MB',
    largestHint: 'Uno más grande se aparta y se queda en el proveedor.',
    flags: 'Marcas de lo que se guarda',
    flagsHint: 'Por ejemplo, \\Flagged o una palabra clave, separadas por espacios.',
    number: 'un número, como 2 o 0.5',
  },
  destinations: {
    title: 'Buzones',
    lead: 'Adónde va tu correo.',
    name: 'Buzón',
    kind: 'Tipo',
    kinds: { hosted: 'Alojado aquí', imap: 'En otro servidor' },
    kindHints: {
      hosted: 'Un buzón nuevo e independiente, que cualquier programa de correo lee por IMAP o POP3.',
      imap: 'Uno que tienes en otro lugar: el correo se deposita en él por IMAP.',
    },
    works: 'Acepta correo',
    paused: 'En pausa',
    add: 'Añadir un buzón',
    make: 'Crear',
    none: 'Aún no hay buzones',
    noneHint: 'El correo que se recoge necesita uno al que ir.',
    imapServer: 'Servidor IMAP',
    letsIn: (n: number) => `Funciona: ${messages(n)} en la bandeja de entrada de allí.`,
    keepsOut: 'No se puede entrar con estos datos',
    gone: 'Este buzón ya no existe',
    goneHint: 'Puede que alguien lo haya eliminado.',
    toAll: 'A todos los buzones',
    changePassword: 'Cambiar la contraseña',
    passwordTitle: (name) => `Contraseña nueva de ${name}`,
    passwordHint: 'Entra en vigor de inmediato: escríbela en cada programa de correo que lea este buzón.',
    presentPassword: 'Contraseña actual',
    newPassword: 'Contraseña nueva',
    passwordForeignHint: 'La que su servidor ya conoce. Allí no se cambia.',
    passwordChanged: 'La contraseña nueva ya está en vigor.',
    limitImports: 'Limitar primeras importaciones',
    limitImportsTitle: (name) => `Primeras importaciones a ${name}`,
    limitImportsHint:
      'Todas sus cuentas juntas. Si se deja vacío, va tan rápido como llegue el correo. El correo nuevo nunca espera por esto. Gmail acepta unos 500 MB al día, es decir, 20 por hora; por encima va muy lento, o rechaza correo durante un tiempo.',
    connect: 'Leerlo con un programa de correo',
    connectHint: 'Escribe esto en cualquier programa de correo, con la contraseña de este buzón.',
    connectForeignHint: 'El correo se deposita allí con este usuario; léelo como siempre.',
    tls: { implicit: 'TLS desde el principio', starttls: 'STARTTLS', none: 'Ninguno' },
    others: 'Otros accesos',
    mobileconfig: 'Para iPhone, iPad y Mac',
    autoconfig: 'Para Thunderbird',
    filesHint:
      'En un iPhone, iPad o Mac, abre el primer archivo en el propio dispositivo e instálalo en Ajustes, “Perfil descargado”; pedirá la contraseña. Thunderbird no necesita ningún archivo si la dirección termina en el nombre de este servidor: escribe la dirección y encontrará el resto. En los demás casos, el segundo archivo es para quien administra el dominio de las direcciones, que debe ponerlo donde lo busca Thunderbird (/.well-known/autoconfig/mail/config-v1.1.xml).',
    missing:
      'Otros dispositivos aún no llegan hasta aquí, así que no hay ningún archivo para ellos. Lo que falta donde se inicia Tributary:',
    missingSettings: {
      TRIBUTARY_MAIL_HOST: '0.0.0.0, para que los puertos de correo estén abiertos a otros dispositivos',
      TRIBUTARY_PUBLIC_NAME: 'el nombre con el que llegan a este equipo',
      TRIBUTARY_TLS_CERT:
        'junto con TRIBUTARY_TLS_KEY: un certificado para ese nombre en el que confíen los dispositivos',
    },
    sendingHint: 'Ninguno de los dos lleva la contraseña: se pide al usarlos.',
    smtpServer: 'Servidor SMTP, para enviar',
    outgoingHint:
      'Con el mismo usuario y contraseña acepta correo de cualquier dirección de este buzón cuya cuenta envíe, y lo entrega a través del proveedor de esa dirección.',
    phone: 'En un teléfono o una tableta',
    qrCode: 'Código QR con la dirección de esta página',
    phoneHint: (login) =>
      `Escanéalo: abre allí esta página. Inicia sesión como ${login}, con la contraseña de este buzón, y descarga el perfil para iPhone y iPad, o copia la configuración.`,
    phoneCannot: (place) =>
      `Para un teléfono hay aquí un código QR en cuanto abras esta página con un nombre al que el teléfono pueda llegar: ${place} solo lleva a este equipo.`,
    mail: 'Correo que contiene',
    messages,
    folders: (n) => count(n, { one: 'en una carpeta', other: 'en # carpetas' }),
    fedBy: 'Cuentas que lo alimentan',
    fedByNone: 'Aún no hay cuentas',
    fedByNoneHint: 'No llega nada automáticamente hasta que se añada una.',
    fedByMore: (n, of) => `Se muestran ${number(n)} de ${number(of)}.`,
    remove: 'Eliminar',
    removed: 'Eliminado.',
    removeTitle: (name) => `¿Eliminar ${name}?`,
    removeHint:
      'Su usuario deja de funcionar de inmediato. Su correo se queda en el disco y vuelve a estar ahí si se crea un buzón con el mismo nombre.',
    removeForeignHint: 'En su servidor no cambia nada: solo se olvida lo que Tributary sabe de él.',
    purge: 'Eliminar también su correo, para siempre',
  },
  mail: {
    title: 'Correo',
    choose: '¿Qué buzón quieres leer?',
    unreadOf: (unread) => `${number(unread)} sin leer`,
    cannotTell: 'no se puede leer ahora',
    read: 'Leer el correo',
    readOf: (mailbox) => `Leer el correo de ${mailbox}`,
    folders: 'Carpetas',
    uses: {
      inbox: 'Bandeja de entrada',
      sent: 'Enviados',
      drafts: 'Borradores',
      junk: 'Spam',
      trash: 'Papelera',
      archive: 'Archivo',
    },
    count: messages,
    unread: 'sin leer',
    which: 'Qué mensajes',
    onlyUnread: 'Sin leer',
    search: 'Buscar en esta carpeta',
    toDay: 'Ir al día',
    looked: ({ messages: all, text, folded, spellings }) =>
      [
        text < all
          ? `Se buscó en el texto completo de ${messages(text)} de ${number(all)}, los últimos.`
          : 'Se buscó en el texto completo de todos los mensajes.',
        folded < all
          ? `En el remitente, el asunto y las primeras palabras de ${messages(folded)}, los más recientes, los acentos no cuentan.`
          : 'En el remitente, el asunto y las primeras palabras, los acentos no cuentan.',
        ...(spellings.length > 0 ? [`También se buscó: ${spellings.join(', ')}.`] : []),
      ].join(' '),
    replyList: 'Responder a la lista',
    goOn: 'Seguir escribiendo',
    outbox: 'Bandeja de salida',
    keys: {
      title: 'Teclas',
      next: 'Mensaje siguiente',
      previous: 'Mensaje anterior',
      ends: 'Primer y último mensaje',
      open: 'Abrir el mensaje',
      search: 'Buscar',
      reply: 'Responder',
      replyAll: 'Responder a todos',
      forward: 'Reenviar',
      write: 'Mensaje nuevo',
      leave: 'Cerrar el mensaje, o salir del campo de búsqueda',
      help: 'Mostrar estas teclas',
      on: 'Usar letras y signos sueltos como teclas',
    },
    look: 'Mirar si hay correo nuevo',
    empty: 'No hay nada en esta carpeta',
    emptyHint: 'Lo que llegue aparece automáticamente.',
    noneUnread: 'No hay nada sin leer',
    noneFound: 'Sin resultados',
    answered: 'respondido',
    flagged: 'destacado',
    withAttachments: 'con adjuntos',
    nobody: '(sin remitente)',
    message: 'Mensaje',
    chooseOne: 'Elige un mensaje para leerlo',
    backTo: (folder) => `Volver a ${folder}`,
    gone: 'Este mensaje ya no está aquí',
    goneHint: 'Entretanto se ha movido o eliminado, aquí o en un programa de correo.',
    lookAgain: 'Volver a mirar la carpeta',
    from: 'De',
    sent: 'Enviado',
    replyTo: 'responder a',
    to: 'para',
    cc: 'cc',
    othersToo: (n) => count(n, { one: 'y una persona más', other: 'y # más' }),
    gatheredFrom: 'recogido de',
    flag: 'Destacar',
    unflag: 'Dejar de destacar',
    markRead: 'Marcar como leído',
    markUnread: 'Marcar como no leído',
    original: 'Original (.eml)',
    downloadOriginal: 'Descargar el original (.eml)',
    attachments: 'Adjuntos',
    unnamed: 'sin nombre',
    form: 'Ver como',
    asHtml: 'HTML',
    asText: 'Texto',
    frame: 'Texto del mensaje',
    colours: 'Colores',
    dark: 'Oscuro',
    asSent: 'Como se envió',
    pictures: 'Imágenes',
    calendar: {
      event: 'Evento',
      cancelled: 'cancelado',
      when: 'Cuándo',
      where: 'Dónde',
      organizer: 'Invita',
      attendees: 'Invitados',
      zone: (zone) => (zone === null ? '(donde estés)' : `(hora de ${zone})`),
      repeats: {
        daily: 'cada día',
        weekly: 'cada semana',
        monthly: 'cada mes',
        yearly: 'cada año',
        otherwise: 'y otra vez más adelante',
      },
    },
    heldBack:
      'No se cargan las imágenes remotas: al cargarlas, el remitente sabría cuándo lees este mensaje y desde dónde.',
    showRemote: 'Mostrar imágenes remotas',
    incomplete:
      'Tiene más direcciones o partes, o nombres más largos, de lo que se muestra: descarga el original para verlo todo.',
    unreadable: '(no se puede mostrar: ábrelo para descargar el original)',
    truncated: 'Esto es solo el principio: descarga el original para verlo todo.',
    withheld: {
      slow: 'No se muestra su HTML: hacerlo inofensivo lleva demasiado tiempo.',
      failed: 'No se muestra su HTML: no se puede hacer inofensivo.',
      busy: 'No se muestra su HTML: ahora mismo se están leyendo demasiados mensajes. Vuelve a abrirlo dentro de un momento.',
    },
    noText: 'Este mensaje no tiene texto',
    noTextHint: 'Lo que trajo está adjunto, o en el original.',
  },
  welcome: {
    title: 'Te damos la bienvenida',
    lead: 'Dos pasos, y llega tu correo. En tu proveedor no se elimina nada.',
    stepOf: (n, of) => `Paso ${n} de ${of}`,
    mailbox: 'Tu buzón aquí',
    mailboxHint: 'En él se reúne todo tu correo. Lo lee cualquier programa de correo, por IMAP, con este usuario.',
    login: 'Usuario',
    loginHint: 'a-z, 0-9, punto, guion, guion bajo o @',
    password: 'Elige una contraseña',
    next: 'Continuar',
    account: 'La cuenta de la que viene el correo',
    accountHint: 'Como la escribirías en un programa de correo, para POP3.',
    accountPassword: 'Su contraseña',
    accountPasswordHint: 'En Gmail, Yahoo y otros: una contraseña de aplicación, que se crea en sus páginas web.',
    server: 'Configuración del servidor',
    found: 'Se ha encontrado la configuración de este proveedor.',
    looking: 'Buscando la configuración de este proveedor',
    start: 'Probar y empezar',
    testing: 'Iniciando sesión en el proveedor',
    exists: (login) => `El correo va a ${login}.`,
    sample: 'O echa antes un vistazo',
    sampleHint:
      'Un proveedor de muestra en este equipo tiene unas cuantas docenas de mensajes, algunos de ellos raros. Se recogen en un buzón propio; elimina la cuenta y el buzón cuando hayas visto bastante.',
    trySample: 'Probarlo con correo de muestra',
    notAllowed: 'Aún no hay nada configurado',
    notAllowedHint: 'Un administrador tiene que añadir la primera cuenta.',
  },
}
