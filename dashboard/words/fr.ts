/** Français. The narrow no-break spaces of French stand before ; : ! ? and inside « ». */
import type { GuideWords } from '../guides.ts'
import type { Words } from './en.ts'
import { plurals } from './plural.ts'
import { remedySentence, type RemedyWords } from './remarks.ts'
import type { ProtocolWords, StepWords } from './steps.ts'

const count = plurals('fr')
const number = (n: number) => n.toLocaleString('fr')
const messages = (n: number) => count(n, { one: '# message', many: '# de messages', other: '# messages' })
const accounts = (n: number) => count(n, { one: '# compte', other: '# comptes' })

const wholes = new Map([
  ['1 min', 'toutes les minutes'],
  ['1 h', 'toutes les heures'],
  ['1 j', 'tous les jours'],
])
/** `toutes les 15 min`, `tous les 2 j`: days are masculine, the other units feminine. */
const every = (time: string) =>
  wholes.get(time.replaceAll(/\s/g, ' ')) ?? `${/\sj\b/.test(time) ? 'tous' : 'toutes'} les ${time}`

const tlsNames = { implicit: 'TLS', starttls: 'STARTTLS', none: 'Aucun' } as const
/** The protocols whose name is another one behind « c’est ». */
const spoken: ProtocolWords = { POP3: 'POP3 sans chiffrement', 'the web': 'un serveur web' }

const remedies: RemedyWords = {
  'raise maxmemory': () =>
    'Donnez plus de mémoire à Redis (maxmemory). Aucun message n’est perdu, et tout reprend de soi-même dès qu’il y a de la place.',
  'make room on the disk of Redis': () =>
    'Libérez de la place sur ce disque. Aucun message n’est perdu, et tout reprend de soi-même dès qu’il y a de la place.',
  'see what Redis says': () =>
    'Lisez le journal de Redis et libérez de la place sur son disque. Aucun message n’est perdu, et tout reprend de soi-même dès qu’il y a de la place.',
  'see whether Redis runs': () =>
    'Vérifiez que Redis fonctionne et ce que dit son journal. Aucun message n’est perdu, et tout reprend de soi-même quand il répond.',
  'wait for Redis': () => 'Attendez. Aucun message n’est perdu, et tout reprend de soi-même quand Redis est prêt.',
  'point at the master': () =>
    'Faites pointer TRIBUTARY_REDIS_URL vers le maître. Aucun message n’est perdu, et tout reprend alors de soi-même.',
  'put the Redis URL right': () =>
    'Corrigez TRIBUTARY_REDIS_URL ou les droits de son utilisateur dans Redis. Aucun message n’est perdu.',
  'change the settings of Redis': () =>
    'Changez ces réglages du nouveau maître. Aucun message n’est perdu, et tout reprend alors de soi-même.',
  'set user and password anew': () => 'Saisissez de nouveau le nom d’utilisateur et le mot de passe.',
  'choose the folder anew': () => 'Choisissez de nouveau le dossier.',
  'change the account': ({ subject }) => `Modifiez le compte ${subject} : par quoi il se connecte, ou son serveur.`,
  'change the destination': ({ subject }) =>
    `Modifiez la boîte ${subject} : par quoi elle se connecte, ou son serveur.`,
  'look at the application': ({ subject }) => `Vérifiez dans les réglages l’application ${subject} et son secret.`,
  'put the key back': ({ subject }) =>
    `Remettez la secret-key ${subject} en place ; ou saisissez de nouveau le mot de passe, ou reconnectez-vous.`,
  'set the secret anew': () => 'Saisissez de nouveau le mot de passe.',
  'sign in again': () => 'Reconnectez-vous.',
}

/** What has to be known before a login at a provider. */
const adviceTexts: Words['advice']['texts'] = {
  'app password': (p) =>
    `${p} exige un mot de passe d’application à la place du vôtre : créez-en un dans ses paramètres de sécurité.`,
  'app password and POP3': (p) =>
    `${p} exige que POP3 soit activé dans ses paramètres de messagerie, et un mot de passe d’application à la place du vôtre.`,
  'sign in': (p) =>
    `${p} n’accepte aucun mot de passe, ni le vôtre ni un mot de passe d’application : la personne à qui appartient la boîte s’y connecte.`,
  forward: (p) => `${p} n’offre pas POP3 : faites transférer le courrier de la boîte, dans ses paramètres.`,
  'no POP3': (p) => `${p} n’offre pas POP3 : son courrier ne peut être lu que dans ses propres logiciels.`,
  'switch POP3 on': (p) =>
    `${p} n’accepte les logiciels de messagerie qu’une fois POP3 activé dans les paramètres de son site web.`,
  'switch POP3 on, app password': (p) =>
    `${p} n’accepte les logiciels de messagerie qu’une fois POP3 activé dans les paramètres de son site web ; avec la double authentification, il faut un mot de passe d’application.`,
  'password for programs': (p) =>
    `${p} exige le mot de passe pour logiciels de messagerie, défini dans ses paramètres, et non celui de son site web.`,
  'authorization code': (p) =>
    `${p} exige un code d’autorisation à la place du mot de passe : son site web l’affiche quand POP3 est activé.`,
  'in clear': () => 'Le mot de passe y circulerait en clair : n’importe qui sur le trajet pourrait le lire.',
}

const steps: StepWords = {
  'other port': ({ port, tls, blocked }) =>
    `${blocked ? 'Un pare-feu semble bloquer ce port, mais ' : ''}POP3 répond sur le port ${port} du même serveur : réglez le port sur ${port} et le chiffrement sur ${tlsNames[tls]}.`,
  'no safe port': () =>
    'Demandez à votre fournisseur un serveur avec chiffrement : celui-ci n’en offre sur aucun port habituel, et sans chiffrement n’importe qui sur le trajet peut lire le mot de passe.',
  'provider note': ({ provider, note, advice, certain }) => {
    const told =
      advice === undefined
        ? `À savoir pour ${provider}, en anglais : « ${note} »`
        : adviceTexts[advice.code](advice.provider ?? provider)
    return certain ? told : `Si le nom d’utilisateur et le mot de passe sont justes : ${told}`
  },
  'app password': () =>
    'Un mot de passe d’application est exigé : créez-en un dans les paramètres de sécurité du fournisseur, et saisissez-le à la place du vôtre.',
  'forward instead': () =>
    'Aucun mot de passe n’est accepté : le titulaire doit se connecter chez le fournisseur. Ou bien faites transférer le courrier de cette boîte.',
  'sign in instead': () =>
    'Aucun mot de passe n’est accepté : le titulaire doit se connecter chez le fournisseur, par une application qui y est enregistrée.',
  'plain letters': () =>
    'Le nom d’utilisateur ou le mot de passe contient des caractères hors ASCII (comme ä ou é), que certains serveurs lisent autrement : si les deux sont justes, choisissez chez le fournisseur un mot de passe fait de lettres sans accent, de chiffres et de signes simples.',
  'confirm on the web': () =>
    'Connectez-vous une fois sur le site du fournisseur et confirmez que c’était bien vous ; puis réessayez.',
  'unlock on the web': () =>
    'Connectez-vous sur le site du fournisseur : le compte est bloqué, et le site indique comment le débloquer.',
  'switch POP3 on': () => 'Activez POP3 dans les paramètres de la boîte mail, sur le site de son fournisseur.',
  'other tariff': () =>
    'POP3 n’est pas compris dans l’offre de cette boîte mail : choisissez chez le fournisseur une offre qui le comprend, ou faites transférer le courrier.',
  moved: ({ host }) =>
    host === null
      ? 'La boîte mail a déménagé : demandez au fournisseur son nouveau serveur, et saisissez-le.'
      : `La boîte mail a déménagé : si vous savez que ${host} est bien à votre fournisseur, saisissez-le comme serveur.`,
  'make room': () => 'La boîte mail est pleine : faites-y de la place sur le site du fournisseur.',
  'let the address in': () =>
    'Le fournisseur bloque l’adresse ou le pays d’où vient Tributary : autorisez-les dans les paramètres de sécurité de la boîte mail, ou adressez-vous au fournisseur.',
  'use TLS': () =>
    'Le mot de passe n’est pas accepté en clair : réglez le chiffrement sur TLS et le port sur 995, ou sur STARTTLS pour ce port.',
  'choose TLS or sasl': () =>
    'Quelqu’un intercepte peut-être la connexion, et un nouveau mot de passe n’y change rien : réglez le chiffrement sur TLS ou STARTTLS, ou, si le fournisseur dit que c’est normal, choisissez vous-même le mécanisme de connexion.',
  'choose a new password': () => 'Choisissez un nouveau mot de passe sur le site du fournisseur, et saisissez-le ici.',
  'renew the licence': () =>
    'Il manque une licence au serveur de messagerie : son exploitant doit la renouveler ; aucun réglage ici n’y peut rien.',
  'pin until renewed': () =>
    'Le fournisseur doit renouveler son certificat. En attendant : si vous connaissez ce serveur, comparez l’empreinte (SHA-256) avec celle que donne son exploitant, et faites confiance à ce seul certificat.',
  'pin if known': () =>
    'Si vous connaissez ce serveur : comparez l’empreinte (SHA-256) de son certificat avec celle que donne son exploitant, et faites confiance à ce seul certificat.',
  'pin if renewed': () =>
    'Si le fournisseur a renouvelé son certificat, faites confiance au nouveau ; sinon, quelqu’un intercepte peut-être la connexion.',
  'install the chain': () =>
    'Demandez au fournisseur d’installer la chaîne complète de son certificat. En attendant : si vous connaissez ce serveur, comparez l’empreinte (SHA-256) avec celle que donne son exploitant, et faites confiance à ce seul certificat.',
  'set a host name': () => 'Saisissez le nom du serveur, que donne le fournisseur, à la place de son adresse IP.',
  'provider mends TLS': () =>
    'C’est au fournisseur de corriger cela. Si d’autres programmes y accèdent depuis ailleurs, quelque chose perturbe la connexion en chemin.',
  'check the clock': () =>
    'Vérifiez l’horloge de la machine où tourne Tributary ; si elle est juste, c’est au fournisseur de corriger son certificat.',
  'set the host': ({ host }) =>
    `Si vous savez que ${host} est bien à votre fournisseur, saisissez-le comme serveur : c’est pour ce nom que vaut le certificat.`,
  'set a host under': ({ domain }) =>
    `Si vous savez que ${domain} est bien à votre fournisseur, saisissez un serveur dont le nom se termine ainsi : c’est pour ce domaine que vaut le certificat.`,
  'newer TLS': () => 'Le fournisseur doit offrir TLS 1.2 ou plus récent ; en deçà, rien n’est sûr.',
  'allow old TLS': () =>
    'Le fournisseur doit offrir TLS 1.2 ou plus récent. En attendant, vous pouvez régler la version minimale de TLS sur 1.0 dans les réglages avancés : quelqu’un sur le trajet pourra alors peut-être lire ce qui est transmis.',
  'allow weak TLS': ({ certain }) =>
    certain
      ? 'C’est au fournisseur de corriger cela. En attendant, vous pouvez autoriser un chiffrement ancien et faible dans les réglages avancés : quelqu’un sur le trajet pourra alors peut-être lire ce qui est transmis.'
      : 'C’est au fournisseur de corriger cela. Si son serveur est ancien, il peut être utile d’autoriser un chiffrement ancien et faible dans les réglages avancés : quelqu’un sur le trajet pourra alors peut-être lire ce qui est transmis.',
  'ask for less TLS': () =>
    'Réglez la version minimale de TLS sur 1.2 dans les réglages avancés, ce qui reste sûr, ou demandez TLS 1.3 au fournisseur.',
  'check the proxy': ({ server }) =>
    `Vérifiez que le proxy ${server} fonctionne, qu’il laisse Tributary se connecter à ce port, et que son nom d’utilisateur et son mot de passe sont justes.`,
  'set starttls': () =>
    'Réglez le chiffrement sur STARTTLS pour ce port ; avec TLS dès le début, c’est le plus souvent le port 995.',
  'set implicit': () => 'Réglez le chiffrement sur TLS, et le port sur 995.',
  'set implicit here': () => 'Réglez le chiffrement sur TLS pour ce port : on y parle TLS dès le début.',
  'check TLS': () => 'Vérifiez le nom du serveur et le type de chiffrement.',
  'slow to greet': () =>
    'Le serveur accepte les connexions mais ne dit rien : vérifiez le port et le chiffrement. S’ils sont justes, il est lent, et une relève, qui attend plus longtemps que ce test, peut aboutir malgré tout.',
  'check login': () =>
    'Vérifiez le nom d’utilisateur et le mot de passe : beaucoup de fournisseurs demandent l’adresse entière comme nom d’utilisateur, et certains un mot de passe d’application.',
  'check login, then wait': () =>
    'Vérifiez le nom d’utilisateur et le mot de passe, et attendez quelques minutes avant de réessayer.',
  'check spelling': ({ host }) => `Vérifiez l’orthographe de ${host} : aucun serveur ne porte ce nom.`,
  'check host and port': ({ looked, server }) =>
    `Vérifiez le serveur et le port : ${looked ? 'POP3 ne répond sur aucun de ses ports habituels' : 'rien ne répond sur ce port'}. S’ils sont justes, un pare-feu empêche peut-être les connexions vers ${server} de sortir.`,
  'check host, or shut out': () =>
    'Réessayez dans quelques minutes ; si cela persiste, vérifiez le serveur et le port ; il se peut aussi que le fournisseur bloque l’adresse de cette machine.',
  'not POP3': ({ speaks }) =>
    speaks === null
      ? 'Vérifiez le serveur et le port : ce qui répond ne parle pas POP3 comme il se doit. S’ils sont justes, adressez-vous au fournisseur, ou cherchez un proxy ou un antivirus en chemin.'
      : `Vérifiez le serveur et le port : c’est ${spoken[speaks] ?? speaks} qui répond là, alors que POP3 est le plus souvent sur le port 995 avec TLS.`,
  'name servers': () =>
    'Réessayez bientôt ; si cela persiste, c’est que les serveurs de noms (DNS) que Tributary interroge ne répondent pas.',
  'try later': () => 'Réessayez dans quelques minutes.',
  'try later, too slow': () => 'Réessayez plus tard : le serveur est trop lent en ce moment.',
  'wait, each try counts': () => 'Attendez quelques minutes avant de réessayer : chaque essai compte.',
  'wait for the quota': () =>
    'Le serveur ne livre qu’une certaine quantité de courrier par jour ou par heure, et elle est épuisée : attendez qu’il en livre de nouveau, le plus souvent dans la journée.',
  'close other programs': () =>
    'Fermez les autres programmes qui relèvent cette boîte mail par POP3, ou attendez : certains fournisseurs la gardent verrouillée 15 minutes.',
  'ask the provider': () =>
    'Réessayez dans quelques minutes ; si cela persiste, le fournisseur peut dire ce que cela signifie.',
  'provider must act': () =>
    'Le serveur dit que cela ne se résoudra pas tout seul : demandez au fournisseur de le corriger.',
  'open the folder': ({ folder }) =>
    `Vérifiez dans le stockage du courrier que cet identifiant peut écrire dans le dossier ${folder} et que celui-ci n’est pas plein, ou choisissez un autre dossier pour le compte.`,
  'set the destination login': () =>
    'Saisissez de nouveau le nom d’utilisateur et le mot de passe de la destination : beaucoup de fournisseurs demandent l’adresse entière comme nom d’utilisateur, et certains un mot de passe d’application.',
  'app password for the destination': () =>
    'Un mot de passe d’application est exigé : créez-en un dans les paramètres de sécurité du fournisseur, et saisissez-le comme mot de passe de la destination.',
  'new password for the destination': () =>
    'Choisissez un nouveau mot de passe sur le site du fournisseur, et saisissez-le comme mot de passe de la destination.',
  'another destination': () =>
    'Aucun mot de passe n’est accepté : connectez la destination chez son fournisseur, ou saisissez un mot de passe d’application s’il en propose.',
  'sign the destination in': () =>
    'Aucun mot de passe n’est accepté : connectez la destination chez son fournisseur, ou saisissez un mot de passe d’application s’il en propose.',
  'switch IMAP on': () => 'Activez IMAP dans les paramètres de cette boîte mail, sur le site de son fournisseur.',
  'use TLS for the destination': () =>
    'Le mot de passe n’est pas accepté en clair : réglez le chiffrement de la destination sur TLS et son port sur 993, ou sur STARTTLS pour ce port.',
  remedy: (step) => remedySentence(remedies, step, (text) => `En anglais : « ${text}. »`),
}

/** Steps that several providers have in common. */
const tried = {
  title: 'Essayer ici',
  acts: ['Saisissez l’adresse et le mot de passe. Ce n’est qu’un essai : rien n’est récupéré ni conservé.'],
}
const save = {
  title: 'Saisir l’application ici',
  acts: [
    'Un administrateur le fait une seule fois ; les comptes de chacun chez ce fournisseur se connectent ensuite par elle.',
  ],
}
const signIn = {
  title: 'Se connecter',
  acts: [
    'Ajoutez le compte, et choisissez de vous connecter. Le navigateur va chez le fournisseur, puis revient.',
    'Pour la boîte mail de quelqu’un d’autre : ajoutez le compte et, sur la page du compte, créez un lien pour son titulaire.',
  ],
}
const begin = {
  title: 'Ajouter les boîtes mail',
  acts: [
    'En ligne de commande, en tant qu’administrateur : ajoutez chaque boîte mail avec l’identifiant que l’application porte ici, et connectez-la.',
  ],
}

const google: GuideWords['google'] = {
  name: 'Gmail et Google Workspace',
  lead: 'Le plus simple est un mot de passe d’application : dix minutes, et il est valable tant que vous ne changez pas votre mot de passe Google. Votre mot de passe habituel est refusé.',
  steps: {
    twoSteps: {
      title: 'Activer la validation en deux étapes',
      acts: [
        'Ouvrez la page et connectez-vous avec le compte dont le courrier est à relever.',
        'Cliquez sur « Activer la validation en deux étapes », et suivez les indications jusqu’au bout. Sans elle, Google ne crée pas de mots de passe d’application.',
      ],
      done: 'la page indique que la validation en deux étapes est activée.',
    },
    appPassword: {
      title: 'Créer un mot de passe d’application',
      acts: [
        'Ouvrez la page. Elle indique que le réglage n’est pas disponible tant que la validation en deux étapes est désactivée, si celle-ci ne repose que sur des clés de sécurité, avec la Protection avancée, ou si un administrateur de votre Workspace ne le permet pas.',
        'Saisissez un nom, par exemple celui ci-dessous, et cliquez sur « Créer ».',
        'Copiez les 16 lettres. Elles ne sont affichées que cette fois ; les espaces ne comptent pas.',
        'Quand vous changez votre mot de passe Google, les mots de passe d’application prennent fin : créez-en alors un nouveau.',
      ],
      done: 'le nom figure dans la liste de vos mots de passe d’application.',
    },
    pop: {
      title: 'Activer POP',
      acts: [
        'Ouvrez la page sur un ordinateur : dans Gmail, ce sont « Paramètres », « Voir tous les paramètres », « Transfert et POP/IMAP ».',
        'Choisissez d’activer le protocole POP pour tous les messages, ou seulement pour ceux qui arrivent à partir de maintenant.',
        'Pour les messages récupérés par POP, choisissez de conserver la copie de Gmail dans la boîte de réception, et cliquez sur « Enregistrer les modifications ».',
      ],
      done: 'la même page indique que POP est activé.',
    },
    try: tried,
    project: {
      title: 'Créer un projet',
      acts: [
        'Cette voie est pour qui n’a pas droit aux mots de passe d’application. Elle prend une demi-heure.',
        'Ouvrez la page, saisissez un nom comme « Tributary », et cliquez sur « Créer ».',
      ],
      done: 'le nom du projet s’affiche en haut de la page. Restez-y pour les étapes suivantes.',
    },
    consent: {
      title: 'Dire qui demande l’autorisation',
      acts: [
        'Ouvrez la page, cliquez sur « Commencer » (Get started), et saisissez un nom et votre adresse.',
        'Sous « Audience », choisissez « Interne » si toutes les boîtes mail sont de votre propre Workspace, sinon « Externe ». Terminez par « Créer ».',
      ],
      done: 'la page indique que la configuration OAuth a été créée.',
    },
    publish: {
      title: 'La publier, sinon tout prend fin au bout de sept jours',
      acts: [
        'Avec « Externe », ouvrez la page et cliquez sur « Publier l’application », pour que l’état de publication soit « En production ».',
        'Tant qu’il est « Test » (Testing), chaque connexion prend fin au bout de sept jours, et il faut se reconnecter toutes les semaines.',
        'Aucune validation n’est nécessaire jusqu’à 100 personnes : elles voient « Google n’a pas validé cette application », et continuent par « Paramètres avancés ».',
      ],
      done: 'l’état de publication est « En production », ou l’audience est « Interne ».',
    },
    scope: {
      title: 'Autoriser l’accès au courrier',
      acts: [
        'Ouvrez la page, cliquez sur « Ajouter ou supprimer des champs d’application », et collez le texte ci-dessous dans le champ d’ajout manuel (Manually add scopes).',
        'Cliquez sur « Ajouter au tableau » (Add to table), « Mettre à jour » et « Enregistrer ».',
      ],
      done: 'il figure parmi vos champs d’application restreints (Your restricted scopes).',
    },
    client: {
      title: 'Créer un client',
      acts: [
        'Ouvrez la page, et choisissez « Application Web ».',
        'Sous « URI de redirection autorisés », cliquez sur « Ajouter un URI », et collez-y l’URI de redirection. Cliquez sur « Créer ».',
        'Copiez l’ID client et le code secret du client ; ce dernier n’est affiché que cette fois.',
      ],
      done: 'vous avez les deux.',
    },
    save,
    popToo: {
      title: 'Activer POP dans la boîte mail',
      acts: [
        'Ouvrez la page sur un ordinateur, choisissez d’activer le protocole POP pour tous les messages, et cliquez sur « Enregistrer les modifications ».',
      ],
      done: 'la même page indique que POP est activé.',
    },
    signIn,
    serviceAccount: {
      title: 'Créer un compte de service',
      acts: [
        'Cette voie est pour l’administrateur d’un Google Workspace, et pour les boîtes mail de ce Workspace.',
        'Ouvrez la page, cliquez sur « Créer un compte de service », saisissez un nom comme « Tributary », et validez par « OK » (Done).',
        'Ouvrez-le, notez son « ID unique », et sous « Clés » cliquez sur « Ajouter une clé », « Créer une clé », « JSON ».',
      ],
      done: 'un fichier qui se termine par .json a été téléchargé. Qui le possède peut lire les boîtes mail de l’étape suivante.',
    },
    delegation: {
      title: 'Lui permettre de lire des boîtes mail',
      acts: [
        'Ouvrez la page : dans la console d’administration, ce sont « Sécurité », « Contrôle des accès et des données », « Commandes des API », « Délégation au niveau du domaine ».',
        'Cliquez sur « Ajouter », mettez l’ID unique dans « ID client », et le texte ci-dessous dans « Champs d’application OAuth ». Cliquez sur « Autoriser ».',
      ],
      done: 'l’ID et le champ d’application figurent dans la liste. La prise d’effet peut demander quelques minutes.',
    },
    key: {
      title: 'Saisir sa clé',
      acts: [
        'En ligne de commande, en tant qu’administrateur : l’ID est l’ID unique, le fichier est la clé, et « --address » est donné une fois pour chaque boîte mail que l’application peut ouvrir.',
        'Supprimez ensuite le fichier : la clé est conservée scellée.',
      ],
    },
    begin,
  },
}

const microsoft: GuideWords['microsoft'] = {
  name: 'Outlook.com, Hotmail et Microsoft 365',
  lead: 'Microsoft n’accepte plus ni votre mot de passe ni un mot de passe d’application : le titulaire de la boîte mail se connecte, dans un navigateur. Auparavant, un administrateur enregistre une application, une fois pour tous les comptes.',
  steps: {
    register: {
      title: 'Enregistrer une application',
      acts: [
        'Ouvrez la première page ; la deuxième est celle du gouvernement américain, la troisième celle de 21Vianet en Chine. Il faut un compte avec un annuaire (locataire) : un compte Microsoft 365 en a un, les autres en obtiennent un avec un compte Azure gratuit.',
        'Cliquez sur « Nouvelle inscription », et saisissez un nom comme « Tributary ».',
        'Sous « Types de comptes pris en charge », choisissez les comptes dans n’importe quel annuaire d’organisation et les comptes Microsoft personnels.',
        'Sous « URI de redirection », choisissez « Web », collez-y l’URI de redirection, et cliquez sur « Inscrire ».',
        'Copiez l’« ID d’application (client) ».',
      ],
      done: 'la page affiche un « ID d’application (client) ».',
    },
    permissions: {
      title: 'Dire ce qu’elle demande',
      acts: [
        'Ouvrez « API autorisées » (API permissions), cliquez sur « Ajouter une autorisation », « Microsoft Graph », « Autorisations déléguées ».',
        'Cherchez chacune de celles-ci, cochez-la, et cliquez sur « Ajouter des autorisations ».',
        'Dans une entreprise : cliquez sur « Accorder un consentement d’administrateur » ; sinon, chacun est interrogé, si l’entreprise le permet.',
      ],
      done: 'les quatre figurent dans la liste des autorisations.',
    },
    secret: {
      title: 'Créer un secret',
      acts: [
        'Ouvrez « Certificats et secrets », cliquez sur « Nouveau secret client », et choisissez sa durée de validité : notez la date, car il en faudra alors un nouveau.',
        'Copiez ce qui figure sous « Valeur », et non l’ID du secret. Elle n’est affichée que cette fois.',
      ],
      done: 'vous avez la valeur.',
    },
    device: {
      title: 'Permettre la connexion avec un code',
      acts: [
        'Ouvrez « Authentification » (dans sa nouvelle présentation, « Paramètres » à cet endroit), réglez « Autoriser les flux clients publics » sur « Oui », et cliquez sur « Enregistrer ».',
        'Ainsi, quelqu’un qui n’a pas de navigateur sur cette machine peut se connecter avec un code à saisir sur un téléphone.',
      ],
      done: '« Oui » est toujours choisi quand la page est rouverte.',
    },
    save,
    pop: {
      title: 'Activer POP dans la boîte mail',
      acts: [
        'Pour Outlook.com et Hotmail, ouvrez la première page : ce sont « Paramètres », « Courrier », « Transfert et IMAP ».',
        'Autorisez les appareils et les applications à utiliser POP, choisissez de ne pas les laisser supprimer de messages, et cliquez sur « Enregistrer ».',
        'Dans Microsoft 365, un administrateur veille à ce que POP soit activé : la deuxième page, « Utilisateurs actifs », la personne, « Courrier », puis la gestion des applications de messagerie (Manage email apps).',
      ],
      done: 'l’option est toujours activée quand la page est rouverte.',
    },
    signIn,
    appPermissions: {
      title: 'Permettre à l’application même de lire le courrier',
      acts: [
        'Cette voie est pour l’administrateur d’un locataire (tenant) Microsoft 365, et pour les boîtes mail de ce locataire. Enregistrez l’application comme ci-dessus, mais pour les comptes de cet annuaire d’organisation uniquement, avec un secret.',
        'Ouvrez-la, « API autorisées » (API permissions), « Ajouter une autorisation », « API utilisées par mon organisation », et cherchez « Office 365 Exchange Online ».',
        'Choisissez « Autorisations d’application », cochez celles-ci, cliquez sur « Ajouter des autorisations », puis sur « Accorder un consentement d’administrateur ».',
      ],
      done: 'chacune porte une coche verte et la mention « Accordé pour ».',
    },
    mailboxes: {
      title: 'Dire quelles boîtes mail',
      acts: [
        'Dans PowerShell avec le module ExchangeOnlineManagement, en tant qu’administrateur Exchange, exécutez ces trois commandes ; la dernière pour chaque boîte mail. La page est celle de Microsoft.',
        'L’ID d’objet est celui qui figure sous « Applications d’entreprise », et non sous « Inscriptions d’applications ».',
      ],
      done: 'Get-MailboxPermission nomme l’application pour la boîte mail.',
    },
    list: {
      title: 'Saisir l’application ici',
      acts: ['Avec l’ID de votre locataire et, sous « Autres réglages », avec chaque boîte mail qu’elle peut ouvrir.'],
    },
    begin,
  },
}

const guides: GuideWords = {
  google,
  microsoft,
  fastmail: {
    name: 'Fastmail',
    lead: 'Le plus simple est un mot de passe d’application. Votre mot de passe habituel est refusé, et l’offre Basic ne laisse entrer aucun logiciel de messagerie.',
    steps: {
      appPassword: {
        title: 'Créer un mot de passe d’application',
        acts: [
          'Ouvrez la page : ce sont « Settings », « Privacy & Security », « Integrations » (ailleurs « Manage app passwords and access »).',
          'Cliquez sur « New app password », et saisissez votre mot de passe s’il vous est demandé.',
          'Choisissez un nom, par exemple celui ci-dessous, et l’accès au courrier, qui comprend POP. Cliquez sur « Generate password ».',
          'Copiez-le. Il n’est affiché que cette fois.',
        ],
        done: 'le nom figure dans la liste des mots de passe d’application.',
      },
      try: tried,
      register: {
        title: 'Demander un ID client à Fastmail',
        acts: [
          'Fastmail enregistre les applications à la main : écrivez à ses développeurs, comme l’explique la page. Pour vous seul, un mot de passe d’application demande moins de travail.',
          'Donnez-leur l’URI de redirection, qui doit commencer par https: ou http://localhost, et ces deux étendues (scopes). Il n’y a pas de secret.',
        ],
        done: 'vous avez reçu un ID client de leur part.',
      },
      save,
      signIn,
    },
  },
  yahoo: {
    name: 'Yahoo',
    lead: 'Yahoo exige un mot de passe d’application à la place du vôtre. Les nouveaux programmes n’ont pas d’autre moyen de s’y connecter.',
    steps: {
      appPassword: {
        title: 'Créer un mot de passe d’application',
        acts: [
          'Ouvrez la page dans un navigateur où vous utilisez Yahoo depuis quelques jours, et pas en navigation privée : sinon, Yahoo refuse.',
          'Sous « Connexions externes » (External connections), cliquez sur « Créer un mot de passe d’application ».',
          'Saisissez un nom, par exemple celui ci-dessous, et cliquez sur « Générer un mot de passe ».',
          'Copiez-le, et cliquez sur « Terminé ». Il reste valable jusqu’à ce que vous le supprimiez là-bas, même si vous changez votre propre mot de passe.',
        ],
        done: 'il est compté sous « Connexions externes ».',
      },
      try: tried,
    },
  },
  aol: {
    name: 'AOL',
    lead: 'AOL exige un mot de passe d’application à la place du vôtre. Les nouveaux programmes n’ont pas d’autre moyen de s’y connecter.',
    steps: {
      appPassword: {
        title: 'Créer un mot de passe d’application',
        acts: [
          'Ouvrez la page dans un navigateur où vous utilisez AOL depuis quelques jours, et pas en navigation privée : sinon, AOL refuse.',
          'Cliquez sur « Générer un mot de passe d’application » (ailleurs « Créer un mot de passe d’application » sous « Connexions externes »), et sur « Démarrer » si le bouton est là.',
          'Saisissez un nom, par exemple celui ci-dessous, et cliquez sur « Générer un mot de passe ».',
          'Copiez-le, et cliquez sur « Terminé ». Il reste valable jusqu’à ce que vous le supprimiez là-bas, même si vous changez votre propre mot de passe.',
        ],
        done: 'le nom figure sous « Générer et gérer les mots de passe d’application ».',
      },
      try: tried,
    },
  },
  gmx: {
    name: 'GMX',
    lead: 'Votre mot de passe convient une fois que POP3 a été activé dans les paramètres. Avant cela, personne n’entre, et GMX le désactive de nouveau s’il ne sert pas pendant longtemps. Pour les adresses en gmx.com, le serveur est pop.gmx.com.',
    steps: {
      twoFactor: {
        title: 'Avec la double authentification : créer un mot de passe d’application',
        acts: [
          'Sans double authentification, sautez cette étape : votre propre mot de passe est le bon.',
          'Sinon, connectez-vous à GMX et cliquez sur « Mein Account » (mon compte), « Sicherheit » (sécurité), « Anwendungsspezifische Passwörter » (mots de passe d’application) ; la page le montre.',
          'Cliquez sur « Jetzt anwendungsspezifisches Passwort einrichten » (en créer un maintenant), et copiez-le. Il n’est affiché que cette fois.',
        ],
        done: 'le mot de passe y figure dans la liste.',
      },
      pop: {
        title: 'Activer POP3',
        acts: [
          'Connectez-vous à GMX sur un ordinateur, et ouvrez « E-Mail ». La deuxième page montre les étapes, la troisième celles de gmx.com.',
          'Cliquez sur « Einstellungen » (paramètres), puis « POP3/IMAP Abruf » (relève par POP3 et IMAP).',
          'Cochez « POP3 und IMAP Zugriff erlauben » (autoriser l’accès), et cliquez sur « Speichern » (enregistrer).',
          'Si la double authentification a été activée depuis, il faut le refaire une fois.',
        ],
        done: 'la case est toujours cochée quand la page est rouverte.',
      },
      try: tried,
    },
  },
  'web-de': {
    name: 'WEB.DE',
    lead: 'Votre mot de passe convient une fois que POP3 a été activé dans les paramètres. Le nom d’utilisateur est ce qui précède le @.',
    steps: {
      twoFactor: {
        title: 'Avec la double authentification : créer un mot de passe d’application',
        acts: [
          'Sans double authentification, sautez cette étape : votre propre mot de passe est le bon.',
          'Sinon, connectez-vous à WEB.DE, cliquez sur « Mein Account » (mon compte), « Sicherheit » (sécurité), « Anwendungsspezifische Passwörter » (mots de passe d’application), et créez-en un ; la page le montre.',
        ],
        done: 'le mot de passe y figure dans la liste.',
      },
      pop: {
        title: 'Activer POP3',
        acts: [
          'Connectez-vous à WEB.DE sur un ordinateur, et ouvrez « E-Mail ». La deuxième page montre les étapes.',
          'Cliquez sur « Einstellungen » (paramètres), puis « POP3/IMAP Abruf » (relève par POP3 et IMAP).',
          'Cochez « POP3 und IMAP Zugriff erlauben » (autoriser l’accès), et cliquez sur « Speichern » (enregistrer).',
          'Si la double authentification a été activée depuis, il faut le refaire une fois.',
        ],
        done: 'la case est toujours cochée quand la page est rouverte.',
      },
      try: tried,
    },
  },
  't-online': {
    name: 'T-Online (Telekom)',
    lead: 'Les logiciels de messagerie ont besoin d’un mot de passe à part, le « Passwort für E-Mail-Programme » ou « E-Mail-Passwort ». Celui du site web est refusé.',
    steps: {
      mailPassword: {
        title: 'Définir le mot de passe de messagerie',
        acts: [
          'Connectez-vous à la messagerie web (E-Mail Center).',
          'Cliquez sur « Menü » (menu) au-dessus des dossiers, « Einstellungen » (paramètres), « Passwörter » (mots de passe).',
          'Au mot de passe pour logiciels de messagerie, cliquez sur « Jetzt ändern » (modifier maintenant), choisissez-en un différent de celui du site web, et cliquez sur « Speichern » (enregistrer).',
        ],
        done: 'la page indique que le mot de passe a été modifié.',
      },
      try: tried,
    },
  },
  icloud: {
    name: 'iCloud',
    lead: 'iCloud n’offre pas POP3 du tout, si bien que son courrier ne peut pas y être relevé. Il peut en revanche être réexpédié.',
    steps: {
      target: {
        title: 'Choisir où le courrier est réexpédié',
        acts: [
          'Prenez une adresse dont Tributary relève le courrier, chez un fournisseur qui offre POP3. Avec un domaine à vous, il est le plus souvent facile d’en créer une pour cela seul.',
        ],
        done: 'le compte de cette adresse est à jour ici.',
      },
      forward: {
        title: 'Le faire réexpédier',
        acts: [
          'Connectez-vous à iCloud Mail, ouvrez les réglages au-dessus de la liste des boîtes, et choisissez la réexpédition du courrier (« Mail Forwarding » ; « Preferences », « General » dans certaines versions). La deuxième page est celle d’Apple.',
          'Cochez la réexpédition (« Forward my email to »), et saisissez l’adresse.',
          'Laissez la suppression des messages après réexpédition désactivée, jusqu’à ce que vous ayez constaté pendant quelques semaines qu’il ne manque rien.',
        ],
        done: 'un message que vous envoyez à votre adresse iCloud arrive ici par l’autre adresse.',
      },
      old: {
        title: 'Ce qui s’y trouve déjà',
        acts: [
          'Seul le nouveau courrier est réexpédié. Pour l’ancien, le mieux est de le copier une fois avec un logiciel de messagerie qui a les deux boîtes, par IMAP.',
        ],
        done: 'les deux boîtes mail montrent le même courrier.',
      },
    },
  },
  custom: {
    name: 'Autre fournisseur',
    lead: 'La plupart des fournisseurs acceptent un nom d’utilisateur et un mot de passe. Leurs réglages se trouvent le plus souvent d’après l’adresse.',
    steps: {
      ask: {
        title: 'Demander au fournisseur, ou voir ses pages d’aide',
        acts: [
          'Quel est le serveur POP3, et si POP3 doit être activé dans les paramètres de la boîte mail.',
          'Si le nom d’utilisateur est l’adresse entière.',
          'Si un logiciel de messagerie a besoin d’un mot de passe à part : avec la double authentification, c’est le plus souvent le cas.',
        ],
        done: 'vous connaissez le serveur, le nom d’utilisateur et le mot de passe.',
      },
      try: tried,
      issuer: {
        title: 'Voir si l’on peut s’y connecter',
        acts: [
          'Cette voie est pour un fournisseur, ou votre propre entreprise, qui a un serveur OAuth 2.0 ou OpenID Connect.',
          'Demandez-lui son émetteur (issuer), saisissez-le ici, et voyez ce que le serveur dit de lui-même.',
        ],
      },
      register: {
        title: 'Enregistrer une application',
        acts: [
          'Enregistrez-y un client pour le web (authorization code avec PKCE).',
          'Donnez-lui l’URI de redirection.',
          'Copiez l’ID client, et le secret s’il y en a un.',
        ],
        done: 'vous avez un ID client.',
      },
      save,
      signIn,
    },
  },
}

export const fr: Words = {
  common: {
    loading: 'Chargement',
    tryAgain: 'Réessayer',
    cancel: 'Annuler',
    close: 'Fermer',
    save: 'Enregistrer',
    back: 'Retour',
    more: 'Plus',
    none: 'aucun',
    never: 'jamais',
    octets: 'octets',
    when: 'Date',
    messages: 'Messages',
    asNumbers: 'En chiffres',
    chooseAll: 'Tout sélectionner',
    skip: 'Aller au contenu',
    all: 'Tous',
    showMore: 'Afficher plus',
    copy: (what) => `Copier : ${what}`,
    showTyped: 'Afficher la saisie',
    copied: 'Copié.',
    copyByHand: 'Ce navigateur ne permet pas à la page de copier le texte : sélectionnez-le et copiez-le vous-même.',
  },
  shell: {
    navigation: 'Pages',
    overview: 'Synthèse',
    mail: 'Courrier',
    outbox: 'Envois',
    waiting: (n) => count(n, { one: 'un message vous attend', other: '# messages vous attendent' }),
    accounts: 'Comptes',
    activity: 'Activité',
    destinations: 'Boîtes mail',
    settings: 'Paramètres',
    more: 'Plus',
    you: 'Vous et cette page',
    signedInAs: (name) => `Connecté en tant que ${name}`,
    signOut: 'Se déconnecter',
    theme: 'Couleurs',
    themes: { system: 'Comme le système', light: 'Clair', dark: 'Sombre' },
    language: 'Langue',
    lost: 'La connexion est perdue. Nouvel essai en cours ; ce que vous voyez n’est peut-être plus à jour.',
    noPage: 'Cette page n’existe pas',
    noPageHint: 'Elle a peut-être été déplacée, ou l’adresse est mal saisie.',
    toOverview: 'Vers la synthèse',
  },
  problems: {
    unreachable: 'Tributary ne répond pas. Vérifiez qu’il est lancé et que vous êtes en ligne ; puis réessayez.',
    forbidden:
      'Vous n’avez pas le droit de faire cela. Demandez plus de droits à la personne qui vous a donné votre accès.',
    tooMany: 'Trop de tentatives. Attendez une minute, puis réessayez.',
    refused: 'Cela n’a pas fonctionné. Rechargez la page, puis réessayez.',
    broken: 'Une erreur s’est produite dans Tributary. Son journal dit laquelle ; réessayez dans un moment.',
    known: {
      unauthenticated: 'Votre session est terminée. Connectez-vous à nouveau.',
      malformed: 'Tributary ne peut pas lire ce qui a été envoyé.',
      'not-found': 'Cela n’est plus là. Rechargez la page.',
      gone: 'Cela n’est plus là. Rechargez la page.',
      busy: 'Un relevé est en cours. Réessayez quand il sera terminé.',
      'precondition-failed': 'Quelqu’un a modifié cela entre-temps. Rechargez la page et décidez à nouveau.',
      'too-large': 'C’est trop volumineux.',
      'redis-unavailable': 'Redis ne répond pas pour l’instant. Réessayez dans un moment.',
      'maildrop-in-use': 'Cette boîte mail est en cours de relève. Réessayez dans un moment.',
    },
    /** With the API's own words behind them. */
    quoted: {
      conflict: 'Ce n’est pas possible en l’état :',
      taken: 'Il en existe déjà un pareil :',
      'in-use': 'Autre chose en a encore besoin :',
      quota: 'C’est plus que ce à quoi vous avez droit ici :',
      unproven: 'Rien ne prouve d’où vient ce fichier :',
      'another-key': 'C’est chiffré avec une autre clé :',
      'store-unavailable': 'Le stockage des e-mails n’a pas pu le faire :',
      'provider-unavailable': 'Le fournisseur ne l’a pas fait :',
    },
  },
  signIn: {
    title: 'Connexion',
    lead: 'Tout votre courrier, réuni au même endroit.',
    login: 'Identifiant',
    loginHint: 'Celui de votre boîte mail. Laissez vide pour vous connecter en tant qu’administrateur.',
    password: 'Mot de passe',
    passwordHint: 'Le mot de passe de l’administrateur, ou le texte d’un jeton.',
    firstTime: 'Première visite ?',
    firstTimeHint:
      'Le premier jeton est dans le fichier admin-token du dossier de Tributary (TRIBUTARY_HOME, d’ordinaire data/).',
    wrong: 'Cet identifiant ou ce mot de passe n’est pas connu ici. Vérifiez les deux ; les majuscules comptent.',
    token: 'Jeton',
    tokenLies: 'Le jeton de l’administrateur se trouve dans un fichier sur cette machine. Cette commande l’affiche :',
    tokenCommand: 'la commande',
    wrongToken: 'Ce n’est pas le jeton. Copiez-le en entier : 43 lettres, chiffres et signes sur une seule ligne.',
    tokenInLogin:
      'Ceci est un jeton, et non un identifiant : mettez-le dans le champ ci-dessous, et laissez celui-ci vide.',
    byMailbox: 'Utiliser un mot de passe, ou votre propre boîte mail',
    linkOver:
      'Ce lien a déjà servi, ou date de plus de dix minutes. Connectez-vous avec le jeton, ou redémarrez Tributary pour obtenir un autre lien.',
    submit: 'Se connecter',
  },
  standings: {
    idle: 'À jour',
    running: 'Relève en cours',
    waiting: 'En attente',
    failing: 'Échec, nouvel essai',
    'needs attention': 'Action requise',
    paused: 'Suspendu',
    'set aside': 'Mis de côté',
    more: 'Suite à venir',
    new: 'Jamais relevé',
  },
  runStates: { queued: 'En attente', running: 'En cours', done: 'Terminée', failed: 'Échouée' },
  causes: { schedule: 'automatiquement', request: 'à la demande' },
  /** In front of what was recorded of a failure, which is English, with the server’s own words. */
  verbatim: 'Mot pour mot, en anglais :',
  failures: {
    unreachable: {
      title: 'La connexion au fournisseur a échoué',
      advice:
        'Un nouvel essai aura lieu automatiquement. Ci-dessous est indiqué si le fournisseur a été atteint, et que vérifier si cela persiste.',
    },
    'no such host': {
      title: 'Aucun serveur ne porte ce nom',
      advice: 'Vérifiez comment il est écrit. Le fournisseur en a peut-être un nouveau.',
    },
    tls: {
      title: 'Pas de connexion sûre au fournisseur',
      advice: 'Vérifiez le nom du serveur et le type de chiffrement.',
    },
    silent: {
      title: 'Le fournisseur a cessé de répondre',
      advice:
        'Un nouvel essai aura lieu automatiquement. Ci-dessous est indiqué à quel moment il s’est tu, et que vérifier si cela persiste.',
    },
    'credentials refused': {
      title: 'Le fournisseur refuse le nom d’utilisateur ou le mot de passe',
      advice:
        'Saisissez-les de nouveau. Certains fournisseurs exigent un mot de passe d’application, à créer sur leur site.',
    },
    throttled: {
      title: 'Le fournisseur veut des relèves plus espacées',
      advice: 'Elles le sont automatiquement pendant un temps.',
    },
    'maildrop in use': {
      title: 'Un autre programme lit cette boîte mail en ce moment',
      advice: 'Un nouvel essai aura lieu automatiquement. Si cela persiste, désactivez POP3 dans l’autre programme.',
    },
    'provider refused': {
      title: 'Le fournisseur a refusé une demande',
      advice:
        'Un nouvel essai aura lieu automatiquement. Sa réponse figure ci-dessous ; si cela persiste, demandez-lui ce qu’elle signifie.',
    },
    'broken protocol': {
      title: 'La réponse du fournisseur est incompréhensible',
      advice:
        'Un nouvel essai aura lieu automatiquement. Si cela persiste, montrez au fournisseur ce qui figure ci-dessous.',
    },
    'store unreachable': {
      title: 'Le stockage du courrier est injoignable',
      advice:
        'Aucun message n’est perdu. Un nouvel essai aura lieu automatiquement. Si cela persiste, vérifiez que le stockage du courrier fonctionne, ainsi que son serveur et son port.',
    },
    'store refused': {
      title: 'Le stockage du courrier a refusé un message',
      advice:
        'Le message reste chez le fournisseur, et un nouvel essai aura lieu automatiquement. La réponse du stockage figure ci-dessous ; son journal en dit plus.',
    },
    'store full': {
      title: 'Le stockage du courrier est plein',
      advice: 'Faites-y de la place. D’ici là, le courrier reste chez le fournisseur.',
    },
    'sign-in needed': {
      title: 'Quelqu’un doit se connecter',
      advice:
        'Le titulaire de la boîte mail se connecte chez son fournisseur. D’ici là, rien n’est relevé ; aucun message n’est perdu.',
    },
    'token service unreachable': {
      title: 'Le service de connexion ne répond pas',
      advice:
        'L’autorisation donnée reste valable. Un nouvel essai aura lieu automatiquement, et aucun message n’est perdu.',
    },
    superseded: { title: 'Un autre processus a pris le relais', advice: 'Il poursuit cette relève.' },
    stopped: {
      title: 'La relève a été arrêtée',
      advice: 'La prochaine relève reprendra là où celle-ci s’est arrêtée.',
    },
    internal: {
      title: 'Un problème inattendu s’est produit',
      advice: 'Un nouvel essai aura lieu automatiquement. Si cela persiste, merci de le signaler.',
    },
  },
  reasons: {
    unreachable: 'injoignable',
    'no such host': 'serveur inexistant',
    tls: 'certificat ou chiffrement',
    silent: 'ne répond plus',
    'credentials refused': 'identifiants refusés',
    throttled: 'relèves trop fréquentes',
    'maildrop in use': 'boîte utilisée ailleurs',
    'provider refused': 'refus du fournisseur',
    'broken protocol': 'réponses incompréhensibles',
    'store unreachable': 'stockage injoignable',
    'store refused': 'refus du stockage',
    'store full': 'stockage plein',
    'sign-in needed': 'connexion requise',
    'token service unreachable': 'service de connexion injoignable',
    superseded: 'autre processus',
    stopped: 'relève arrêtée',
    internal: 'problème inattendu',
  },
  steps,
  remarks: {
    deferred: ({ messages: n, reason }) => `Nouvel essai plus tard pour ${messages(n)} : ${reason}`,
    'ids changed': ({ messages: n, listed }) =>
      `Le fournisseur a de nouveaux identifiants pour ${messages(n)} sur ${number(listed)} : le plus souvent, la boîte a été déplacée. Ils ont été reconnus à leur contenu, et aucun n’a été récupéré deux fois.`,
    'not deleted': ({ messages: n, changed }) =>
      `Ce fournisseur ne supprime pas : ${messages(n)} déjà supprimés sont revenus. ${changed > 0 ? `Leurs en-têtes ont changé, si bien que ${number(changed)} ont été stockés une fois de plus ; cela n’arrive qu’une fois.` : 'Rien n’est stocké deux fois.'} Ils ne sont plus supprimés tant que « Chez le fournisseur » n’est pas modifié ; supprimez-les là-bas à la main, ou gardez-les.`,
    'deletion refused': ({ messages: n, visits, reply }) =>
      `Le fournisseur a refusé lors de ${number(visits)} visites de supprimer ${messages(n)} : « ${reply} ». Tout est stocké et reste chez le fournisseur, et la suppression est redemandée à chaque visite. Si vous ne le voulez pas, gardez le courrier chez le fournisseur.`,
    'deletion not confirmed': ({ messages: n, reason }) =>
      `La suppression de ${messages(n)} n’a pas été confirmée (${reason}). Tout est stocké ; la prochaine visite supprime ce qui est encore là.`,
    'came short': ({ messages: n, octets, size }) =>
      `Pour ${messages(n)}, le fournisseur a donné bien moins que ce qu’il annonce : ${octets} au lieu de ${size}, par exemple. Ce qui est venu est stocké, et la copie du fournisseur n’est pas supprimée : regardez-la là-bas.`,
    'import budget used up': ({ of, octetsPerHour, minutes }) =>
      `Le premier import a apporté les ${octetsPerHour} auxquels ${of === 'account' ? 'ce compte' : of === 'destination' ? 'cette boîte' : 'ce fournisseur'} a droit en une heure. Il reprend dans ${count(minutes, { one: '# minute', many: '# de minutes', other: '# minutes' })} ; le nouveau courrier arrive entre-temps.`,
    'flags left out': ({ flags, reply }) =>
      `Le courrier est stocké sans les marques ${flags}, que l’espace de stockage refuse : « ${reply} ». Retirez-les du compte, ou choisissez-en d’autres.`,
    'login delay': ({ host, at }) =>
      `${host} veut un délai entre deux connexions (LOGIN-DELAY). Cette boîte est relevée d’elle-même : ${at}.`,
    'just tested': ({ host, minutes }) =>
      `${host} ne nous a pas laissés entrer si peu de temps après le test du compte. Il est relevé de lui-même dans ${count(minutes, { one: '# minute', many: '# de minutes', other: '# minutes' })} environ.`,
    'too many sessions': ({ host }) =>
      `${host} accepte moins de connexions à la fois que nous n’en avions. Il est relevé de lui-même dans un instant.`,
    'still held': ({ host }) =>
      `${host} tenait encore notre dernière connexion, quittée parce qu’il ne répondait plus. Il est relevé de lui-même dans un instant.`,
  },
  asideRemarks: {
    'not given': ({ server, reply }) =>
      `${server} affiche ce message dans sa liste et refuse de le donner : « ${reply} ».`,
    'protocol broken': ({ server, expected, reply }) =>
      `${server} a enfreint le protocole à ce message chaque fois : reçu « ${reply} », attendu : ${expected}.`,
    'fell silent': ({ server, seconds }) =>
      `${server} s’est tu à ce message chaque fois, pendant ${number(seconds)} s.`,
    'connection ended': ({ server, reason }) =>
      `La connexion à ${server} s’est coupée à ce message chaque fois : ${reason}.`,
    'worker ended': ({ times }) => `Sa récupération a arrêté le processus de travail ${number(times)} fois.`,
    'not taken': ({ reply }) => `L’espace de stockage n’a pas accepté ce message : « ${reply} ».`,
    'not sent': ({ reason }) => `Tel qu’il est, l’espace de stockage ne peut pas l’accepter : ${reason}.`,
  },
  guides,
  run: {
    progress: (stored, of) => `${number(stored)} sur ${messages(of)}`,
    stored: (n) => count(n, { one: '# message stocké', many: '# de messages stockés', other: '# messages stockés' }),
    looking: 'Recherche de nouveau courrier',
    queued: 'Attend son tour',
    waitsUntil: (time) => `Attend jusqu’au ${time}`,
    rate: (perSecond) => `${perSecond} messages/s`,
    bytesRate: (perSecond) => `${perSecond}/s`,
    left: (time) => `encore ${time} environ`,
    progressOf: (address) => `Progression de ${address}`,
  },
  overview: {
    title: 'Synthèse',
    allWell: 'Le courrier arrive',
    allWellHint: (n, mail) => `${accounts(n)}, ${messages(mail)} au cours des dernières 24 heures.`,
    someFail: (n) => count(n, { one: 'Un compte est en échec', other: '# comptes sont en échec' }),
    someFailHint: (n) =>
      n === 1
        ? 'Un nouvel essai aura lieu automatiquement ; les autres comptes continuent.'
        : 'De nouveaux essais auront lieu automatiquement ; les autres comptes continuent.',
    overdue: (n) => count(n, { one: 'Un compte n’est plus relevé', other: '# comptes ne sont plus relevés' }),
    overdueHint: (n) =>
      `${n === 1 ? 'Sa relève est due' : 'Leur relève est due'}, et n’a pas eu lieu depuis plus de trois fois l’intervalle maximal : y a-t-il un processus de relève (worker), et y en a-t-il assez ?`,
    needYou: (n) => count(n, { one: 'Un compte a besoin de vous', other: '# comptes ont besoin de vous' }),
    needYouHint: (n) =>
      n === 1
        ? 'Sans intervention, son courrier n’arrive plus : la raison figure ci-dessous. Les autres continuent.'
        : 'Sans intervention, leur courrier n’arrive plus : la raison figure ci-dessous. Les autres continuent.',
    setAside: (n) =>
      count(n, { one: '# message mis de côté', many: '# de messages mis de côté', other: '# messages mis de côté' }),
    setAsideHint: (n) => `Sur ${accounts(n)} : rien n’en est encore stocké, tout est toujours chez le fournisseur.`,
    setAsideVerdict:
      'Tout le reste du courrier arrive. Ces messages restent chez le fournisseur jusqu’à ce que quelqu’un décide ; la liste est ci-dessous.',
    elsewhere: (n) => `ailleurs ${number(n)}`,
    partsDown: 'Le courrier n’arrive plus',
    partsDownHint:
      'Une partie de Tributary ne répond pas ; voyez son état sur cette page. Aucun message n’est perdu entre-temps.',
    attention: 'À voir en premier',
    attentionMore: (n) => `Tout voir (${number(n)})`,
    runsNow: 'En cours',
    nothingRuns: 'Rien en ce moment',
    nothingRunsHint: 'Chaque compte est relevé quand son heure est venue.',
    runsMore: (n) => count(n, { one: 'et une autre', other: 'et # autres' }),
    mail: 'Courrier relevé',
    perHour: '48 heures',
    perDay: '30 jours',
    span: 'Période',
    hourSummary: (n) => `${messages(n)} en 48 heures`,
    daySummary: (n) => `${messages(n)} en 30 jours`,
    barTold: (n, size, failed) =>
      `${messages(n)}, ${size}${failed > 0 ? ` ; ${count(failed, { one: 'une relève échouée', other: '# relèves échouées' })}` : ''}`,
    byStatus: 'Comptes',
    health: 'État',
    redis: 'Redis',
    store: 'Stockage du courrier',
    workers: 'Processus de relève',
    works: 'fonctionne',
    fails: 'ne répond pas',
    workersWork: (n) => count(n, { one: 'un actif', other: '# actifs' }),
    noWorkers: 'aucun actif',
    destinationsPaused: (n) =>
      count(n, { one: 'Une destination est suspendue', other: '# destinations sont suspendues' }),
    unreadable: (n) =>
      count(n, {
        one: 'Un enregistrement est illisible, et ne figure dans aucune liste ; l’API le supprime (DELETE) :',
        other: '# enregistrements sont illisibles, et ne figurent dans aucune liste ; l’API les supprime (DELETE) :',
      }),
  },
  accounts: {
    title: 'Comptes',
    count: accounts,
    filtered: (n, of) => `${number(n)} sur ${accounts(of)}`,
    search: 'Rechercher',
    searchHint: 'Adresse, fournisseur ou utilisateur',
    status: 'État',
    anyStatus: 'Tous les états',
    reason: 'Cause de l’échec',
    anyReason: 'Toutes les causes',
    provider: 'Fournisseur',
    anyProvider: 'Tous les fournisseurs',
    account: 'Compte',
    lastMail: 'Dernier courrier',
    lastRun: 'Dernière relève',
    nextRun: 'Prochaine relève',
    actions: 'Actions',
    actionsOf: (address) => `Actions pour ${address}`,
    choose: (address) => `Sélectionner ${address}`,
    checkNow: 'Relever',
    pause: 'Suspendre',
    resume: 'Réactiver',
    edit: 'Modifier',
    remove: 'Supprimer',
    chosen: (n) => count(n, { one: '# sélectionné', other: '# sélectionnés' }),
    clearChoice: 'Tout désélectionner',
    due: 'imminente',
    now: 'maintenant',
    notYet: 'pas encore',
    none: 'Aucun compte pour l’instant',
    noneHint: 'Choisissez où doit aller votre courrier, et le premier compte d’où il vient.',
    noneFound: 'Aucun résultat',
    noneFoundHint: 'Aucun compte ne correspond. Cherchez autre chose, ou effacez le filtre.',
    clearFilter: 'Effacer le filtre',
    add: 'Ajouter un compte',
    setAside: (n) => `${number(n)} mis de côté`,
    working: (done, of) => `${number(done)} sur ${number(of)}`,
    didCheck: (n) =>
      count(n, { one: '# compte va être relevé maintenant.', other: '# comptes vont être relevés maintenant.' }),
    didPause: (n) => count(n, { one: '# compte suspendu.', other: '# comptes suspendus.' }),
    didResume: (n) => count(n, { one: '# compte réactivé.', other: '# comptes réactivés.' }),
    didRemove: (n) =>
      count(n, {
        one: '# compte supprimé. Le courrier stocké reste en place.',
        other: '# comptes supprimés. Le courrier stocké reste en place.',
      }),
    change: 'Modifier',
    changeTitle: (n) => count(n, { one: 'Modifier ce compte', other: 'Modifier # comptes' }),
    changeThem: (n) => `Modifier ${accounts(n)}`,
    changeHint: 'Seul ce que vous remplissez est modifié, et de la même façon pour tous.',
    asItIs: 'inchangé',
    didChange: (n) => count(n, { one: '# compte modifié.', other: '# comptes modifiés.' }),
    allActions: 'Comptes depuis un fichier et vers un fichier',
    importFile: 'Importer depuis un fichier',
    importHint:
      'Un compte par ligne, en JSON : comme dans un export, avec un mot de passe sur chaque ligne, ou un export à mots de passe scellés d’une instance qui a la même clé. Les comptes déjà présents restent tels quels.',
    file: 'Fichier',
    lookingThrough: 'Lecture du fichier',
    lookedThrough: (fit, wrong) =>
      `${count(fit, { one: 'Une ligne peut être ajoutée', other: '# lignes peuvent être ajoutées' })}, ${count(wrong, { one: 'une ne le peut pas', other: '# ne le peuvent pas' })}.`,
    line: (n) => `Ligne ${n.toLocaleString('fr')}`,
    toKnow: (n) => count(n, { one: 'À savoir au sujet d’une ligne :', other: 'À savoir au sujet de # lignes :' }),
    importThem: (n) => (n === 0 ? 'Ajouter' : `Ajouter ${accounts(n)}`),
    didImport: (n) => count(n, { one: '# compte ajouté.', other: '# comptes ajoutés.' }),
    exportFile: 'Exporter, sans mots de passe',
    exportSealed: 'Exporter, mots de passe scellés',
    didFail: (n, first) =>
      `${count(n, { one: 'Cela a échoué pour un compte', other: 'Cela a échoué pour # comptes' })} : ${first}`,
    removeTitle: (n) => count(n, { one: 'Supprimer ce compte ?', other: 'Supprimer # comptes ?' }),
    removeHint:
      'Plus aucun courrier n’est récupéré, et l’historique est oublié. Le courrier stocké reste en place, et rien ne change chez le fournisseur.',
  },
  account: {
    facts: 'Informations',
    provider: 'Fournisseur',
    encryption: 'Chiffrement',
    tls: { implicit: 'TLS', starttls: 'STARTTLS', none: 'aucun' },
    unverified: 'certificat non vérifié',
    pinned: 'certificat épinglé',
    user: 'Utilisateur',
    destination: 'Destination',
    isHere: 'Le courrier est là',
    readThem: 'Le lire',
    folder: 'Dossier',
    retention: 'Chez le fournisseur',
    keep: 'Le courrier y reste',
    delete: 'Le courrier est supprimé une fois stocké',
    keepDays: (n) =>
      count(n, {
        one: 'Le courrier est supprimé au bout de # jour',
        other: 'Le courrier est supprimé au bout de # jours',
      }),
    interval: 'Rythme',
    rhythm: {
      fixed: (time) => `${every(time)}, selon le réglage`,
      learning: (time) => `${every(time)}, jusqu’à ce que deux semaines aient montré quand le courrier arrive`,
      'busy hour': (time) => `${every(time)} : beaucoup de courrier arrive à cette heure`,
      'usual hour': (time) => `${every(time)}, au rythme du courrier`,
      'quiet hour': (time) => `heure calme : ${every(time)}`,
      'recent mail': (time) => `de nouveau après ${time} : du courrier vient d’arriver`,
      'asked for': (time) => `de nouveau après ${time} : quelqu’un vient de le demander, et rien n’était arrivé`,
      silent: (time) => `${every(time)} : presque aucun courrier depuis des semaines`,
      'login delay': (time) => `${every(time)} : le fournisseur le demande`,
      'due at once': () => 'prochaine relève tout de suite',
      waiting: () =>
        'à relever maintenant : le compte attend une session libre chez le fournisseur, ou un processus de relève',
      'more to fetch': (time) => `de nouveau après ${time} : la dernière relève a laissé du courrier pour la suivante`,
      'backing off': (time) => `de nouveau après ${time} : la dernière relève a échoué`,
      'destination paused': (time) => `de nouveau après ${time} : rien ne peut être stocké pour l’instant`,
      throttled: (time) => `de nouveau après ${time} : le fournisseur ne livre plus rien pour l’instant`,
      'put off': (time) => `plus tard que d’habitude, après ${time}`,
      paused: () => 'aucune relève : le compte est suspendu',
      'needs attention': () => 'aucune relève automatique, tant que personne n’intervient',
    },
    next: 'Prochaine relève',
    since: 'Depuis',
    runs: 'Relèves',
    noRuns: 'Aucune relève pour l’instant',
    firstRuns: 'La première est en cours.',
    noRunsHint: 'La première commence d’elle-même dans un instant ; « Relever » la lance sans attendre.',
    noRunsPaused: 'La première commencera quand le compte sera réactivé ; « Relever » la lance sans attendre.',
    took: (time) => `durée ${time}`,
    listed: (n) => `${number(n)} chez le fournisseur`,
    nothingNew: 'rien de nouveau',
    recovered: (n) => count(n, { one: '# déjà stocké', other: '# déjà stockés' }),
    deleted: (n) => count(n, { one: '# supprimé chez le fournisseur', other: '# supprimés chez le fournisseur' }),
    quarantined: (n) =>
      count(n, { one: '# message mis de côté', many: '# de messages mis de côté', other: '# messages mis de côté' }),
    deferred: (n) => count(n, { one: '# pas encore récupéré', other: '# pas encore récupérés' }),
    deferredHint: (n) =>
      count(n, {
        one: 'Un message n’a pas encore pu être récupéré ; un nouvel essai aura lieu automatiquement.',
        other: '# messages n’ont pas encore pu être récupérés ; de nouveaux essais auront lieu automatiquement.',
      }),
    storedMail: 'Ce qui a été stocké',
    noStoredMail: 'Cette relève n’a rien stocké, ou elle est trop ancienne pour que ce soit affiché.',
    omitted: (n) =>
      count(n, {
        one: 'Un message plus ancien n’est pas affiché.',
        other: '# messages plus anciens ne sont pas affichés.',
      }),
    transcript: 'Transcription',
    noTranscript: 'La transcription de cette relève n’est pas conservée ; seules les dernières relèves en ont une.',
    truncated: 'Elle est plus longue que ce qui est conservé.',
    sides: { client: 'nous', server: 'fournisseur', note: 'note' },
    from: 'De',
    subject: 'Objet',
    noSubject: '(sans objet)',
    size: 'Taille',
    quarantine: 'Mis de côté',
    quarantineHint:
      'Ces messages n’ont pas pu être stockés tels quels. Ils restent chez le fournisseur, et n’en retardent aucun autre.',
    reason: 'Raison',
    attempts: (n) => (n === 0 ? 'pas encore récupéré' : count(n, { one: 'essayé une fois', other: 'essayé # fois' })),
    again: 'Nouvel essai automatique',
    againNextRun: 'Nouvel essai automatique à la prochaine relève',
    pausedAdvice: 'Le compte est suspendu : aucun nouvel essai n’a lieu tant qu’il n’est pas réactivé.',
    onlyByHand: 'Pas de nouvel essai automatique',
    mayPass: 'Cela peut se résoudre tout seul.',
    passes: 'Le serveur dit que c’est passager : personne n’a rien à faire.',
    retry: 'Réessayer',
    dismiss: 'Ignorer',
    download: 'Télécharger',
    retried: 'Nouvel essai en cours.',
    dismissed: 'Ce message est désormais ignoré, et reste chez le fournisseur.',
    checking: 'La relève va avoir lieu maintenant.',
    twin: 'Suspendu : ce compte récupère le même courrier qu’un autre, dont le serveur était écrit sous une autre forme. Supprimez l’un des deux.',
    twinFirst: 'L’autre compte',
    paused: 'Compte suspendu. Rien n’est récupéré tant que vous ne le réactivez pas.',
    resumed: 'Compte réactivé. Il est relevé tout de suite.',
    removed: 'Compte supprimé. Le courrier stocké reste en place.',
    saved: 'Enregistré.',
    gone: 'Ce compte n’existe plus',
    goneHint: 'Quelqu’un l’a peut-être supprimé.',
    toAll: 'Vers tous les comptes',
    editTitle: (address) => `Modifier ${address}`,
    details: 'Afficher le déroulement',
    firstImport: 'Premier import',
    firstImportHint: 'Vous pouvez fermer cette page : l’import continue de lui-même.',
    importFree: 'aussi vite que possible',
    importAtMost: (size) => `au plus ${size} par heure`,
    importShared: (size) => `au plus ${size} par heure, avec les autres comptes de cette destination`,
    more: 'suite à venir',
    moreTitle: 'Suite à venir',
    moreHint: 'La dernière relève n’a pas tout récupéré. La prochaine continuera d’elle-même.',
    checks: (n) => count(n, { one: 'relevé une fois', other: 'relevé # fois' }),
  },
  activity: {
    title: 'Activité',
    lead: 'Les relèves de tous les comptes, les plus récentes en premier.',
    state: 'Résultat',
    anyState: 'Tous les résultats',
    since: 'Période',
    anyTime: 'Sans limite',
    spans: { hour: 'La dernière heure', day: 'Les dernières 24 heures', week: 'Les 7 derniers jours' },
    onlyOf: (address) => `Seulement ${address} : tout afficher`,
    none: 'Aucune relève',
    noneHint: 'Aucune ne correspond, ou elles sont trop anciennes pour être encore conservées.',
    runOf: (address, what) => `${what} : ${address}`,
    open: 'Ouvrir cette relève sur sa propre page',
    run: 'Relève',
    runTitle: (address) => `Relève de ${address}`,
    gone: 'Cette relève n’est plus conservée',
    goneHint: 'Pour chaque compte, les 100 dernières relèves sont conservées, pendant 30 jours.',
    toAll: 'Toute l’activité',
    progress: 'Jusqu’ici',
    notices: 'Bon à savoir',
    seen: 'Ce qu’elle a apporté, et l’échange avec le serveur',
    facts: 'Informations',
    cause: 'Lancée',
    task: 'But',
    rebuild: 'Réapprendre ce qui est stocké',
    visits: 'Relèves d’affilée',
    queuedAt: 'Mise en attente',
    startedAt: 'Début',
    finishedAt: 'Fin',
    tookName: 'Durée',
    listed: 'Messages chez le fournisseur',
    stored: 'Stockés',
    size: 'Taille',
    recovered: 'Déjà stockés',
    deleted: 'Supprimés chez le fournisseur',
    quarantined: 'Mis de côté',
    deferred: 'Pas encore récupérés',
  },
  aside: {
    title: 'Mis de côté',
    count: (n, of) => `${messages(n)} de ${accounts(of)}`,
    none: 'Aucun message mis de côté',
    noneHint: 'Tous les messages trouvés ont pu être stockés, ou quelqu’un a décidé de les ignorer.',
    overLimit: 'Plus gros que ce que ce compte accepte',
    limit: (size, limit) => `Il fait ${size}, et le compte accepte des messages jusqu’à ${limit}.`,
    fits: (size, limit) => `Il fait ${size}, et le compte accepte maintenant des messages jusqu’à ${limit}.`,
    overAll: (limit) =>
      `Aucun compte n’accepte de message de plus de ${limit} : téléchargez-le, ou laissez-le où il est.`,
    raise: (limit) => `Accepter jusqu’à ${limit}`,
    raised: (limit) => `Le compte accepte maintenant des messages jusqu’à ${limit}. Nouvel essai en cours.`,
    retryAll: 'Tout réessayer',
    dismissAll: 'Tout laisser',
    retryAllTitle: (n) => `Réessayer ${messages(n)} ?`,
    dismissAllTitle: (n) => `Laisser ${messages(n)} chez le fournisseur ?`,
    retryAllHint:
      'Leurs comptes sont relevés maintenant. Ce qui dépasse la taille acceptée par son compte reste de côté : augmentez d’abord la limite.',
    dismissAllHint: 'Ils ne sont plus récupérés et restent chez le fournisseur.',
    counting: 'Comptage en cours…',
    settling: (done, of) => `${number(done)} sur ${number(of)}`,
    retriedAll: (n) => `Nouvel essai pour ${messages(n)}.`,
    dismissedAll: (n) => `${messages(n)} ${n === 1 ? 'reste' : 'restent'} désormais chez le fournisseur.`,
    leftAside: (n) => `${messages(n)} ${n === 1 ? 'reste' : 'restent'} de côté : trop volumineux pour le compte.`,
    noneSo: 'Rien n’est mis de côté pour cette raison',
    settleAll: 'Tous à la fois',
  },
  line: {
    title: 'Avancé : mode de connexion, chiffrement ancien, proxy',
    sasl: 'Mode de connexion',
    saslHint: 'Pour un serveur qui annonce un mode qui n’y fonctionne pas : seul celui-ci est alors utilisé.',
    strongest: 'Le plus sûr que propose le serveur (habituel)',
    mechanisms: {
      'SCRAM-SHA-256': 'SCRAM-SHA-256 : le mot de passe est prouvé, et non envoyé',
      'SCRAM-SHA-1': 'SCRAM-SHA-1 : le mot de passe est prouvé, et non envoyé',
      'CRAM-MD5': 'CRAM-MD5 : le mot de passe est prouvé, et non envoyé (ancien)',
      PLAIN: 'PLAIN : le mot de passe est envoyé',
      LOGIN: 'LOGIN : le mot de passe est envoyé',
      APOP: 'APOP : le mot de passe est prouvé, et non envoyé (ancien)',
      USER: 'USER et PASS : le mot de passe est envoyé',
      OAUTHBEARER: 'OAUTHBEARER : le jeton est envoyé',
      XOAUTH2: 'XOAUTH2 : le jeton est envoyé, à la manière de Google et de Microsoft',
    },
    fact: (mechanism) => `par ${mechanism} seulement`,
    oldest: 'Version minimale de TLS',
    versions: { TLSv1: '1.0 (non sûre)', 'TLSv1.1': '1.1 (non sûre)', 'TLSv1.2': '1.2 (habituelle)', 'TLSv1.3': '1.3' },
    legacy: 'Accepter un chiffrement ancien et faible : clés courtes, vieux algorithmes',
    weakHint:
      'Seulement pour un serveur qui n’offre rien de mieux : quelqu’un sur le trajet peut être en mesure de lire le mot de passe et le courrier.',
    weak: 'Un chiffrement ancien et faible est autorisé ici : quelqu’un sur le trajet peut être en mesure de lire le mot de passe et le courrier.',
    mark: 'chiffrement ancien',
    proxy: 'Proxy',
    proxyHint:
      'Par exemple socks5://proxy.example.net:1080 ou http://nom:motdepasse@proxy.example.net:3128. Laissé vide, c’est celui de cette instance, si elle en a un ; « none » pour aucun.',
    via: (proxy) => `par ${proxy}`,
    direct: 'sans proxy',
  },
  form: {
    address: 'Adresse e-mail',
    host: 'Serveur POP3',
    port: 'Port',
    tls: 'Chiffrement',
    tlsModes: { implicit: 'TLS (habituel)', starttls: 'STARTTLS', none: 'Aucun (non sûr)' },
    user: 'Nom d’utilisateur',
    password: 'Mot de passe',
    onceMore: 'Encore une fois',
    sameAgain: 'la même chose encore une fois',
    makePassword: 'En créer un pour moi',
    keepPassword: 'Conservez-le en lieu sûr : il n’est affiché qu’ici et maintenant.',
    passwordKept: 'Laissez vide pour garder l’actuel.',
    passwordNeeded:
      'L’endroit ou la manière de se connecter change : saisissez aussi le mot de passe. Ainsi, personne ne peut le faire envoyer ailleurs sans le connaître.',
    folder: 'Dossier',
    destination: 'Destination',
    retention: 'Chez le fournisseur',
    retentions: {
      keep: 'Y laisser le courrier',
      delete: 'Le supprimer une fois stocké',
      keepDays: 'Le supprimer après quelques jours',
    },
    days: 'Jours',
    importBudget: 'La première fois : Mo par heure, au plus',
    importBudgetHint:
      'Laissé vide, l’import va aussi vite que possible. Le nouveau courrier n’attend jamais. Gmail livre environ 1 250 Mo par jour par POP3, soit 50 par heure.',
    importBudgetPattern: 'un nombre, par exemple 20 ou 0,5',
    leaveTitle: 'Quitter sans enregistrer ?',
    leaveHint: 'Ce que vous avez saisi ici sera perdu.',
    leave: 'Quitter',
    stay: 'Rester ici',
    rules: {
      required: 'Ce champ est obligatoire.',
      unexpected: 'Cela n’a pas sa place ici.',
      type: 'Il faut un nombre ici.',
      choice: 'Choisissez parmi ce qui est proposé.',
      form: 'Cela n’a pas la forme attendue ici.',
      minLength: (n) => count(n, { one: 'Au moins # caractère.', other: 'Au moins # caractères.' }),
      maxLength: (n) => count(n, { one: 'Au plus # caractère.', other: 'Au plus # caractères.' }),
      minimum: (n) => `${number(n)} au minimum.`,
      maximum: (n) => `${number(n)} au maximum.`,
      maxItems: (n) => count(n, { one: 'Au plus # élément.', other: 'Au plus # éléments.' }),
      taken: 'C’est déjà pris ; choisissez autre chose.',
      unknown: 'Cela n’existe plus ici ; choisissez à nouveau.',
      reach: 'Aucune connexion n’est permise vers cet endroit ; un administrateur le décide dans les réglages.',
      wrong: 'Ce n’est pas le bon.',
      adminOnly: 'Seul un administrateur peut régler cela.',
      other: 'Valeur refusée. Tributary indique :',
    },
    /** What a field has to look like. */
    forms: {
      address: 'Une adresse e-mail comme me@example.net.',
      from: 'Une adresse e-mail comme me@example.net.',
      to: 'Des adresses e-mail comme me@example.net.',
      login: 'Seulement a-z, 0-9, point, tiret, tiret bas et @ ; 64 caractères au plus.',
      host: 'Le nom d’un serveur, par exemple mail.example.net.',
      url: 'Une URL comme https://example.net/hooks.',
      issuer: 'Une URL https, sans rien après ? ou #.',
      tenant: 'L’identifiant ou le domaine d’un locataire, ou common, organizations ou consumers.',
      folder: 'Un dossier comme INBOX ou Travail/Ancien, sans * ni %.',
      retention: 'Un nombre de jours : 1 au minimum.',
      firstRun: 'Un nombre de jours : 1 au minimum.',
      tlsFingerprint: '64 chiffres et lettres de A à F.',
      flags: 'Des marques comme \\Flagged, ou des mots en lettres simples.',
    },
    someWrong: (n) =>
      count(n, {
        one: 'Rien n’a été fait : il faut d’abord corriger une valeur.',
        other: 'Rien n’a été fait : il faut d’abord corriger # valeurs.',
      }),
  },
  deeds: {
    'signed in': 's’est connecté',
    'signed in by a link': 's’est connecté par un lien',
    'made a link': 'a créé un lien de connexion',
    'signed out': 's’est déconnecté',
    'set the admin password': 'a défini le mot de passe de l’administrateur',
    'added an account': 'a ajouté un compte',
    'changed an account': 'a modifié un compte',
    'removed an account': 'a supprimé un compte',
    'paused an account': 'a suspendu un compte',
    'resumed an account': 'a repris un compte',
    'asked for a run': 'a demandé une relève',
    'tested an account': 'a testé un compte',
    'imported accounts': 'a importé des comptes depuis un fichier',
    'began a sign-in': 'a commencé une connexion chez le fournisseur',
    'signed a mailbox out': 'a déconnecté une boîte mail chez son fournisseur',
    'tried a message again': 'a réessayé un message',
    'let go of a message': 'a laissé un message chez le fournisseur',
    'tried messages again': 'a réessayé tous les messages mis de côté',
    'let go of messages': 'a laissé chez le fournisseur tous les messages mis de côté',
    'rebuilt a ledger': 'a reconstruit le registre des messages stockés',
    'imported a state file': 'a importé un fichier d’état',
    'added a mailbox': 'a ajouté une boîte mail',
    'changed a mailbox': 'a modifié une boîte mail',
    'tested a mailbox': 'a testé une boîte aux lettres',
    'removed a mailbox': 'a supprimé une boîte mail',
    'marked a message': 'a marqué un message',
    'sent a message': 'a envoyé un message',
    'saved a draft': 'a enregistré un brouillon',
    'threw a draft away': 'a jeté un brouillon',
    'cancelled a message': 'a annulé l’envoi d’un message',
    'sent a message again': 'a fait renvoyer un message',
    'made a token': 'a créé un jeton',
    'revoked a token': 'a révoqué un jeton',
    'added a webhook': 'a ajouté un webhook',
    'changed a webhook': 'a modifié un webhook',
    'removed a webhook': 'a supprimé un webhook',
    'tested a webhook': 'a testé un webhook',
    'sent news again': 'a renvoyé des nouvelles à un webhook',
    'gave a webhook a new secret': 'a donné un nouveau secret à un webhook',
    'set who is told by e-mail': 'a défini qui est prévenu par e-mail',
    'told nobody by e-mail': 'a désactivé les avis par e-mail',
    'sent a test mail': 'a envoyé un e-mail de test',
    'changed settings': 'a modifié les réglages',
    'added an application': 'a ajouté une application',
    'changed an application': 'a modifié une application',
    'removed an application': 'a supprimé une application',
    'restored a backup': 'a restauré une sauvegarde',
    'changed keys': 'a modifié les clés',
  },
  advice: {
    aProvider: 'Ce fournisseur',
    page: (host) => `Ouvrir ${host}`,
    texts: adviceTexts,
  },
  signing: {
    title: 'Connexion au fournisseur',
    applications: 'Applications',
    applicationsHint:
      'L’identité sous laquelle cette instance est enregistrée chez un fournisseur, pour que l’on puisse s’y connecter. Un seul enregistrement suffit pour tous les comptes.',
    howTo: 'Le mode d’emploi de chaque fournisseur',
    noApplications: 'Aucune pour l’instant. Les mots de passe, et les mots de passe d’application, n’en demandent pas.',
    add: 'Ajouter une application',
    change: 'Modifier l’application',
    provider: 'Fournisseur',
    providers: { microsoft: 'Microsoft', google: 'Google', fastmail: 'Fastmail', custom: 'Autre fournisseur' },
    redirectUri: 'URI de redirection',
    notTaken:
      'Les fournisseurs ne l’acceptent qu’en https:, ou en http://localhost pour cette machine. Donnez à TRIBUTARY_PUBLIC_URL l’adresse par laquelle les navigateurs atteignent cette page, ou connectez-vous avec un code.',
    clientId: 'ID client',
    secret: 'Secret',
    secretHints: {
      microsoft: 'Sa « Valeur ». Laissez vide si l’application n’en a pas.',
      google: 'Tel que Google l’a donné, avec l’ID client.',
      fastmail: '',
      custom: 'Laissez vide si l’application n’en a pas.',
    },
    secretKept: 'Laissez vide pour garder l’actuel.',
    cloud: 'Cloud',
    clouds: {
      '': 'Mondial',
      'https://login.microsoftonline.us': 'Gouvernement américain',
      'https://login.partner.microsoftonline.cn': 'Chine (21Vianet)',
    },
    tenant: 'Locataire (tenant)',
    tenantHint:
      'Vide pour tous : comptes personnels et toutes les organisations. « organizations », « consumers », ou l’ID d’un seul locataire.',
    issuer: 'Émetteur (issuer)',
    issuerHint:
      'Son adresse, par exemple https://login.example.net, sous laquelle se trouve /.well-known/oauth-authorization-server ou /.well-known/openid-configuration.',
    askServer: 'Interroger le serveur',
    serverAnswers: (flows) => `Le serveur répond. On s’y connecte ${flows}.`,
    serverFails: 'Personne ne peut s’y connecter ainsi :',
    flows: { code: 'dans un navigateur', device: 'avec un code', application: 'par l’application seule' },
    further: 'Autres réglages',
    scopes: 'Étendues (scopes)',
    scopesHint: 'Vide pour celles d’usage.',
    addresses: 'Boîtes mail qu’elle peut ouvrir sans que personne ne se connecte',
    addressesHint: 'Séparées par des virgules ; aucune, à moins de savoir que vous le voulez.',
    withSecret: 'avec secret',
    withoutSecret: 'sans secret',
    unattended: (n) => count(n, { one: 'peut ouvrir seule # boîte mail', other: 'peut ouvrir seule # boîtes mail' }),
    saved: 'Enregistrée.',
    removed: 'Supprimée.',
    removeTitle: (name) => `Supprimer cette application (${name}) ?`,
    removeHint:
      'Tous ceux qui se sont connectés par elle doivent d’abord être déconnectés. Rien ne change chez le fournisseur.',
    how: 'Comment Tributary accède à la boîte mail',
    withPassword: 'Avec un mot de passe, ou un mot de passe d’application',
    signIn: (name) =>
      name === 'Autre fournisseur' ? 'Se connecter chez son fournisseur' : `Se connecter avec ${name}`,
    signInHint: 'Dans le navigateur, chez le fournisseur. Aucun mot de passe n’est conservé ici.',
    noApplicationYet:
      'Microsoft n’accepte pas de mot de passe : le titulaire se connecte. Pour cela, un administrateur doit d’abord ajouter une application.',
    addAndSignIn: 'Ajouter et se connecter',
    signedInAs: (who) => `Connecté en tant que ${who}`,
    marks: { 'signed out': 'non connecté', waiting: 'connexion commencée', refused: 'à reconnecter' },
    endsOn: (time) => `fin de connexion : ${time}`,
    states: {
      'signed out': 'Personne ne s’est encore connecté',
      waiting: 'Quelqu’un est en train de se connecter',
      'signed in': 'Connecté',
      refused: 'Le fournisseur demande une nouvelle connexion',
    },
    stateHints: {
      'signed out': 'Rien n’est récupéré tant que le titulaire ne s’est pas connecté chez le fournisseur.',
      waiting: 'La suite se passe dans le navigateur où cela a commencé, ou là où le code est saisi.',
      'signed in': 'L’autorisation se renouvelle d’elle-même.',
      refused:
        'L’autorisation donnée n’est plus valable : elle a été retirée, ou a expiré. Rien n’est récupéré tant que personne ne se reconnecte.',
    },
    until: (time) => `Au plus tard le ${time}, il faudra se reconnecter.`,
    warnings: {
      'google testing': (time) =>
        `Cette application Google est en « Test » (Testing) : l’autorisation prend fin le ${time}. Publiez l’application (« En production »), et connectez-vous encore une fois.`,
      'no refresh token': (time) =>
        `Le fournisseur n’a rien donné pour renouveler l’autorisation : elle prend fin le ${time}. Vérifiez que l’application demande l’accès hors connexion (offline access), et connectez-vous encore une fois.`,
      'scopes missing': () =>
        'Tout ce qui était demandé n’a pas été accordé, et le courrier risque de ne pas arriver. Connectez-vous encore une fois, et laissez toutes les cases cochées.',
      'another audience': () =>
        'Ce que le fournisseur a donné n’est pas destiné à ses serveurs de messagerie, et le courrier risque de ne pas arriver. Vérifiez que l’application ne demande que des étendues (scopes) de messagerie, et connectez-vous encore une fois.',
    },
    again: 'Se reconnecter',
    byCode: 'Se connecter avec un code',
    makeLink: 'Créer un lien pour le titulaire',
    link: 'Lien',
    linkTitle: (name) => `Un lien pour le titulaire de ${name}`,
    linkHint: (until) =>
      `Le titulaire de cette boîte mail l’ouvre dans un navigateur et se connecte, sans avoir de compte ici. Le lien est valable jusqu’au ${until}, et une seule fois. Ne l’envoyez à personne d’autre.`,
    signOut: 'Déconnecter',
    signedOut: 'Déconnecté.',
    signOutTitle: (name) => `Déconnecter ${name} ?`,
    signOutHint:
      'L’autorisation donnée à la connexion est oubliée. Rien n’est récupéré tant que personne ne se reconnecte.',
    feeds: (mailbox, into) =>
      into === null
        ? `Le courrier que Tributary rassemble sera stocké dans ${mailbox}.`
        : `Tributary relèvera le courrier de ${mailbox} et le rassemblera dans la boîte mail ${into}.`,
    openPage: 'Ouvrez cette page sur n’importe quel appareil :',
    typeCode: 'Saisissez-y ce code :',
    code: 'Code',
    waits: (time) => `En attente. Le code expire ${time}.`,
    refused: (reason) => `Refusé : ${reason}.`,
    ends: {
      expired: 'Personne n’a saisi le code à temps. Recommencez.',
      denied: 'La connexion n’a pas abouti : le code a expiré, ou l’autorisation a été refusée. Recommencez.',
    },
    gone: 'Son application n’existe plus : choisissez-en une autre.',
    itsProvider: 'son fournisseur',
  },
  guide: {
    title: 'Modes d’emploi',
    lead: 'Ce que chaque fournisseur demande avant qu’un programme puisse y relever le courrier, étape par étape.',
    of: (name) => `Mode d’emploi : ${name}`,
    all: 'Le mode d’emploi de votre fournisseur',
    ways: {
      'app password': 'Avec un mot de passe d’application',
      password: 'Avec un mot de passe',
      'sign in': 'Par connexion',
      unattended: 'Sans que personne ne se connecte, dans une entreprise',
      forward: 'Par réexpédition',
    },
    server: (host) => `Serveur POP3 : ${host}, port 995, TLS`,
    doneWhen: (seen) => `C’est fait quand ${seen}`,
    tryIt: 'Essayer',
    answers: (host, port) => `Trouvé : ${host}, port ${port}. Le serveur répond, et son certificat est bon.`,
    doesNotAnswer: (host, port) => `Trouvé : ${host}, port ${port}, mais le serveur ne répond pas d’ici en ce moment.`,
    firstLogin: (n, size) => `La connexion fonctionne : ${messages(n)}, ${size}.`,
    noApplication: 'Aucune application de ce fournisseur n’est encore enregistrée ici.',
    applicationSaved: (id) => `Enregistrée : ${id}`,
    lookAgain: 'Vérifier de nouveau',
    nobodySignedIn: 'Personne ne s’est encore connecté chez ce fournisseur.',
    hasSignedIn: 'connecté',
    hasNotSignedIn: 'non connecté',
    noLoginYet: 'La première connexion est en cours.',
    loginWorked: 'La première connexion a réussi.',
    loginFailed: 'La dernière connexion a échoué : voyez le compte.',
    onlyAdmins: 'Qui a le droit d’ajouter des comptes peut essayer la connexion ici.',
  },
  add: {
    title: 'Ajouter ce compte',
    lead: 'Saisissez l’adresse et son mot de passe. Le reste est trouvé pour vous, et vous pouvez le modifier.',
    source: 'D’où vient le courrier',
    foundHere: 'Ce qui est trouvé pour l’adresse s’affiche ici.',
    looking: 'Recherche des réglages de cette adresse',
    found: (n) => count(n, { one: 'Réglages trouvés', other: 'Réglages trouvés, les meilleurs en premier' }),
    noAnswer: 'Tributary ne répond pas pour le moment : rien n’a été cherché. La demande sera refaite d’elle-même.',
    notFound: {
      offline:
        'Tributary n’atteint ni les serveurs de noms ni le web : on ne sait rien de cette adresse. Vérifiez la connexion de la machine, ou saisissez le serveur à la main.',
      'no such domain': 'Ce domaine n’existe pas : vérifiez l’orthographe de l’adresse.',
      'no POP3': 'Ce courrier ne peut pas être relevé par POP3.',
      unknown:
        'Aucun réglage trouvé pour cette adresse. Demandez le serveur POP3 à son fournisseur et saisissez-le ici ; le plus courant est indiqué ci-dessous.',
    },
    meant: (address: string) => `Vouliez-vous dire ${address} ?`,
    takeMeant: 'Oui, utiliser celle-ci',
    portAndTls: (port, tls) =>
      `port ${port}, ${{ implicit: 'TLS', starttls: 'STARTTLS', none: 'sans chiffrement' }[tls]}`,
    verified: 'Le serveur répond, et son certificat est bon',
    unverified: 'Aucune réponse constatée',
    sources: {
      'built in': 'connu de Tributary',
      autoconfig: 'indiqué par le domaine',
      'well-known': 'indiqué par le domaine',
      thunderbird: 'tiré de la liste de Thunderbird',
      srv: 'indiqué par le DNS',
      mx: 'd’après l’hébergeur de la messagerie',
      guess: 'deviné',
    },
    byHand: 'Autres réglages',
    byHandHint: 'Ceux que donne votre fournisseur.',
    byHandTitle: 'Réglages du serveur, à la main',
    userHint: 'Laissé vide, c’est l’adresse.',
    test: 'Tester',
    works: (n, size) => `Cela fonctionne : ${messages(n)}, ${size}`,
    asUser: (user) => `Le nom d’utilisateur y est ${user}.`,
    worksEmpty: 'Cela fonctionne ; la boîte est vide en ce moment',
    encrypted: (version, until) => `Chiffré par ${version} ; le certificat est valable jusqu’au ${until}.`,
    notEncrypted:
      'Rien n’est chiffré : quiconque se trouve sur le trajet peut lire le mot de passe et tout le courrier.',
    pin: 'Faire confiance à ce seul certificat',
    pinned: 'Seul ce certificat est accepté, et aucun autre :',
    unpin: 'Vérifier les certificats normalement',
    anyway: 'Ajouter malgré tout',
    goal: 'Où va le courrier',
    newMailbox: 'Une nouvelle boîte mail ici',
    folderHint: 'S’il n’existe pas encore, il est créé.',
    mail: 'Ce que devient le courrier',
    stays: 'Chez le fournisseur',
    retentions: {
      keep: {
        text: 'Y laisser le courrier',
        hint: 'Rien ne change chez le fournisseur. Attention : sa boîte peut finir par se remplir.',
      },
      delete: {
        text: 'Le supprimer une fois stocké',
        hint: 'Chaque message y est supprimé après avoir été stocké ici en lieu sûr.',
      },
      keepDays: {
        text: 'Le supprimer après quelques jours',
        hint: 'Il peut y être lu pendant un temps, et il est supprimé ce nombre de jours après avoir été stocké ici.',
      },
    },
    retentionDays: 'Jours pendant lesquels le courrier reste chez le fournisseur',
    first: 'La première fois',
    firstRuns: {
      all: { text: 'Récupérer tout le courrier', hint: 'Tout ce qui s’y trouve, et tout ce qui viendra.' },
      lastDays: {
        text: 'Récupérer les derniers jours',
        hint: 'Le courrier plus ancien reste où il est, et n’est pas récupéré plus tard non plus.',
      },
      onlyNew: {
        text: 'Seulement le nouveau courrier',
        hint: 'Ce qui s’y trouve est laissé tel quel ; ce qui arrive à partir de maintenant est récupéré.',
      },
    },
    firstDays: 'Nombre de jours',
    submit: 'Ajouter et démarrer',
    added: 'Compte ajouté. Son premier import commence.',
  },
  sending: {
    wish: 'Je veux répondre avec cette adresse',
    wishHint: 'Ce que vous envoyez avec elle part par son propre fournisseur, avec le même mot de passe.',
    by: (server: string) => `L’envoi passe par ${server}.`,
    byHand: 'Envoi : serveur et nom, à la main',
    host: 'Serveur d’envoi (SMTP)',
    hostHint: 'Vide : il est recherché.',
    port: 'Port d’envoi',
    tls: 'Chiffrement de l’envoi',
    user: 'Utilisateur pour l’envoi',
    password: 'Autre mot de passe pour l’envoi',
    asPop3: 'Vide : comme pour la relève.',
    name: 'Votre nom dans ce que vous envoyez',
    nameHint: 'Il figure à côté de l’adresse.',
    works: (server: string) => `L’envoi fonctionne, par ${server}.`,
    fails: 'L’envoi ne fonctionne pas encore.',
    heldTitle: 'Rien n’est envoyé avec cette adresse en ce moment.',
    limitedTitle: 'Rien de plus n’est envoyé avec cette adresse pour l’instant.',
    goesOn: (time: string) => `Ce qui doit partir attend, et un nouvel essai a lieu à ${time}.`,
    goesOnSoon: 'Ce qui doit partir attend, et de nouveaux essais ont lieu d’eux-mêmes.',
    spent: {
      minute: (messages: number) => `Il ne peut pas partir plus de ${messages} messages par minute.`,
      hour: (messages: number) => `Il ne peut pas partir plus de ${messages} messages par heure.`,
      day: (messages: number) => `Il ne peut pas partir plus de ${messages} messages par jour.`,
    },
    shared: ({ address, user, host, sentBy }) =>
      `Un autre compte de cette boîte a aussi l’adresse ${address} (${user} chez ${host}). ${sentBy === 'new' ? 'C’est le nouveau qui envoie.' : sentBy === 'former' ? 'C’est le premier des deux qui envoie.' : 'Aucun des deux n’envoie avec elle.'}`,
    sendsBy: 'Envoie par',
    nothing: 'rien : il ne doit pas envoyer',
    notYet: 'pas encore connu',
    steps: {
      'name the server': 'Saisissez le serveur d’envoi : les pages d’aide du fournisseur le nomment.',
      'check login':
        'Vérifiez l’utilisateur et le mot de passe. Ce sont ceux de la relève, sauf si d’autres sont saisis pour l’envoi.',
      'app password':
        'Le fournisseur veut un mot de passe d’application : créez-en un dans ses réglages de sécurité et saisissez-le.',
      'sign in again': 'La connexion ne comprend pas l’envoi : connectez-vous de nouveau et acceptez-le.',
      'sign in instead': 'Le fournisseur n’accepte pas de mot de passe : connectez-vous chez lui.',
      'switch sending on':
        'L’envoi par des programmes est désactivé pour cette boîte : activez-le dans ses réglages chez le fournisseur.',
      'confirm on the web': 'Connectez-vous une fois sur le site du fournisseur et confirmez que c’était vous.',
      'unlock on the web':
        'Le compte est bloqué : connectez-vous sur le site du fournisseur, qui dit comment le rouvrir.',
      'other encryption': 'Rien n’est envoyé sans chiffrement : essayez TLS sur le port 465.',
      'check certificate': 'Vérifiez le nom du serveur : son certificat ne convient pas.',
      'other port': 'Beaucoup de réseaux ferment ce port : essayez 587 avec STARTTLS, ou 465 avec TLS.',
      'check the host': 'Vérifiez le nom du serveur : il n’y en a pas de ce nom.',
      'let the address in':
        'Le fournisseur refuse l’endroit d’où vient Tributary : autorisez-le dans les réglages de sécurité.',
      'log in':
        'Il n’envoie que pour qui est connecté : vérifiez l’utilisateur et le mot de passe, et si c’est bien le serveur d’envoi.',
      'own address':
        'Le fournisseur n’envoie pas avec cette adresse pour cet utilisateur : ajoutez-y l’adresse, ou saisissez ses propres identifiants.',
      later: 'Réessayez plus tard : le serveur dit que cela passe.',
      'ask the provider': 'Demandez au fournisseur ce qu’il exige.',
    },
  },
  edit: {
    certificate: 'Certificat',
    trusts: {
      checked: 'Le vérifier (habituel)',
      pinned: 'N’en accepter qu’un seul',
      unchecked: 'Tous les accepter (non sûr)',
    },
    uncheckedHint:
      'Quiconque se trouve sur le trajet peut se faire passer pour le serveur, et lire le mot de passe et tout le courrier.',
    fingerprint: 'Son empreinte (SHA-256)',
    fingerprintHint: 'Celle que donne l’exploitant du serveur. Un test montre celle qui y est actuellement.',
    fingerprintPattern: '64 chiffres et lettres de A à F',
    trustedSoFar: 'Accepté jusqu’ici',
    shownNow: 'Présenté par le serveur',
    trusted: 'Ce certificat est accepté désormais. Le compte est relevé maintenant.',
    saveAndCheck: 'Enregistrer et tester',
    saveAnyway: 'Enregistrer malgré tout',
    notSaved: 'Non enregistré.',
    otherSettings: 'Autres réglages',
    passwordWorks: 'Le mot de passe fonctionne, et il est enregistré. Le courrier est relevé maintenant.',
    more: 'Plus : fréquence, taille, marques',
    least: 'Minutes entre deux relèves, au moins',
    leastHint: 'Quand beaucoup de courrier arrive.',
    most: 'Minutes entre deux relèves, au plus',
    mostHint: 'Quand il n’en arrive presque pas. Identique au minimum : relevé exactement à ce rythme.',
    largest: 'Plus gros message, en Mo',
    largestHint: 'Un message plus gros est mis de côté et reste chez le fournisseur.',
    flags: 'Marques de ce qui est stocké',
    flagsHint: 'Par exemple \\Flagged ou un mot-clé, séparés par des espaces.',
    number: 'un nombre, par exemple 2 ou 0,5',
  },
  destinations: {
    title: 'Boîtes mail',
    lead: 'Où va votre courrier.',
    name: 'Boîte mail',
    kind: 'Type',
    kinds: { hosted: 'Conservée ici', imap: 'Sur un autre serveur' },
    kindHints: {
      hosted: 'Une nouvelle boîte mail à part, que tout logiciel de messagerie lit par IMAP ou POP3.',
      imap: 'Une boîte que vous avez ailleurs : le courrier y est déposé par IMAP.',
    },
    works: 'Reçoit le courrier',
    paused: 'Suspendue',
    add: 'Ajouter une boîte mail',
    make: 'Créer',
    none: 'Aucune boîte mail pour l’instant',
    noneHint: 'Il en faut une où mettre le courrier relevé.',
    imapServer: 'Serveur IMAP',
    letsIn: (n: number) => `Cela fonctionne : ${messages(n)} dans la boîte de réception là-bas.`,
    keepsOut: 'La connexion ne fonctionne pas',
    gone: 'Cette boîte mail n’existe plus',
    goneHint: 'Quelqu’un l’a peut-être supprimée.',
    toAll: 'Vers toutes les boîtes mail',
    changePassword: 'Changer le mot de passe',
    passwordTitle: (name) => `Nouveau mot de passe de ${name}`,
    passwordHint:
      'Il s’applique tout de suite : saisissez-le dans chaque logiciel de messagerie qui lit cette boîte mail.',
    presentPassword: 'Mot de passe actuel',
    newPassword: 'Nouveau mot de passe',
    passwordForeignHint: 'Celui que son serveur connaît déjà. Il n’y est pas modifié.',
    passwordChanged: 'Le nouveau mot de passe s’applique.',
    limitImports: 'Limiter les imports',
    limitImportsTitle: (name) => `Premiers imports dans ${name}`,
    limitImportsHint:
      'Tous ses comptes ensemble. Laissé vide, l’import va aussi vite que possible. Le nouveau courrier n’attend jamais. Gmail accepte environ 500 Mo par jour, soit 20 par heure ; au-delà, il ralentit fortement, ou refuse pendant un temps.',
    connect: 'La lire avec un logiciel de messagerie',
    connectHint: 'Saisissez ceci dans n’importe quel logiciel de messagerie, avec le mot de passe de cette boîte mail.',
    connectForeignHint: 'Le courrier y est déposé avec cet identifiant ; lisez-le comme d’habitude.',
    tls: { implicit: 'TLS dès le début', starttls: 'STARTTLS', none: 'Aucun' },
    others: 'Autres accès',
    mobileconfig: 'Pour iPhone, iPad et Mac',
    autoconfig: 'Pour Thunderbird',
    filesHint:
      'Sur un iPhone, un iPad ou un Mac, ouvrez le premier fichier sur l’appareil même, et installez-le dans Réglages, « Profil téléchargé » ; le mot de passe vous sera demandé. Thunderbird n’a besoin d’aucun fichier si l’adresse se termine par le nom de ce serveur : saisissez l’adresse, il trouve le reste. Sinon, le second fichier est pour la personne qui gère le domaine des adresses, à placer là où Thunderbird le cherche (/.well-known/autoconfig/mail/config-v1.1.xml).',
    missing:
      'Les autres appareils n’arrivent pas encore jusqu’ici, il n’y a donc pas de fichier pour eux. Ce qui manque là où Tributary est lancé :',
    missingSettings: {
      TRIBUTARY_MAIL_HOST: '0.0.0.0, pour que les ports de messagerie soient ouverts aux autres appareils',
      TRIBUTARY_PUBLIC_NAME: 'le nom sous lequel ils atteignent cette machine',
      TRIBUTARY_TLS_CERT: 'avec TRIBUTARY_TLS_KEY : un certificat pour ce nom auquel les appareils font confiance',
    },
    sendingHint: 'Aucun des deux ne contient le mot de passe, qui est demandé.',
    smtpServer: 'Serveur SMTP, pour envoyer',
    outgoingHint:
      'Avec le même identifiant et le même mot de passe, il accepte le courrier de toute adresse de cette boîte mail dont le compte envoie, et le transmet par le fournisseur de cette adresse.',
    phone: 'Sur un téléphone ou une tablette',
    qrCode: 'Code QR de l’adresse de cette page',
    phoneHint: (login) =>
      `Scannez ce code : il y ouvre cette page. Connectez-vous en tant que ${login}, avec le mot de passe de cette boîte mail, et prenez le profil pour iPhone et iPad, ou copiez les réglages.`,
    phoneCannot: (place) =>
      `Un code QR pour téléphone apparaît ici dès que vous ouvrez cette page par un nom que le téléphone peut atteindre : ${place} ne mène qu’à cette machine.`,
    mail: 'Son courrier',
    messages,
    folders: (n) => count(n, { one: 'dans # dossier', other: 'dans # dossiers' }),
    fedBy: 'Comptes qui l’alimentent',
    fedByNone: 'Aucun compte pour l’instant',
    fedByNoneHint: 'Rien n’y arrive tant qu’aucun n’est ajouté.',
    fedByMore: (n, of) => `${number(n)} affichés sur ${number(of)}.`,
    remove: 'Supprimer',
    removed: 'Supprimée.',
    removeTitle: (name) => `Supprimer ${name} ?`,
    removeHint:
      'Son identifiant cesse tout de suite d’être valable. Son courrier reste sur le disque, et sera de nouveau là quand une boîte mail du même nom sera créée.',
    removeForeignHint: 'Rien ne change sur son serveur : seul ce que Tributary en sait est oublié.',
    purge: 'Supprimer aussi son courrier, définitivement',
  },
  mail: {
    title: 'Courrier',
    choose: 'Quelle boîte mail voulez-vous lire ?',
    unreadOf: (unread) => `${number(unread)} non lus`,
    cannotTell: 'illisible pour le moment',
    read: 'Lire le courrier',
    readOf: (mailbox) => `Lire le courrier de ${mailbox}`,
    folders: 'Dossiers',
    uses: {
      inbox: 'Boîte de réception',
      sent: 'Envoyés',
      drafts: 'Brouillons',
      junk: 'Indésirables',
      trash: 'Corbeille',
      archive: 'Archives',
    },
    count: messages,
    unread: 'non lu',
    which: 'Quels messages',
    onlyUnread: 'Non lus',
    search: 'Rechercher dans ce dossier',
    toDay: 'Aller au jour',
    looked: ({ messages: all, text, folded, spellings }) =>
      [
        text < all
          ? `Le texte entier de ${messages(text)} sur ${number(all)}, les derniers, a été parcouru.`
          : 'Le texte entier de tous les messages a été parcouru.',
        folded < all
          ? `Dans l’expéditeur, l’objet et les premiers mots de ${messages(folded)}, les plus récents, les accents ne comptent pas.`
          : 'Dans l’expéditeur, l’objet et les premiers mots, les accents ne comptent pas.',
        ...(spellings.length > 0 ? [`Cherché aussi : ${spellings.join(', ')}.`] : []),
      ].join(' '),
    replyList: 'Répondre à la liste',
    goOn: 'Continuer à écrire',
    outbox: 'Boîte d’envoi',
    keys: {
      title: 'Touches',
      next: 'Message suivant',
      previous: 'Message précédent',
      ends: 'Premier et dernier message',
      open: 'Ouvrir le message',
      search: 'Chercher',
      reply: 'Répondre',
      replyAll: 'Répondre à tous',
      forward: 'Transférer',
      write: 'Nouveau message',
      leave: 'Fermer le message, ou quitter le champ de recherche',
      help: 'Afficher ces touches',
      on: 'Utiliser des lettres et signes seuls comme touches',
    },
    look: 'Actualiser',
    empty: 'Ce dossier est vide',
    emptyHint: 'Ce qui arrive s’affiche tout seul.',
    noneUnread: 'Aucun message non lu',
    noneFound: 'Aucun résultat',
    answered: 'répondu',
    flagged: 'suivi',
    withAttachments: 'avec pièces jointes',
    nobody: '(sans expéditeur)',
    message: 'Message',
    chooseOne: 'Sélectionnez un message pour le lire',
    backTo: (folder) => `Retour à ${folder}`,
    gone: 'Ce message n’est plus là',
    goneHint: 'Il a été déplacé ou supprimé entre-temps, ici ou par un logiciel de messagerie.',
    lookAgain: 'Actualiser le dossier',
    from: 'De',
    sent: 'Envoyé',
    replyTo: 'répondre à',
    to: 'à',
    cc: 'cc',
    othersToo: (n) => count(n, { one: 'et un autre', other: 'et # autres' }),
    gatheredFrom: 'relevé sur',
    flag: 'Suivre',
    unflag: 'Ne plus suivre',
    markRead: 'Marquer comme lu',
    markUnread: 'Marquer comme non lu',
    original: 'Original (.eml)',
    downloadOriginal: 'Télécharger l’original (.eml)',
    attachments: 'Pièces jointes',
    unnamed: 'sans nom',
    form: 'Affichage',
    asHtml: 'HTML',
    asText: 'Texte',
    frame: 'Texte du message',
    colours: 'Couleurs',
    dark: 'Sombre',
    asSent: 'Comme envoyé',
    pictures: 'Images',
    calendar: {
      event: 'Événement',
      cancelled: 'annulé',
      when: 'Quand',
      where: 'Où',
      organizer: 'Organise',
      attendees: 'Invités',
      zone: (zone) => (zone === null ? '(où que vous soyez)' : `(heure de ${zone})`),
      repeats: {
        daily: 'chaque jour',
        weekly: 'chaque semaine',
        monthly: 'chaque mois',
        yearly: 'chaque année',
        otherwise: 'et plus tard encore',
      },
    },
    heldBack:
      'Les images distantes sont bloquées : les charger apprend à l’expéditeur quand vous lisez ce message, et d’où.',
    showRemote: 'Afficher les images',
    incomplete:
      'Ce message a plus d’adresses ou de parties, ou des noms plus longs, que ce qui est affiché : téléchargez l’original pour tout avoir.',
    unreadable: '(ne peut pas être affiché : ouvrez-le pour télécharger l’original)',
    truncated: 'Ce n’est que le début : téléchargez l’original pour tout avoir.',
    withheld: {
      slow: 'Son HTML n’est pas affiché : le rendre inoffensif prend trop de temps.',
      failed: 'Son HTML n’est pas affiché : il ne peut pas être rendu inoffensif.',
      busy: 'Son HTML n’est pas affiché : trop de messages sont lus en ce moment. Rouvrez-le dans un instant.',
    },
    noText: 'Ce message ne contient pas de texte',
    noTextHint: 'Ce qu’il apporte est en pièce jointe, ou dans l’original.',
  },
  welcome: {
    title: 'Bienvenue',
    lead: 'Deux étapes, et votre courrier arrive. Rien n’est supprimé chez votre fournisseur.',
    stepOf: (n, of) => `Étape ${n} sur ${of}`,
    mailbox: 'Votre boîte mail ici',
    mailboxHint:
      'Tout votre courrier y est réuni. N’importe quel logiciel de messagerie la lit, par IMAP, avec cet identifiant.',
    login: 'Identifiant',
    loginHint: 'a-z, 0-9, point, tiret, tiret bas ou @',
    password: 'Choisissez un mot de passe',
    next: 'Continuer',
    account: 'Le compte d’où vient le courrier',
    accountHint: 'Comme vous le saisiriez dans un logiciel de messagerie, pour POP3.',
    accountPassword: 'Son mot de passe',
    accountPasswordHint: 'Chez Gmail, Yahoo et d’autres : un mot de passe d’application, à créer sur leur site.',
    server: 'Réglages du serveur',
    found: 'Les réglages de ce fournisseur ont été trouvés.',
    looking: 'Recherche des réglages de ce fournisseur',
    start: 'Tester et démarrer',
    testing: 'Connexion au fournisseur',
    exists: (login) => `Le courrier va dans ${login}.`,
    sample: 'Ou commencez par un essai',
    sampleHint:
      'Un fournisseur d’essai sur cette machine a quelques dizaines de messages, dont certains étranges. Ils sont réunis dans une boîte mail à part ; supprimez le compte et la boîte mail quand vous en aurez assez vu.',
    trySample: 'Essayer avec du courrier d’exemple',
    notAllowed: 'Rien n’est encore configuré',
    notAllowedHint: 'Un administrateur doit ajouter le premier compte.',
  },
}
