/** Deutsch. */
import type { GuideWords } from '../guides.ts'
import type { Words } from './en.ts'
import { plurals } from './plural.ts'
import { remedySentence, type RemedyWords } from './remarks.ts'
import type { ProtocolWords, StepWords } from './steps.ts'

const count = plurals('de')
const number = (n: number) => n.toLocaleString('de')
const messages = (n: number) => count(n, { one: '# E-Mail', other: '# E-Mails' })
const accounts = (n: number) => count(n, { one: '# Konto', other: '# Konten' })

const tlsNames = { implicit: 'TLS', starttls: 'STARTTLS', none: 'Keine' } as const
/** The protocols whose name is another one behind "ist". */
const spoken: ProtocolWords = { POP3: 'POP3 ohne Verschlüsselung', 'the web': 'ein Webserver' }

const remedies: RemedyWords = {
  'raise maxmemory': () =>
    'Geben Sie Redis mehr Speicher (maxmemory). Es geht keine E-Mail verloren, und sobald Platz ist, geht es von selbst weiter.',
  'make room on the disk of Redis': () =>
    'Schaffen Sie auf diesem Datenträger Platz. Es geht keine E-Mail verloren, und sobald Platz ist, geht es von selbst weiter.',
  'see what Redis says': () =>
    'Lesen Sie das Protokoll von Redis, und schaffen Sie auf seinem Datenträger Platz. Es geht keine E-Mail verloren, und sobald Platz ist, geht es von selbst weiter.',
  'see whether Redis runs': () =>
    'Prüfen Sie, ob Redis läuft und was in seinem Protokoll steht. Es geht keine E-Mail verloren, und sobald es antwortet, geht es von selbst weiter.',
  'wait for Redis': () =>
    'Warten Sie. Es geht keine E-Mail verloren, und sobald Redis bereit ist, geht es von selbst weiter.',
  'point at the master': () =>
    'Lassen Sie TRIBUTARY_REDIS_URL auf den Master zeigen. Es geht keine E-Mail verloren, und danach geht es von selbst weiter.',
  'put the Redis URL right': () =>
    'Berichtigen Sie TRIBUTARY_REDIS_URL oder die Rechte des Benutzers in Redis. Es geht keine E-Mail verloren.',
  'change the settings of Redis': () =>
    'Ändern Sie diese Einstellungen des neuen Masters. Es geht keine E-Mail verloren, und danach geht es von selbst weiter.',
  'set user and password anew': () => 'Geben Sie Benutzername und Passwort neu ein.',
  'choose the folder anew': () => 'Wählen Sie den Ordner neu.',
  'change the account': ({ subject }) =>
    `Ändern Sie das Konto ${subject}: wodurch es sich anmeldet, oder seinen Server.`,
  'change the destination': ({ subject }) =>
    `Ändern Sie das Postfach ${subject}: wodurch es sich anmeldet, oder seinen Server.`,
  'look at the application': ({ subject }) =>
    `Sehen Sie sich in den Einstellungen die Anwendung ${subject} und ihr Geheimnis an.`,
  'put the key back': ({ subject }) =>
    `Legen Sie den secret-key ${subject} zurück. Oder geben Sie das Passwort neu ein, oder melden Sie das Konto neu an.`,
  'set the secret anew': () => 'Geben Sie das Passwort neu ein.',
  'sign in again': () => 'Melden Sie das Konto neu an.',
}

/** What has to be known before a login at a provider. */
const adviceTexts: Words['advice']['texts'] = {
  'app password': (p) =>
    `${p} verlangt ein App-Passwort anstelle Ihres eigenen: Erstellen Sie eines in den Sicherheitseinstellungen dort.`,
  'app password and POP3': (p) =>
    `${p} verlangt, dass POP3 in den E-Mail-Einstellungen eingeschaltet ist, und ein App-Passwort anstelle Ihres eigenen.`,
  'sign in': (p) =>
    `${p} nimmt kein Passwort an, weder Ihr eigenes noch ein App-Passwort: Wem das Postfach gehört, der meldet sich dort an.`,
  forward: (p) =>
    `${p} hat kein POP3: Lassen Sie das Postfach seine E-Mails stattdessen weiterleiten; das stellen Sie dort ein.`,
  'no POP3': (p) => `${p} hat kein POP3: Die E-Mails lassen sich nur in den eigenen Programmen des Anbieters lesen.`,
  'switch POP3 on': (p) =>
    `${p} lässt E-Mail-Programme erst hinein, wenn POP3 in den Einstellungen auf der Website eingeschaltet ist.`,
  'switch POP3 on, app password': (p) =>
    `${p} lässt E-Mail-Programme erst hinein, wenn POP3 in den Einstellungen auf der Website eingeschaltet ist; bei Zwei-Faktor-Anmeldung braucht es ein App-Passwort.`,
  'password for programs': (p) =>
    `${p} verlangt das Passwort für E-Mail-Programme, das Sie in den Einstellungen festlegen, und nicht das der Website.`,
  'authorization code': (p) =>
    `${p} verlangt einen Autorisierungscode anstelle des Passworts: Die Website zeigt ihn, wenn POP3 eingeschaltet wird.`,
  'in clear': () => 'Das Passwort würde unverschlüsselt übertragen, und jeder unterwegs könnte es mitlesen.',
}

const steps: StepWords = {
  'other port': ({ port, tls, blocked }) =>
    `${blocked ? 'Eine Firewall scheint diesen Port zu sperren, aber ' : ''}POP3 antwortet auf Port ${port} desselben Servers: Stellen Sie den Port auf ${port} und die Verschlüsselung auf „${tlsNames[tls]}“.`,
  'no safe port': () =>
    'Fragen Sie den Anbieter nach einem Server mit Verschlüsselung: Dieser hier bietet sie auf keinem üblichen Port an, und ohne sie kann jeder unterwegs das Passwort mitlesen.',
  'provider note': ({ provider, note, advice, certain }) => {
    const told =
      advice === undefined
        ? `Was für ${provider} gilt, auf Englisch: „${note}“`
        : adviceTexts[advice.code](advice.provider ?? provider)
    return certain ? told : `Wenn Benutzername und Passwort stimmen: ${told}`
  },
  'app password': () =>
    'Der Anbieter verlangt ein App-Passwort: Erstellen Sie eines in seinen Sicherheitseinstellungen und geben Sie es anstelle Ihres eigenen ein.',
  'forward instead': () =>
    'Ein Passwort wird hier nicht angenommen: Wem das Postfach gehört, der muss sich beim Anbieter anmelden. Oder lassen Sie das Postfach seine E-Mails weiterleiten.',
  'sign in instead': () =>
    'Ein Passwort wird hier nicht angenommen: Wem das Postfach gehört, der muss sich beim Anbieter anmelden, über eine Anwendung, die dort registriert ist.',
  'plain letters': () =>
    'Benutzername oder Passwort enthält Zeichen außerhalb von ASCII (etwa ä oder é), die manche Server anders lesen: Wenn beides stimmt, wählen Sie beim Anbieter ein Passwort nur aus einfachen Buchstaben, Ziffern und Sonderzeichen.',
  'confirm on the web': () =>
    'Melden Sie sich einmal auf der Website des Anbieters an und bestätigen Sie dort, dass Sie es waren; versuchen Sie es dann erneut.',
  'unlock on the web': () =>
    'Melden Sie sich auf der Website des Anbieters an: Das Konto ist gesperrt, und dort steht, wie es sich wieder freischalten lässt.',
  'switch POP3 on': () => 'Schalten Sie POP3 in den Einstellungen des Postfachs auf der Website des Anbieters ein.',
  'other tariff': () =>
    'POP3 gehört nicht zum Tarif dieses Postfachs: Wählen Sie beim Anbieter einen Tarif, der es enthält, oder lassen Sie das Postfach seine E-Mails weiterleiten.',
  moved: ({ host }) =>
    host === null
      ? 'Das Postfach ist umgezogen: Fragen Sie den Anbieter nach dem neuen Server und geben Sie ihn ein.'
      : `Das Postfach ist umgezogen: Wenn Sie wissen, dass ${host} zu Ihrem Anbieter gehört, geben Sie diesen Namen als Server ein.`,
  'make room': () => 'Das Postfach ist voll: Schaffen Sie auf der Website des Anbieters Platz.',
  'let the address in': () =>
    'Der Anbieter sperrt die Adresse oder das Land, aus dem Tributary kommt: Lassen Sie sie in den Sicherheitseinstellungen des Postfachs zu oder fragen Sie den Anbieter.',
  'use TLS': () =>
    'Unverschlüsselt wird kein Passwort angenommen: Stellen Sie die Verschlüsselung auf TLS und den Port auf 995, oder auf STARTTLS für diesen Port.',
  'choose TLS or sasl': () =>
    'Möglicherweise sitzt jemand dazwischen, und daran ändert ein neues Passwort nichts: Stellen Sie die Verschlüsselung auf TLS oder STARTTLS, oder wählen Sie, wenn der Anbieter bestätigt, dass es so richtig ist, das Anmeldeverfahren selbst.',
  'choose a new password': () =>
    'Wählen Sie auf der Website des Anbieters ein neues Passwort und geben Sie es hier ein.',
  'renew the licence': () =>
    'Dem Mailserver fehlt eine Lizenz: Sein Betreiber muss sie erneuern; keine Einstellung hier hilft dagegen.',
  'pin until renewed': () =>
    'Der Anbieter muss sein Zertifikat erneuern. Bis dahin: Wenn Sie diesen Server kennen, vergleichen Sie den Fingerabdruck (SHA-256) mit dem, den sein Betreiber nennt, und vertrauen Sie genau diesem Zertifikat.',
  'pin if known': () =>
    'Wenn Sie diesen Server kennen: Vergleichen Sie den Fingerabdruck (SHA-256) seines Zertifikats mit dem, den sein Betreiber nennt, und vertrauen Sie genau diesem.',
  'pin if renewed': () =>
    'Wenn der Anbieter sein Zertifikat erneuert hat, vertrauen Sie dem neuen; wenn nicht, sitzt möglicherweise jemand dazwischen.',
  'install the chain': () =>
    'Bitten Sie den Anbieter, die vollständige Kette seines Zertifikats zu installieren. Bis dahin: Wenn Sie diesen Server kennen, vergleichen Sie den Fingerabdruck (SHA-256) mit dem, den sein Betreiber nennt, und vertrauen Sie genau diesem Zertifikat.',
  'set a host name': () => 'Geben Sie statt der Adresse den Namen des Servers ein; der Anbieter nennt ihn Ihnen.',
  'provider mends TLS': () =>
    'Das muss der Anbieter in Ordnung bringen. Wenn andere Programme von anderswo hineinkommen, stört etwas unterwegs die Verbindung.',
  'check the clock': () =>
    'Prüfen Sie die Uhr des Rechners, auf dem Tributary läuft; geht sie richtig, muss der Anbieter sein Zertifikat in Ordnung bringen.',
  'set the host': ({ host }) =>
    `Wenn Sie wissen, dass ${host} zu Ihrem Anbieter gehört, geben Sie diesen Namen als Server ein: Für ihn ist das Zertifikat ausgestellt.`,
  'set a host under': ({ domain }) =>
    `Wenn Sie wissen, dass ${domain} zu Ihrem Anbieter gehört, geben Sie einen Server ein, dessen Name so endet: Dafür ist das Zertifikat ausgestellt.`,
  'newer TLS': () => 'Der Anbieter muss TLS 1.2 oder neuer anbieten; alles darunter ist unsicher.',
  'allow old TLS': () =>
    'Der Anbieter muss TLS 1.2 oder neuer anbieten. Bis dahin können Sie in den erweiterten Einstellungen das älteste erlaubte TLS auf 1.0 stellen: Unterwegs kann dann womöglich jemand mitlesen.',
  'allow weak TLS': ({ certain }) =>
    certain
      ? 'Das muss der Anbieter in Ordnung bringen. Bis dahin können Sie in den erweiterten Einstellungen alte, schwache Verschlüsselung erlauben: Unterwegs kann dann womöglich jemand mitlesen.'
      : 'Das muss der Anbieter in Ordnung bringen. Ist sein Server alt, hilft es vielleicht, in den erweiterten Einstellungen alte, schwache Verschlüsselung zu erlauben: Unterwegs kann dann womöglich jemand mitlesen.',
  'ask for less TLS': () =>
    'Stellen Sie in den erweiterten Einstellungen das älteste erlaubte TLS auf 1.2, das ist sicher, oder bitten Sie den Anbieter um TLS 1.3.',
  'check the proxy': ({ server }) =>
    `Prüfen Sie, ob der Proxy ${server} läuft, ob er Tributary zu diesem Port verbinden lässt und ob sein Benutzername und Passwort stimmen.`,
  'set starttls': () =>
    'Stellen Sie die Verschlüsselung für diesen Port auf STARTTLS; mit TLS von Anfang an ist es meist Port 995.',
  'set implicit': () => 'Stellen Sie die Verschlüsselung auf TLS und den Port auf 995.',
  'set implicit here': () => 'Stellen Sie die Verschlüsselung für diesen Port auf TLS: Er spricht von Anfang an TLS.',
  'check TLS': () => 'Prüfen Sie den Namen des Servers und die Art der Verschlüsselung.',
  'slow to greet': () =>
    'Der Server nimmt Verbindungen an, sagt aber nichts: Prüfen Sie Port und Verschlüsselung. Stimmen sie, ist er langsam, und ein Abruf, der länger wartet als dieser Test, kommt vielleicht trotzdem durch.',
  'check login': () =>
    'Prüfen Sie Benutzername und Passwort: Viele Anbieter wollen die ganze Adresse als Benutzernamen, manche ein App-Passwort.',
  'check login, then wait': () =>
    'Prüfen Sie Benutzername und Passwort und warten Sie einige Minuten, bevor Sie es erneut versuchen.',
  'check spelling': ({ host }) => `Prüfen Sie, wie ${host} geschrieben wird: Einen Server dieses Namens gibt es nicht.`,
  'check host and port': ({ looked, server }) =>
    `Prüfen Sie Server und Port: ${looked ? 'POP3 antwortet dort auf keinem üblichen Port' : 'Auf diesem Port antwortet nichts'}. Stimmen sie, lässt vielleicht eine Firewall keine Verbindungen zu ${server} hinaus.`,
  'check host, or shut out': () =>
    'Versuchen Sie es in einigen Minuten erneut; bleibt es so, prüfen Sie Server und Port. Vielleicht sperrt der Anbieter auch diese Adresse.',
  'not POP3': ({ speaks }) =>
    speaks === null
      ? 'Prüfen Sie Server und Port: Was dort antwortet, spricht kein richtiges POP3. Stimmen sie, fragen Sie den Anbieter oder suchen Sie nach einem Proxy oder Virenscanner, der dazwischen sitzt.'
      : `Prüfen Sie Server und Port: Was dort antwortet, ist ${spoken[speaks] ?? speaks}; POP3 gibt es meist auf Port 995 mit TLS.`,
  'name servers': () =>
    'Versuchen Sie es bald erneut; bleibt es so, antworten die Nameserver nicht, die Tributary fragt.',
  'try later': () => 'Versuchen Sie es in einigen Minuten erneut.',
  'try later, too slow': () => 'Versuchen Sie es später erneut: Der Server ist im Moment zu langsam.',
  'wait, each try counts': () => 'Warten Sie einige Minuten, bevor Sie es erneut versuchen: Jeder Versuch zählt.',
  'wait for the quota': () =>
    'Der Anbieter gibt pro Tag oder Stunde nur eine bestimmte Menge heraus, und die ist verbraucht: Warten Sie, bis es weitergeht, meist innerhalb eines Tages.',
  'close other programs': () =>
    'Schließen Sie andere Programme, die dieses Postfach per POP3 abrufen, oder warten Sie: Manche Anbieter halten es 15 Minuten lang gesperrt.',
  'ask the provider': () =>
    'Versuchen Sie es in einigen Minuten erneut; bleibt es so, kann der Anbieter sagen, was es bedeutet.',
  'provider must act': () =>
    'Der Server sagt, dass sich das nicht von selbst gibt: Bitten Sie den Anbieter, es in Ordnung zu bringen.',
  'open the folder': ({ folder }) =>
    `Prüfen Sie am Mailspeicher, ob diese Anmeldung in den Ordner ${folder} schreiben darf und ob er nicht voll ist, oder wählen Sie für das Konto einen anderen Ordner.`,
  'set the destination login': () =>
    'Geben Sie Benutzername und Passwort des Zielpostfachs neu ein: Viele Anbieter wollen die ganze Adresse als Benutzernamen, manche ein App-Passwort.',
  'app password for the destination': () =>
    'Der Anbieter verlangt ein App-Passwort: Erstellen Sie eines in seinen Sicherheitseinstellungen und geben Sie es als Passwort des Zielpostfachs ein.',
  'new password for the destination': () =>
    'Wählen Sie auf der Website des Anbieters ein neues Passwort und geben Sie es als Passwort des Zielpostfachs ein.',
  'another destination': () =>
    'Ein Passwort wird hier nicht angenommen: Melden Sie das Zielpostfach bei seinem Anbieter an oder geben Sie ein App-Passwort ein, wenn der Anbieter welche hat.',
  'sign the destination in': () =>
    'Ein Passwort wird hier nicht angenommen: Melden Sie das Zielpostfach bei seinem Anbieter an oder geben Sie ein App-Passwort ein, wenn der Anbieter welche hat.',
  'switch IMAP on': () => 'Schalten Sie IMAP in den Einstellungen jenes Postfachs auf der Website des Anbieters ein.',
  'use TLS for the destination': () =>
    'Unverschlüsselt wird kein Passwort angenommen: Stellen Sie die Verschlüsselung des Zielpostfachs auf TLS und seinen Port auf 993, oder auf STARTTLS für diesen Port.',
  remedy: (step) => remedySentence(remedies, step, (text) => `„${text}.“`),
}

/** Steps that several providers have in common. */
const tried = {
  title: 'Hier ausprobieren',
  acts: ['Geben Sie Adresse und Passwort ein. Es wird nur getestet: Nichts wird abgerufen oder gespeichert.'],
}
const save = {
  title: 'Anwendung hier eintragen',
  acts: ['Das macht ein Administrator ein einziges Mal; alle Konten bei diesem Anbieter melden sich darüber an.'],
}
const signIn = {
  title: 'Anmelden',
  acts: [
    'Fügen Sie das Konto hinzu und wählen Sie die Anmeldung beim Anbieter. Der Browser geht zum Anbieter und kommt wieder zurück.',
    'Für das Postfach einer anderen Person: Fügen Sie das Konto hinzu und erstellen Sie auf der Seite des Kontos einen Link für diese Person.',
  ],
}
const begin = {
  title: 'Postfächer hinzufügen',
  acts: [
    'Auf der Kommandozeile, als Administrator: Fügen Sie jedes Postfach mit der ID hinzu, die die Anwendung hier hat, und melden Sie es an.',
  ],
}

const google: GuideWords['google'] = {
  name: 'Gmail und Google Workspace',
  lead: 'Am einfachsten geht es mit einem App-Passwort: Es kostet zehn Minuten und gilt, bis Sie Ihr Google-Passwort ändern. Ihr normales Passwort wird abgelehnt.',
  steps: {
    twoSteps: {
      title: 'Bestätigung in zwei Schritten aktivieren',
      acts: [
        'Öffnen Sie die Seite und melden Sie sich mit dem Konto an, dessen E-Mails gesammelt werden sollen.',
        'Klicken Sie auf „Bestätigung in zwei Schritten aktivieren“ und folgen Sie den Anweisungen bis zum Ende. Ohne sie gibt es bei Google keine App-Passwörter.',
      ],
      done: 'die Seite meldet, dass die Bestätigung in zwei Schritten aktiviert ist.',
    },
    appPassword: {
      title: 'App-Passwort erstellen',
      acts: [
        'Öffnen Sie die Seite. Sie meldet, dass die Einstellung nicht verfügbar ist, wenn die Bestätigung in zwei Schritten aus ist oder nur über Sicherheitsschlüssel läuft, wenn das erweiterte Sicherheitsprogramm aktiv ist oder wenn ein Administrator Ihres Workspace es nicht erlaubt.',
        'Geben Sie einen Namen ein, etwa den unten, und klicken Sie auf „Erstellen“.',
        'Kopieren Sie die 16 Buchstaben. Sie werden nur dieses eine Mal angezeigt; die Leerzeichen spielen keine Rolle.',
        'Wenn Sie Ihr Google-Passwort ändern, verlieren App-Passwörter ihre Gültigkeit: Erstellen Sie dann ein neues.',
      ],
      done: 'der Name in der Liste Ihrer App-Passwörter steht.',
    },
    pop: {
      title: 'POP einschalten',
      acts: [
        'Öffnen Sie die Seite an einem Computer: In Gmail liegt sie unter „Einstellungen“, „Alle Einstellungen aufrufen“, „Weiterleitung und POP/IMAP“.',
        'Aktivieren Sie POP: für alle E-Mails oder nur für die, die ab jetzt eingehen.',
        'Stellen Sie darunter ein, dass die Kopie von Gmail nach dem Abruf im Posteingang bleibt, und klicken Sie auf „Änderungen speichern“.',
      ],
      done: 'auf derselben Seite steht, dass POP aktiviert ist.',
    },
    try: tried,
    project: {
      title: 'Projekt anlegen',
      acts: [
        'Dieser Weg ist für alle, die keine App-Passwörter verwenden dürfen. Er dauert eine halbe Stunde.',
        'Öffnen Sie die Seite, geben Sie einen Namen wie „Tributary“ ein und klicken Sie auf „Erstellen“.',
      ],
      done: 'der Name des Projekts oben auf der Seite steht. Bleiben Sie für die nächsten Schritte darin.',
    },
    consent: {
      title: 'Angeben, wer um Zustimmung bittet',
      acts: [
        'Öffnen Sie die Seite, klicken Sie auf „Get started“ (Jetzt starten) und geben Sie einen Namen und Ihre Adresse ein.',
        'Wählen Sie bei „Zielgruppe“ den Eintrag „Intern“, wenn alle Postfächer zu Ihrem eigenen Workspace gehören, sonst „Extern“. Schließen Sie mit „Erstellen“ ab.',
      ],
      done: 'die Seite meldet, dass die OAuth-Konfiguration erstellt wurde.',
    },
    publish: {
      title: 'Veröffentlichen, sonst endet es nach sieben Tagen',
      acts: [
        'Bei „Extern“: Öffnen Sie die Seite und klicken Sie auf „Publish app“ (App veröffentlichen), sodass der „Publishing status“ (Veröffentlichungsstatus) „In production“ lautet.',
        'Solange er „Testing“ lautet, endet jede Anmeldung nach sieben Tagen, und jede Woche muss sich jemand neu anmelden.',
        'Für bis zu 100 Personen ist keine Überprüfung durch Google nötig: Sie sehen den Hinweis, dass Google diese App nicht überprüft hat, und kommen über „Erweitert“ weiter.',
      ],
      done: 'der „Publishing status“ „In production“ lautet oder die Zielgruppe „Intern“ ist.',
    },
    scope: {
      title: 'Zugriff auf E-Mails erlauben',
      acts: [
        'Öffnen Sie die Seite, klicken Sie auf „Bereiche hinzufügen oder entfernen“ und fügen Sie den Text unten bei „Manually add scopes“ (Bereiche manuell hinzufügen) ein.',
        'Klicken Sie auf „Add to table“ (Zur Tabelle hinzufügen), „Aktualisieren“ und „Speichern“.',
      ],
      done: 'der Bereich unter „Your restricted scopes“ (Ihre eingeschränkten Bereiche) steht.',
    },
    client: {
      title: 'Client anlegen',
      acts: [
        'Öffnen Sie die Seite und wählen Sie „Webanwendung“.',
        'Klicken Sie bei „Autorisierte Weiterleitungs-URIs“ auf „URI hinzufügen“ und fügen Sie dort die Weiterleitungs-URI ein. Klicken Sie auf „Erstellen“.',
        'Kopieren Sie die Client-ID und den Clientschlüssel; der Schlüssel wird nur dieses eine Mal angezeigt.',
      ],
      done: 'Sie beides haben.',
    },
    save,
    popToo: {
      title: 'POP im Postfach einschalten',
      acts: [
        'Öffnen Sie die Seite an einem Computer, aktivieren Sie POP für alle E-Mails und klicken Sie auf „Änderungen speichern“.',
      ],
      done: 'auf derselben Seite steht, dass POP aktiviert ist.',
    },
    signIn,
    serviceAccount: {
      title: 'Dienstkonto anlegen',
      acts: [
        'Dieser Weg ist für Administratoren eines Google Workspace und für Postfächer dieses Workspace.',
        'Öffnen Sie die Seite, klicken Sie auf „Dienstkonto erstellen“, geben Sie einen Namen wie „Tributary“ ein und klicken Sie auf „Fertig“.',
        'Öffnen Sie es, notieren Sie seine „Unique ID“ (eindeutige ID) und klicken Sie unter „Schlüssel“ auf „Schlüssel hinzufügen“, „Neuen Schlüssel erstellen“, „JSON“.',
      ],
      done: 'eine Datei heruntergeladen ist, deren Name auf .json endet. Wer sie hat, kann die Postfächer des nächsten Schritts lesen.',
    },
    delegation: {
      title: 'Zugriff auf Postfächer geben',
      acts: [
        'Öffnen Sie die Seite: In der Admin-Konsole liegt sie unter „Sicherheit“, „Zugriffs- und Datenkontrolle“, „API-Steuerung“, „Domainweite Delegierung“.',
        'Klicken Sie auf „Add new“ (Neu hinzufügen), geben Sie die eindeutige ID bei „Client-ID“ und den Text unten bei „OAuth-Bereiche“ ein. Klicken Sie auf „Autorisieren“.',
      ],
      done: 'die ID und der Bereich in der Liste stehen. Bis es wirkt, können einige Minuten vergehen.',
    },
    key: {
      title: 'Schlüssel eintragen',
      acts: [
        'Auf der Kommandozeile, als Administrator: Die ID ist die eindeutige ID, die Datei ist der Schlüssel, und „--address“ steht einmal für jedes Postfach, das geöffnet werden darf.',
        'Löschen Sie die Datei danach: Ihr Inhalt liegt hier verschlüsselt.',
      ],
    },
    begin,
  },
}

const microsoft: GuideWords['microsoft'] = {
  name: 'Outlook.com, Hotmail und Microsoft 365',
  lead: 'Microsoft nimmt weder Ihr Passwort noch ein App-Passwort mehr an: Wem das Postfach gehört, der meldet sich im Browser an. Vorher registriert ein Administrator eine Anwendung, einmal für alle Konten.',
  steps: {
    register: {
      title: 'Anwendung registrieren',
      acts: [
        'Öffnen Sie die erste Seite; die zweite ist für die US-Regierung, die dritte für 21Vianet in China. Nötig ist ein Konto mit einem Verzeichnis (Mandanten): Mit Microsoft 365 haben Sie es, sonst mit einem kostenlosen Azure-Konto.',
        'Klicken Sie auf „Neue Registrierung“ und geben Sie einen Namen wie „Tributary“ ein.',
        'Wählen Sie bei „Unterstützte Kontotypen“ den Eintrag „Konten in einem beliebigen Organisationsverzeichnis und persönliche Microsoft-Konten“.',
        'Wählen Sie bei „Umleitungs-URI“ den Eintrag „Web“, fügen Sie dort die Weiterleitungs-URI ein und klicken Sie auf „Registrieren“.',
        'Kopieren Sie die „Anwendungs-ID (Client)“.',
      ],
      done: 'die Seite eine „Anwendungs-ID (Client)“ anzeigt.',
    },
    permissions: {
      title: 'Festlegen, worum sie bittet',
      acts: [
        'Öffnen Sie „API-Berechtigungen“ und klicken Sie auf „Berechtigung hinzufügen“, „Microsoft Graph“, „Delegierte Berechtigungen“.',
        'Suchen Sie nach jeder der folgenden, setzen Sie das Häkchen und klicken Sie auf „Berechtigungen hinzufügen“.',
        'In einer Firma: Klicken Sie auf „Administratorzustimmung erteilen“; sonst wird jede Person einzeln gefragt, wenn das dort erlaubt ist.',
      ],
      done: 'die vier in der Liste der Berechtigungen stehen.',
    },
    secret: {
      title: 'Geheimen Schlüssel erstellen',
      acts: [
        'Öffnen Sie „Zertifikate & Geheimnisse“, klicken Sie auf „Neuer geheimer Clientschlüssel“ und wählen Sie, wie lange er gilt: Notieren Sie sich den Tag, denn dann wird ein neuer gebraucht.',
        'Kopieren Sie, was unter „Wert“ steht, nicht die ID daneben. Er wird nur dieses eine Mal angezeigt.',
      ],
      done: 'Sie den Wert haben.',
    },
    device: {
      title: 'Anmeldung per Code erlauben',
      acts: [
        'Öffnen Sie „Authentifizierung“ (in der neuen Ansicht dort „Einstellungen“), stellen Sie „Öffentliche Clientflows zulassen“ auf „Ja“ und klicken Sie auf „Speichern“.',
        'Dann kann man sich auch ohne Browser auf jenem Gerät anmelden: mit einem Code, der auf dem Handy eingegeben wird.',
      ],
      done: 'dort nach dem erneuten Öffnen der Seite immer noch „Ja“ steht.',
    },
    save,
    pop: {
      title: 'POP im Postfach einschalten',
      acts: [
        'Für Outlook.com und Hotmail öffnen Sie die erste Seite; sie liegt unter „Einstellungen“, „E-Mail“, „Weiterleitung und IMAP“.',
        'Erlauben Sie dort Geräten und Apps, POP zu verwenden, legen Sie fest, dass sie keine Nachrichten löschen dürfen, und klicken Sie auf „Speichern“.',
        'In Microsoft 365 sorgt ein Administrator dafür, dass POP eingeschaltet ist: auf der zweiten Seite unter „Aktive Benutzer“, die Person, „E-Mail“, „E-Mail-Apps verwalten“.',
      ],
      done: 'der Schalter nach dem erneuten Öffnen der Seite immer noch an ist.',
    },
    signIn,
    appPermissions: {
      title: 'Die Anwendung selbst E-Mails lesen lassen',
      acts: [
        'Dieser Weg ist für Administratoren eines Microsoft-365-Mandanten und für Postfächer dieses Mandanten. Registrieren Sie die Anwendung wie oben, aber nur für Konten in diesem Organisationsverzeichnis und mit einem geheimen Schlüssel.',
        'Öffnen Sie dort „API-Berechtigungen“, „Berechtigung hinzufügen“, „Von meiner Organisation verwendete APIs“ und suchen Sie nach „Office 365 Exchange Online“.',
        'Wählen Sie „Anwendungsberechtigungen“, setzen Sie bei den folgenden das Häkchen, klicken Sie auf „Berechtigungen hinzufügen“ und dann auf „Administratorzustimmung erteilen“.',
      ],
      done: 'hinter jeder ein grünes Häkchen und „Gewährt für“ steht.',
    },
    mailboxes: {
      title: 'Postfächer festlegen',
      acts: [
        'Führen Sie in PowerShell mit dem Modul ExchangeOnlineManagement als Exchange-Administrator diese drei Befehle aus, den letzten für jedes Postfach. Die Seite ist die von Microsoft selbst.',
        'Die Objekt-ID ist die unter „Unternehmensanwendungen“, nicht die unter „App-Registrierungen“.',
      ],
      done: 'Get-MailboxPermission beim Postfach die Anwendung nennt.',
    },
    list: {
      title: 'Anwendung hier eintragen',
      acts: ['Mit der ID Ihres Mandanten und unter „Weitere Einstellungen“ mit jedem Postfach, das sie öffnen darf.'],
    },
    begin,
  },
}

const guides: GuideWords = {
  google,
  microsoft,
  fastmail: {
    name: 'Fastmail',
    lead: 'Am einfachsten geht es mit einem App-Passwort. Ihr normales Passwort wird abgelehnt, und der Tarif Basic lässt kein E-Mail-Programm hinein.',
    steps: {
      appPassword: {
        title: 'App-Passwort erstellen',
        acts: [
          'Öffnen Sie die Seite; sie liegt unter „Settings“, „Privacy & Security“, „Integrations“ (andernorts „Manage app passwords and access“).',
          'Klicken Sie auf „New app password“ und geben Sie Ihr Passwort ein, wenn Sie danach gefragt werden.',
          'Wählen Sie einen Namen, etwa den unten, und den Zugriff auf Mail, der POP einschließt. Klicken Sie auf „Generate password“.',
          'Kopieren Sie es. Es wird nur dieses eine Mal angezeigt.',
        ],
        done: 'der Name in der Liste der App-Passwörter steht.',
      },
      try: tried,
      register: {
        title: 'Fastmail um eine Client-ID bitten',
        acts: [
          'Fastmail registriert Anwendungen von Hand: Schreiben Sie den Entwicklern, wie es auf der Seite steht. Für Sie allein macht ein App-Passwort weniger Arbeit.',
          'Nennen Sie ihnen die Weiterleitungs-URI, die mit https: oder http://localhost beginnen muss, und diese beiden Bereiche (Scopes). Einen geheimen Schlüssel gibt es nicht.',
        ],
        done: 'Sie eine Client-ID erhalten haben.',
      },
      save,
      signIn,
    },
  },
  yahoo: {
    name: 'Yahoo',
    lead: 'Yahoo verlangt ein App-Passwort anstelle Ihres eigenen. Anders lässt es neue Programme nicht hinein.',
    steps: {
      appPassword: {
        title: 'App-Passwort erstellen',
        acts: [
          'Öffnen Sie die Seite in einem Browser, in dem Sie Yahoo seit einigen Tagen nutzen, nicht in einem privaten Fenster: Sonst lehnt Yahoo ab.',
          'Klicken Sie unter „External connections“ (externe Verbindungen) auf „Create app password“ (App-Passwort erstellen).',
          'Geben Sie einen Namen ein, etwa den unten, und klicken Sie auf „Generate password“ (Passwort generieren).',
          'Kopieren Sie es und klicken Sie auf „Done“ (Fertig). Es gilt, bis Sie es dort löschen, auch wenn Sie Ihr eigenes Passwort ändern.',
        ],
        done: 'es unter „External connections“ mitgezählt wird.',
      },
      try: tried,
    },
  },
  aol: {
    name: 'AOL',
    lead: 'AOL verlangt ein App-Passwort anstelle Ihres eigenen. Anders lässt es neue Programme nicht hinein.',
    steps: {
      appPassword: {
        title: 'App-Passwort erstellen',
        acts: [
          'Öffnen Sie die Seite in einem Browser, in dem Sie AOL seit einigen Tagen nutzen, nicht in einem privaten Fenster: Sonst lehnt AOL ab.',
          'Klicken Sie auf „Generate app password“ (andernorts „Create app password“ unter „External connections“) und auf „Get Started“, falls es erscheint.',
          'Geben Sie einen Namen ein, etwa den unten, und klicken Sie auf „Generate password“ (Passwort generieren).',
          'Kopieren Sie es und klicken Sie auf „Done“ (Fertig). Es gilt, bis Sie es dort löschen, auch wenn Sie Ihr eigenes Passwort ändern.',
        ],
        done: 'der Name unter „Generate and manage app passwords“ steht.',
      },
      try: tried,
    },
  },
  gmx: {
    name: 'GMX',
    lead: 'Ihr Passwort funktioniert, sobald POP3 in den Einstellungen eingeschaltet ist. Vorher wird niemand hineingelassen, und GMX schaltet es wieder aus, wenn es lange nicht genutzt wird. Für Adressen bei gmx.com gilt pop.gmx.com.',
    steps: {
      twoFactor: {
        title: 'Mit Zwei-Faktor-Authentifizierung: App-Passwort erstellen',
        acts: [
          'Ohne Zwei-Faktor-Authentifizierung überspringen Sie diesen Schritt: Ihr eigenes Passwort ist das richtige.',
          'Sonst melden Sie sich bei GMX an und klicken auf „Mein Account“, „Sicherheit“, „Anwendungsspezifische Passwörter“; die Seite zeigt, wie es geht.',
          'Klicken Sie auf „Jetzt anwendungsspezifisches Passwort einrichten“ und kopieren Sie es. Es wird nur dieses eine Mal angezeigt.',
        ],
        done: 'das Passwort dort in der Liste steht.',
      },
      pop: {
        title: 'POP3 einschalten',
        acts: [
          'Melden Sie sich an einem Computer bei GMX an und öffnen Sie „E-Mail“. Die zweite Seite zeigt die Schritte, die dritte die für gmx.com.',
          'Klicken Sie auf „Einstellungen“, dann auf „POP3/IMAP Abruf“.',
          'Setzen Sie das Häkchen bei „POP3 und IMAP Zugriff erlauben“ und klicken Sie auf „Speichern“.',
          'Wurde seither die Zwei-Faktor-Authentifizierung eingeschaltet, ist das noch einmal nötig.',
        ],
        done: 'das Häkchen nach dem erneuten Öffnen der Seite immer noch gesetzt ist.',
      },
      try: tried,
    },
  },
  'web-de': {
    name: 'WEB.DE',
    lead: 'Ihr Passwort funktioniert, sobald POP3 in den Einstellungen eingeschaltet ist. Der Benutzername ist der Teil vor dem @.',
    steps: {
      twoFactor: {
        title: 'Mit Zwei-Faktor-Authentifizierung: App-Passwort erstellen',
        acts: [
          'Ohne Zwei-Faktor-Authentifizierung überspringen Sie diesen Schritt: Ihr eigenes Passwort ist das richtige.',
          'Sonst melden Sie sich bei WEB.DE an, klicken auf „Mein Account“, „Sicherheit“, „Anwendungsspezifische Passwörter“ und erstellen dort eines; die Seite zeigt, wie es geht.',
        ],
        done: 'das Passwort dort in der Liste steht.',
      },
      pop: {
        title: 'POP3 einschalten',
        acts: [
          'Melden Sie sich an einem Computer bei WEB.DE an und öffnen Sie „E-Mail“. Die zweite Seite zeigt die Schritte.',
          'Klicken Sie auf „Einstellungen“, dann auf „POP3/IMAP Abruf“.',
          'Setzen Sie das Häkchen bei „POP3 und IMAP Zugriff erlauben“ und klicken Sie auf „Speichern“.',
          'Wurde seither die Zwei-Faktor-Authentifizierung eingeschaltet, ist das noch einmal nötig.',
        ],
        done: 'das Häkchen nach dem erneuten Öffnen der Seite immer noch gesetzt ist.',
      },
      try: tried,
    },
  },
  't-online': {
    name: 'T-Online (Telekom)',
    lead: 'E-Mail-Programme brauchen dort ein eigenes Passwort, das „Passwort für E-Mail-Programme“ oder „E-Mail-Passwort“. Das der Website wird abgelehnt.',
    steps: {
      mailPassword: {
        title: 'Passwort für E-Mail-Programme festlegen',
        acts: [
          'Melden Sie sich im E-Mail Center an.',
          'Klicken Sie über den Postfächern auf „Menü“, dann auf „Einstellungen“ und „Passwörter“.',
          'Klicken Sie beim Passwort für E-Mail-Programme auf „Jetzt ändern“, wählen Sie ein anderes als das der Website und klicken Sie auf „Speichern“.',
        ],
        done: 'die Seite meldet, dass das Passwort geändert wurde.',
      },
      try: tried,
    },
  },
  icloud: {
    name: 'iCloud',
    lead: 'iCloud bietet gar kein POP3, also lassen sich die E-Mails dort nicht abrufen. Es kann sie aber weiterleiten.',
    steps: {
      target: {
        title: 'Ziel der Weiterleitung wählen',
        acts: [
          'Nehmen Sie eine Adresse, deren E-Mails Tributary sammelt, bei einem Anbieter mit POP3. Mit einer eigenen Domain lässt sich meist leicht eine nur dafür anlegen.',
        ],
        done: 'das Konto dieser Adresse hier aktuell ist.',
      },
      forward: {
        title: 'Weiterleitung einrichten',
        acts: [
          'Melden Sie sich bei iCloud Mail an, öffnen Sie die Einstellungen über der Liste der Postfächer und wählen Sie „Mail Forwarding“ (Weiterleitung; in manchen Versionen „Preferences“, „General“). Die zweite Seite ist die von Apple selbst.',
          'Setzen Sie das Häkchen bei „Forward my email to“ (Meine E-Mails weiterleiten an) und geben Sie die Adresse ein.',
          'Lassen Sie „Delete messages after forwarding“ (nach der Weiterleitung löschen) aus, bis Sie einige Wochen lang gesehen haben, dass nichts fehlt.',
        ],
        done: 'eine E-Mail, die Sie an Ihre iCloud-Adresse senden, über die andere Adresse hier ankommt.',
      },
      old: {
        title: 'Was schon da ist',
        acts: [
          'Nur neue E-Mails werden weitergeleitet. Ältere kopieren Sie am besten einmal mit einem E-Mail-Programm, das beide Postfächer über IMAP öffnet.',
        ],
        done: 'beide Postfächer dieselben E-Mails zeigen.',
      },
    },
  },
  custom: {
    name: 'Anderer Anbieter',
    lead: 'Die meisten Anbieter wollen Benutzername und Passwort. Ihre Einstellungen lassen sich meist anhand der Adresse finden.',
    steps: {
      ask: {
        title: 'Den Anbieter oder seine Hilfeseiten fragen',
        acts: [
          'Nach dem POP3-Server, und ob POP3 in den Einstellungen des Postfachs eingeschaltet werden muss.',
          'Ob der Benutzername die ganze Adresse ist.',
          'Ob ein E-Mail-Programm ein eigenes Passwort braucht: Mit Zwei-Faktor-Authentifizierung ist das meist so.',
        ],
        done: 'Sie Server, Benutzername und Passwort kennen.',
      },
      try: tried,
      issuer: {
        title: 'Prüfen, ob man sich dort anmelden kann',
        acts: [
          'Dieser Weg ist für einen Anbieter oder die eigene Firma mit einem Server für OAuth 2.0 oder OpenID Connect.',
          'Fragen Sie dort nach dem Issuer, geben Sie ihn hier ein und sehen Sie, was der Server über sich sagt.',
        ],
      },
      register: {
        title: 'Anwendung registrieren',
        acts: [
          'Registrieren Sie dort einen Client für das Web (Authorization Code mit PKCE).',
          'Tragen Sie die Weiterleitungs-URI ein.',
          'Kopieren Sie die Client-ID und den geheimen Schlüssel, wenn es einen gibt.',
        ],
        done: 'Sie eine Client-ID haben.',
      },
      save,
      signIn,
    },
  },
}

export const de: Words = {
  common: {
    loading: 'Wird geladen',
    tryAgain: 'Erneut versuchen',
    cancel: 'Abbrechen',
    close: 'Schließen',
    save: 'Speichern',
    back: 'Zurück',
    more: 'Mehr',
    none: 'keine',
    never: 'nie',
    octets: 'Byte',
    when: 'Wann',
    messages: 'E-Mails',
    asNumbers: 'Als Zahlen',
    chooseAll: 'Alle auswählen',
    skip: 'Zum Inhalt springen',
    all: 'Alle',
    showMore: 'Mehr anzeigen',
    copy: (what) => `Kopieren: ${what}`,
    showTyped: 'Eingabe anzeigen',
    copied: 'Kopiert.',
    copyByHand: 'Dieser Browser lässt die Seite nicht kopieren: Markieren Sie den Text und kopieren Sie ihn selbst.',
  },
  shell: {
    navigation: 'Seiten',
    overview: 'Übersicht',
    mail: 'E-Mails',
    outbox: 'Postausgang',
    waiting: (n) => count(n, { one: 'eine Nachricht wartet auf Sie', other: '# Nachrichten warten auf Sie' }),
    accounts: 'Konten',
    activity: 'Verlauf',
    destinations: 'Postfächer',
    settings: 'Einstellungen',
    more: 'Mehr',
    you: 'Sie und diese Seite',
    signedInAs: (name) => `Angemeldet als ${name}`,
    signOut: 'Abmelden',
    theme: 'Farben',
    themes: { system: 'Wie im System', light: 'Hell', dark: 'Dunkel' },
    language: 'Sprache',
    lost: 'Die Verbindung ist unterbrochen. Ein neuer Versuch läuft; was Sie sehen, ist vielleicht veraltet.',
    noPage: 'Diese Seite gibt es nicht',
    noPageHint: 'Vielleicht wurde sie verschoben, oder die Adresse ist falsch geschrieben.',
    toOverview: 'Zur Übersicht',
  },
  problems: {
    unreachable:
      'Tributary antwortet nicht. Prüfen Sie, ob es läuft und ob Sie online sind; versuchen Sie es dann erneut.',
    forbidden: 'Das dürfen Sie nicht. Bitten Sie die Person um mehr Rechte, von der Sie Ihren Zugang haben.',
    tooMany: 'Das war zu oft. Warten Sie eine Minute und versuchen Sie es erneut.',
    refused: 'Das hat nicht geklappt. Laden Sie die Seite neu und versuchen Sie es erneut.',
    broken: 'In Tributary ist etwas schiefgegangen. Im Log steht, was; versuchen Sie es gleich noch einmal.',
    known: {
      unauthenticated: 'Ihre Anmeldung ist abgelaufen. Melden Sie sich neu an.',
      malformed: 'Tributary kann nicht lesen, was gesendet wurde.',
      'not-found': 'Das ist nicht mehr da. Laden Sie die Seite neu.',
      gone: 'Das ist nicht mehr da. Laden Sie die Seite neu.',
      busy: 'Gerade läuft ein Durchgang. Versuchen Sie es danach noch einmal.',
      'precondition-failed':
        'Das hat inzwischen jemand geändert. Laden Sie die Seite neu und entscheiden Sie noch einmal.',
      'too-large': 'Das ist zu groß.',
      'redis-unavailable': 'Redis antwortet gerade nicht. Versuchen Sie es gleich noch einmal.',
      'maildrop-in-use': 'Dieses Postfach wird gerade abgerufen. Versuchen Sie es gleich noch einmal.',
    },
    /** With the API's own words behind them. */
    quoted: {
      conflict: 'So, wie es gerade steht, geht das nicht:',
      taken: 'Das gibt es schon:',
      'in-use': 'Das wird noch gebraucht:',
      quota: 'Das ist mehr, als Sie hier haben dürfen:',
      unproven: 'Nichts belegt, woher diese Datei stammt:',
      'another-key': 'Das ist mit einem anderen Schlüssel verschlüsselt:',
      'store-unavailable': 'Der Mailspeicher konnte es nicht ausführen:',
      'provider-unavailable': 'Der Anbieter hat es nicht ausgeführt:',
    },
  },
  signIn: {
    title: 'Anmelden',
    lead: 'Alle Ihre E-Mails, gesammelt an einem Ort.',
    login: 'Anmeldename',
    loginHint: 'Der Ihres eigenen Postfachs. Leer lassen, um sich als Administrator anzumelden.',
    password: 'Passwort',
    passwordHint: 'Das Passwort des Administrators oder der Text eines Tokens.',
    firstTime: 'Zum ersten Mal hier?',
    firstTimeHint:
      'Das erste Token steht in der Datei admin-token im Ordner von Tributary (TRIBUTARY_HOME, meist data/).',
    wrong:
      'Diesen Anmeldenamen oder dieses Passwort gibt es hier nicht. Prüfen Sie beides, auch Groß- und Kleinschreibung.',
    token: 'Token',
    tokenLies: 'Das Token des Administrators liegt in einer Datei auf diesem Rechner. Dieser Befehl zeigt es an:',
    tokenCommand: 'der Befehl',
    wrongToken: 'Das ist nicht das Token. Kopieren Sie es ganz: 43 Buchstaben, Ziffern und Zeichen in einer Zeile.',
    tokenInLogin:
      'Das ist ein Token und kein Anmeldename: Geben Sie es in das Feld darunter ein und lassen Sie dieses leer.',
    byMailbox: 'Mit Passwort oder eigenem Postfach anmelden',
    linkOver:
      'Dieser Link wurde schon benutzt oder ist älter als zehn Minuten. Melden Sie sich mit dem Token an, oder starten Sie Tributary neu, um einen neuen Link zu erhalten.',
    submit: 'Anmelden',
  },
  standings: {
    idle: 'Aktuell',
    running: 'Ruft ab',
    waiting: 'Wartet',
    failing: 'Fehler, neuer Versuch',
    'needs attention': 'Aktion nötig',
    paused: 'Pausiert',
    'set aside': 'Zurückgestellt',
    more: 'Weitere folgen',
    new: 'Noch kein Abruf',
  },
  runStates: { queued: 'Wartet', running: 'Läuft', done: 'Fertig', failed: 'Fehlgeschlagen' },
  causes: { schedule: 'nach Zeitplan', request: 'auf Anforderung' },
  /** In front of what was recorded of a failure, which is English, with the server’s own words. */
  verbatim: 'Im Wortlaut, auf Englisch:',
  failures: {
    unreachable: {
      title: 'Die Verbindung zum Anbieter ist fehlgeschlagen',
      advice:
        'Es wird automatisch erneut versucht. Unten steht, ob er erreicht wurde und was Sie prüfen können, wenn es so bleibt.',
    },
    'no such host': {
      title: 'Einen Server dieses Namens gibt es nicht',
      advice: 'Prüfen Sie, wie der Name geschrieben ist. Vielleicht hat der Anbieter einen neuen.',
    },
    tls: {
      title: 'Keine sichere Verbindung zum Anbieter',
      advice: 'Prüfen Sie den Namen des Servers und die Art der Verschlüsselung.',
    },
    silent: {
      title: 'Der Anbieter antwortet nicht mehr',
      advice:
        'Es wird automatisch erneut versucht. Unten steht, wobei er verstummt ist und was Sie prüfen können, wenn es so bleibt.',
    },
    'credentials refused': {
      title: 'Der Anbieter lehnt Benutzername oder Passwort ab',
      advice:
        'Geben Sie beides neu ein. Manche Anbieter verlangen ein App-Passwort, das auf ihrer Website erstellt wird.',
    },
    throttled: {
      title: 'Der Anbieter will seltenere Abrufe',
      advice: 'Für eine Weile wird automatisch seltener abgerufen.',
    },
    'maildrop in use': {
      title: 'Ein anderes Programm liest gerade dieses Postfach',
      advice: 'Es wird automatisch erneut versucht. Bleibt es so, schalten Sie POP3 im anderen Programm aus.',
    },
    'provider refused': {
      title: 'Der Anbieter hat eine Anfrage abgelehnt',
      advice:
        'Es wird automatisch erneut versucht. Seine Antwort steht unten; bleibt es so, fragen Sie den Anbieter, was sie bedeutet.',
    },
    'broken protocol': {
      title: 'Der Anbieter antwortet unverständlich',
      advice: 'Es wird automatisch erneut versucht. Bleibt es so, zeigen Sie dem Anbieter, was unten steht.',
    },
    'store unreachable': {
      title: 'Der Mailspeicher ist nicht erreichbar',
      advice:
        'Keine E-Mail geht verloren. Es wird automatisch erneut versucht. Bleibt es so, prüfen Sie, ob der Mailspeicher läuft und ob Server und Port stimmen.',
    },
    'store refused': {
      title: 'Der Mailspeicher hat eine E-Mail abgelehnt',
      advice:
        'Sie bleibt beim Anbieter, und es wird automatisch erneut versucht. Die Antwort des Speichers steht unten; sein Log sagt mehr.',
    },
    'store full': {
      title: 'Der Mailspeicher ist voll',
      advice: 'Schaffen Sie dort Platz. Bis dahin bleiben die E-Mails beim Anbieter.',
    },
    'sign-in needed': {
      title: 'Jemand muss sich anmelden',
      advice:
        'Wem das Postfach gehört, der meldet sich bei dessen Anbieter an. Bis dahin wird es in Ruhe gelassen; keine E-Mail geht verloren.',
    },
    'token service unreachable': {
      title: 'Der Anmeldedienst antwortet nicht',
      advice: 'Die Anmeldung gilt weiterhin. Es wird automatisch erneut versucht, und keine E-Mail geht verloren.',
    },
    superseded: { title: 'Ein anderer Worker hat übernommen', advice: 'Der Abruf geht dort weiter.' },
    stopped: {
      title: 'Der Abruf wurde angehalten',
      advice: 'Der nächste macht dort weiter, wo dieser aufgehört hat.',
    },
    internal: {
      title: 'Etwas Unerwartetes ist passiert',
      advice: 'Es wird automatisch erneut versucht. Bitte melden Sie es, wenn es so bleibt.',
    },
  },
  reasons: {
    unreachable: 'nicht erreicht',
    'no such host': 'Server unbekannt',
    tls: 'Zertifikat oder Verschlüsselung',
    silent: 'antwortet nicht mehr',
    'credentials refused': 'Benutzer oder Passwort falsch',
    throttled: 'zu viele Abrufe',
    'maildrop in use': 'anderswo in Benutzung',
    'provider refused': 'vom Anbieter abgelehnt',
    'broken protocol': 'keine gültigen Antworten',
    'store unreachable': 'Mailspeicher nicht erreichbar',
    'store refused': 'vom Mailspeicher abgelehnt',
    'store full': 'Mailspeicher voll',
    'sign-in needed': 'Anmeldung nötig',
    'token service unreachable': 'Anmeldedienst nicht erreichbar',
    superseded: 'übernommen',
    stopped: 'angehalten',
    internal: 'etwas Unerwartetes',
  },
  steps,
  remarks: {
    deferred: ({ messages: n, reason }) =>
      `${messages(n)} ${n === 1 ? 'wird' : 'werden'} später noch einmal versucht: ${reason}`,
    'ids changed': ({ messages: n, listed }) =>
      `Der Anbieter hat für ${messages(n)} von ${number(listed)} neue Kennungen: Meist ist das Postfach umgezogen. Sie wurden am Inhalt erkannt, und keine wurde zweimal abgeholt.`,
    'not deleted': ({ messages: n, changed }) =>
      `Dieser Anbieter löscht nicht: ${messages(n)}, die gelöscht waren, sind wieder da. ${changed > 0 ? `Ihre Kopfzeilen sind verändert, deshalb wurden ${number(changed)} noch einmal gespeichert; das geschieht einmal.` : 'Nichts wird doppelt gespeichert.'} Sie werden nicht wieder gelöscht, bis „Beim Anbieter“ geändert wird; löschen Sie sie dort von Hand, oder behalten Sie sie.`,
    'deletion refused': ({ messages: n, visits, reply }) =>
      `Der Anbieter hat bei ${number(visits)} Besuchen abgelehnt, ${messages(n)} zu löschen: „${reply}“. Alles ist gespeichert und bleibt beim Anbieter; bei jedem Besuch wird wieder versucht, es zu löschen. Wollen Sie das nicht, behalten Sie E-Mails beim Anbieter.`,
    'deletion not confirmed': ({ messages: n, reason }) =>
      `Dass ${messages(n)} gelöscht sind, wurde nicht bestätigt (${reason}). Alles ist gespeichert; der nächste Besuch löscht, was noch da ist.`,
    'came short': ({ messages: n, octets, size }) =>
      `Von ${messages(n)} hat der Anbieter viel weniger gegeben, als er auflistet: zum Beispiel ${octets} statt ${size}. Was kam, ist gespeichert, und beim Anbieter wird nichts davon gelöscht: Sehen Sie dort nach.`,
    'import budget used up': ({ of, octetsPerHour, minutes }) =>
      `Der erste Import hat die ${octetsPerHour} geholt, die ${of === 'account' ? 'diesem Konto' : of === 'destination' ? 'diesem Postfach' : 'diesem Anbieter'} in einer Stunde zustehen. In ${count(minutes, { one: '# Minute', other: '# Minuten' })} geht es weiter; neue E-Mails kommen inzwischen an.`,
    'flags left out': ({ flags, reply }) =>
      `E-Mails werden ohne die Markierungen ${flags} gespeichert, die der E-Mail-Speicher ablehnt: „${reply}“. Nehmen Sie sie aus dem Konto, oder wählen Sie andere.`,
    'login delay': ({ host, at }) =>
      `${host} verlangt Zeit zwischen zwei Anmeldungen (LOGIN-DELAY). Dieses Postfach wird von selbst abgefragt: ${at}.`,
    'just tested': ({ host, minutes }) =>
      `${host} hat uns so kurz nach dem Test des Kontos nicht eingelassen. In etwa ${count(minutes, { one: '# Minute', other: '# Minuten' })} wird es von selbst wieder abgefragt.`,
    'too many sessions': ({ host }) =>
      `${host} nimmt weniger Verbindungen zugleich an, als wir dort hatten. Gleich wird es von selbst wieder abgefragt.`,
    'still held': ({ host }) =>
      `${host} hatte noch unsere letzte Verbindung, die wir verließen, weil dort nichts mehr kam. Gleich wird es von selbst wieder abgefragt.`,
  },
  asideRemarks: {
    'not given': ({ server, reply }) => `${server} listet diese E-Mail auf und gibt sie nicht heraus: „${reply}“.`,
    'protocol broken': ({ server, expected, reply }) =>
      `${server} hat bei dieser E-Mail jedes Mal das Protokoll verletzt: „${reply}“ kam, erwartet war: ${expected}.`,
    'fell silent': ({ server, seconds }) =>
      `${server} ist bei dieser E-Mail jedes Mal verstummt, ${number(seconds)} s lang.`,
    'connection ended': ({ server, reason }) =>
      `Die Verbindung zu ${server} brach bei dieser E-Mail jedes Mal ab: ${reason}.`,
    'worker ended': ({ times }) => `Sie abzuholen hat den Worker ${number(times)}-mal beendet.`,
    'not taken': ({ reply }) => `Der E-Mail-Speicher hat diese E-Mail nicht angenommen: „${reply}“.`,
    'not sent': ({ reason }) => `So, wie sie ist, kann der E-Mail-Speicher sie nicht annehmen: ${reason}.`,
  },
  guides,
  run: {
    progress: (stored, of) => `${number(stored)} von ${messages(of)}`,
    stored: (n) => `${messages(n)} gespeichert`,
    looking: 'Sucht nach neuen E-Mails',
    queued: 'Wartet, bis es an der Reihe ist',
    waitsUntil: (time) => `Wartet bis ${time}`,
    rate: (perSecond) => `${perSecond} E-Mails/s`,
    bytesRate: (perSecond) => `${perSecond}/s`,
    left: (time) => `noch etwa ${time}`,
    progressOf: (address) => `Fortschritt bei ${address}`,
  },
  overview: {
    title: 'Übersicht',
    allWell: 'Alles läuft',
    allWellHint: (n, mail) => `${accounts(n)}, ${messages(mail)} in den letzten 24 Stunden.`,
    someFail: (n) => count(n, { one: 'Ein Konto hat einen Fehler', other: '# Konten haben einen Fehler' }),
    someFailHint: () => 'Es wird automatisch erneut versucht; die anderen laufen weiter.',
    overdue: (n) => count(n, { one: 'Ein Konto wird nicht abgerufen', other: '# Konten werden nicht abgerufen' }),
    overdueHint: (n) =>
      `${n === 1 ? 'Es ist fällig, aber seit dem Dreifachen seines längsten Abstands' : 'Sie sind fällig, aber seit dem Dreifachen ihres längsten Abstands'} hat niemand nachgesehen: Läuft ein Worker, und sind es genug?`,
    needYou: (n) =>
      count(n, { one: 'Bei einem Konto müssen Sie etwas tun', other: 'Bei # Konten müssen Sie etwas tun' }),
    needYouHint: (n) =>
      n === 1
        ? 'Bis dahin bekommt es keine E-Mails: Unten steht, warum. Die anderen laufen weiter.'
        : 'Bis dahin bekommen sie keine E-Mails: Unten steht, warum. Die anderen laufen weiter.',
    setAside: (n) => `${messages(n)} zurückgestellt`,
    setAsideHint: (n) => `Aus ${accounts(n)}: bisher nicht gespeichert und noch beim Anbieter.`,
    setAsideVerdict:
      'Alle anderen E-Mails kommen an. Diese bleiben beim Anbieter, bis jemand entscheidet; unten ist die Liste.',
    elsewhere: (n) => `anderswo ${number(n)}`,
    partsDown: 'Der Abruf steht still',
    partsDownHint:
      'Ein Teil von Tributary antwortet nicht; auf dieser Seite steht unter „Zustand“, welcher. Bis dahin geht keine E-Mail verloren.',
    attention: 'Hier zuerst nachsehen',
    attentionMore: (n) => `Alle ${number(n)}`,
    runsNow: 'Läuft gerade',
    nothingRuns: 'Im Moment nichts',
    nothingRunsHint: 'Jedes Konto wird abgerufen, wenn es an der Zeit ist.',
    runsMore: (n) => `und ${count(n, { one: 'ein weiterer', other: '# weitere' })}`,
    mail: 'Gesammelte E-Mails',
    perHour: '48 Stunden',
    perDay: '30 Tage',
    span: 'Zeitraum',
    hourSummary: (n) => `${messages(n)} in 48 Stunden`,
    daySummary: (n) => `${messages(n)} in 30 Tagen`,
    barTold: (n, size, failed) =>
      `${messages(n)}, ${size}${failed > 0 ? `; ${count(failed, { one: 'ein Abruf fehlgeschlagen', other: '# Abrufe fehlgeschlagen' })}` : ''}`,
    byStatus: 'Konten',
    health: 'Zustand',
    redis: 'Redis',
    store: 'Mailspeicher',
    workers: 'Worker',
    works: 'läuft',
    fails: 'antwortet nicht',
    workersWork: (n) => count(n, { one: 'einer läuft', other: '# laufen' }),
    noWorkers: 'keiner läuft',
    destinationsPaused: (n) => count(n, { one: 'Ein Postfach ist pausiert', other: '# Postfächer sind pausiert' }),
    unreadable: (n) =>
      count(n, {
        one: 'Ein Eintrag ist nicht lesbar und steht in keiner Liste; die API entfernt ihn (DELETE):',
        other: '# Einträge sind nicht lesbar und stehen in keiner Liste; die API entfernt sie (DELETE):',
      }),
  },
  accounts: {
    title: 'Konten',
    count: accounts,
    filtered: (n, of) => `${number(n)} von ${accounts(of)}`,
    search: 'Suchen',
    searchHint: 'Adresse, Anbieter oder Benutzer',
    status: 'Status',
    anyStatus: 'Jeder Status',
    reason: 'Fehlerursache',
    anyReason: 'Jede Ursache',
    provider: 'Anbieter',
    anyProvider: 'Alle Anbieter',
    account: 'Konto',
    lastMail: 'Letzte E-Mail',
    lastRun: 'Letzter Abruf',
    nextRun: 'Nächster Abruf',
    actions: 'Aktionen',
    actionsOf: (address) => `Aktionen für ${address}`,
    choose: (address) => `${address} auswählen`,
    checkNow: 'Jetzt abrufen',
    pause: 'Pausieren',
    resume: 'Fortsetzen',
    edit: 'Bearbeiten',
    remove: 'Entfernen',
    chosen: (n) => count(n, { one: 'Eines ausgewählt', other: '# ausgewählt' }),
    clearChoice: 'Auswahl aufheben',
    due: 'fällig',
    now: 'jetzt',
    notYet: 'noch nicht',
    none: 'Noch keine Konten',
    noneHint: 'Legen Sie fest, wohin Ihre E-Mails sollen, und das erste Konto, aus dem sie kommen.',
    noneFound: 'Nichts gefunden',
    noneFoundHint: 'Kein Konto passt dazu. Suchen Sie nach etwas anderem oder entfernen Sie den Filter.',
    clearFilter: 'Filter entfernen',
    add: 'Konto hinzufügen',
    setAside: (n) => `${number(n)} zurückgestellt`,
    working: (done, of) => `${number(done)} von ${number(of)}`,
    didCheck: (n) => count(n, { one: 'Ein Konto wird jetzt abgerufen.', other: '# Konten werden jetzt abgerufen.' }),
    didPause: (n) => `${accounts(n)} pausiert.`,
    didResume: (n) => `${accounts(n)} fortgesetzt.`,
    didRemove: (n) => `${accounts(n)} entfernt. Gespeicherte E-Mails bleiben, wo sie sind.`,
    change: 'Ändern',
    changeTitle: (n) => count(n, { one: 'Dieses Konto ändern', other: '# Konten ändern' }),
    changeThem: (n) => `${accounts(n)} ändern`,
    changeHint: 'Geändert wird nur, was Sie ausfüllen, und zwar für alle gleich.',
    asItIs: 'unverändert',
    didChange: (n) => `${accounts(n)} geändert.`,
    allActions: 'Konten aus einer Datei und in eine Datei',
    importFile: 'Aus einer Datei importieren',
    importHint:
      'Ein Konto pro Zeile, als JSON: wie in einem Export, mit einem Passwort in jeder Zeile, oder ein Export mit versiegelten Passwörtern von einer Instanz mit demselben Schlüssel. Konten, die es hier schon gibt, bleiben, wie sie sind.',
    file: 'Datei',
    lookingThrough: 'Die Datei wird durchgesehen',
    lookedThrough: (fit, wrong) =>
      `${count(fit, { one: 'Eine Zeile kann hinzugefügt werden', other: '# Zeilen können hinzugefügt werden' })}, ${count(wrong, { one: 'eine nicht', other: '# nicht' })}.`,
    line: (n) => `Zeile ${n.toLocaleString('de')}`,
    toKnow: (n) => count(n, { one: 'Zu einer Zeile ist etwas zu wissen:', other: 'Zu # Zeilen ist etwas zu wissen:' }),
    importThem: (n) => (n === 0 ? 'Hinzufügen' : `${accounts(n)} hinzufügen`),
    didImport: (n) => `${accounts(n)} hinzugefügt.`,
    exportFile: 'Exportieren, ohne Passwörter',
    exportSealed: 'Exportieren, Passwörter versiegelt',
    didFail: (n, first) =>
      `${count(n, { one: 'Bei einem Konto hat es nicht geklappt', other: 'Bei # Konten hat es nicht geklappt' })}: ${first}`,
    removeTitle: (n) => count(n, { one: 'Dieses Konto entfernen?', other: '# Konten entfernen?' }),
    removeHint:
      'Es werden keine E-Mails mehr abgerufen, und der Verlauf wird vergessen. Gespeicherte E-Mails bleiben, wo sie sind, und beim Anbieter ändert sich nichts.',
  },
  account: {
    facts: 'Angaben',
    provider: 'Anbieter',
    encryption: 'Verschlüsselung',
    tls: { implicit: 'TLS', starttls: 'STARTTLS', none: 'keine' },
    unverified: 'Zertifikat nicht geprüft',
    pinned: 'Zertifikat festgelegt',
    user: 'Benutzer',
    destination: 'Ziel',
    isHere: 'Die E-Mails sind da',
    readThem: 'Lesen',
    folder: 'Ordner',
    retention: 'Beim Anbieter',
    keep: 'E-Mails bleiben dort',
    delete: 'E-Mails werden nach dem Speichern gelöscht',
    keepDays: (n) =>
      count(n, { one: 'E-Mails werden einen Tag später gelöscht', other: 'E-Mails werden nach # Tagen gelöscht' }),
    interval: 'Abruf',
    rhythm: {
      fixed: (time) => `alle ${time}, fest eingestellt`,
      learning: (time) => `alle ${time}, bis sich in zwei Wochen gezeigt hat, wann E-Mails kommen`,
      'busy hour': (time) => `alle ${time}: Um diese Zeit kommen viele E-Mails`,
      'usual hour': (time) => `alle ${time}, so wie E-Mails kommen`,
      'quiet hour': (time) => `um diese Zeit ruhig: alle ${time}`,
      'recent mail': (time) => `wieder nach ${time}: Gerade ist eine E-Mail gekommen`,
      'asked for': (time) => `wieder nach ${time}: Gerade wurde ein Abruf angefordert, und es war nichts gekommen`,
      silent: (time) => `alle ${time}: Seit Wochen kommt kaum eine E-Mail`,
      'login delay': (time) => `alle ${time}: Der Anbieter verlangt das`,
      'due at once': () => 'das nächste Mal sofort',
      waiting: () => 'jetzt fällig: wartet auf eine freie Sitzung beim Anbieter oder auf einen Worker',
      'more to fetch': (time) => `wieder nach ${time}: Der letzte Abruf hat noch E-Mails übrig gelassen`,
      'backing off': (time) => `wieder nach ${time}: Der letzte Abruf ist fehlgeschlagen`,
      'destination paused': (time) => `wieder nach ${time}: Im Moment kann nichts gespeichert werden`,
      throttled: (time) => `wieder nach ${time}: Der Anbieter gibt im Moment nichts mehr heraus`,
      'put off': (time) => `später als sonst, nach ${time}`,
      paused: () => 'im Moment nicht: pausiert',
      'needs attention': () => 'nicht automatisch, bis jemand etwas tut',
    },
    next: 'Nächster Abruf',
    since: 'Seit',
    runs: 'Abrufe',
    noRuns: 'Noch kein Abruf',
    firstRuns: 'Der erste läuft gerade.',
    noRunsHint: 'Der erste beginnt gleich von selbst; „Jetzt abrufen“ wartet nicht darauf.',
    noRunsPaused: 'Der erste beginnt, wenn das Konto fortgesetzt wird; „Jetzt abrufen“ wartet nicht darauf.',
    took: (time) => `Dauer ${time}`,
    listed: (n) => `${number(n)} beim Anbieter`,
    nothingNew: 'nichts Neues',
    recovered: (n) => `${number(n)} schon gespeichert vorgefunden`,
    deleted: (n) => `${number(n)} beim Anbieter gelöscht`,
    quarantined: (n) => `${messages(n)} zurückgestellt`,
    deferred: (n) => `${number(n)} noch nicht abgerufen`,
    deferredHint: (n) =>
      count(n, {
        one: 'Eine E-Mail konnte noch nicht abgerufen werden; es wird automatisch erneut versucht.',
        other: '# E-Mails konnten noch nicht abgerufen werden; es wird automatisch erneut versucht.',
      }),
    storedMail: 'Was gespeichert wurde',
    noStoredMail: 'Dieser Abruf hat nichts gespeichert, oder er ist zu lange her, um es anzuzeigen.',
    omitted: (n) =>
      count(n, { one: 'Eine ältere E-Mail ist nicht aufgeführt.', other: '# ältere E-Mails sind nicht aufgeführt.' }),
    transcript: 'Mitschnitt',
    noTranscript: 'Von diesem Abruf gibt es keinen Mitschnitt mehr; nur die letzten paar haben einen.',
    truncated: 'Er ist länger als das, was aufbewahrt wird.',
    sides: { client: 'wir', server: 'Anbieter', note: 'Hinweis' },
    from: 'Von',
    subject: 'Betreff',
    noSubject: '(kein Betreff)',
    size: 'Größe',
    quarantine: 'Zurückgestellt',
    quarantineHint:
      'Diese E-Mails ließen sich nicht so speichern, wie sie sind. Sie bleiben beim Anbieter und halten keine anderen auf.',
    reason: 'Grund',
    attempts: (n) =>
      n === 0 ? 'bisher nicht abgerufen' : count(n, { one: 'einmal versucht', other: '#-mal versucht' }),
    again: 'Automatischer neuer Versuch',
    againNextRun: 'Automatischer neuer Versuch beim nächsten Abruf',
    pausedAdvice: 'Das Konto ist pausiert: Nichts wird erneut versucht, bis es fortgesetzt wird.',
    onlyByHand: 'Wird nicht automatisch noch einmal versucht',
    mayPass: 'Das gibt sich vielleicht von selbst.',
    passes: 'Der Server sagt, dass sich das von selbst gibt: Niemand muss etwas tun.',
    retry: 'Erneut versuchen',
    dismiss: 'Dort lassen',
    download: 'Herunterladen',
    retried: 'Es wird jetzt erneut versucht.',
    dismissed: 'Die E-Mail wird ab jetzt in Ruhe gelassen und bleibt beim Anbieter.',
    checking: 'Das Konto wird jetzt abgerufen.',
    twin: 'Pausiert: Dieses Konto ruft dieselben E-Mails ab wie ein anderes, dessen Server anders geschrieben ist. Entfernen Sie eines von beiden.',
    twinFirst: 'Das andere Konto',
    paused: 'Pausiert. Es wird nichts abgerufen, bis Sie es fortsetzen.',
    resumed: 'Fortgesetzt. Es wird sofort abgerufen.',
    removed: 'Entfernt. Gespeicherte E-Mails bleiben, wo sie sind.',
    saved: 'Gespeichert.',
    gone: 'Dieses Konto gibt es nicht mehr',
    goneHint: 'Vielleicht hat es jemand entfernt.',
    toAll: 'Zu allen Konten',
    editTitle: (address) => `${address} bearbeiten`,
    details: 'Einzelheiten zeigen',
    firstImport: 'Erster Import',
    firstImportHint: 'Sie können diese Seite schließen: Er läuft von selbst weiter.',
    importFree: 'so schnell es geht',
    importAtMost: (size) => `höchstens ${size} pro Stunde`,
    importShared: (size) => `höchstens ${size} pro Stunde, zusammen mit den anderen, die dorthin gehen`,
    more: 'weitere folgen',
    moreTitle: 'Weitere E-Mails folgen',
    moreHint: 'Der letzte Abruf hat nicht alles geholt. Der nächste macht von selbst weiter.',
    checks: (n) => count(n, { one: 'einmal nachgesehen', other: '#-mal nachgesehen' }),
  },
  activity: {
    title: 'Verlauf',
    lead: 'Die Abrufe aller Konten, die neuesten zuerst.',
    state: 'Ergebnis',
    anyState: 'Jedes Ergebnis',
    since: 'Zeitraum',
    anyTime: 'Jeder Zeitraum',
    spans: { hour: 'Letzte Stunde', day: 'Letzte 24 Stunden', week: 'Letzte 7 Tage' },
    onlyOf: (address) => `Nur ${address}: alle zeigen`,
    none: 'Keine Abrufe',
    noneHint: 'Keiner passt dazu, oder sie sind zu lange her, um noch aufbewahrt zu werden.',
    runOf: (address, what) => `${what}: ${address}`,
    open: 'Diesen Abruf auf eigener Seite zeigen',
    run: 'Abruf',
    runTitle: (address) => `Abruf von ${address}`,
    gone: 'Dieser Abruf wird nicht mehr aufbewahrt',
    goneHint: 'Von jedem Konto werden die letzten 100 Abrufe aufbewahrt, 30 Tage lang.',
    toAll: 'Zum ganzen Verlauf',
    progress: 'Bisher',
    notices: 'Gut zu wissen',
    seen: 'Was ankam und was ausgetauscht wurde',
    facts: 'Angaben',
    cause: 'Gestartet',
    task: 'Wozu',
    rebuild: 'Um neu zu lernen, was gespeichert ist',
    visits: 'Abrufe hintereinander',
    queuedAt: 'Eingereiht',
    startedAt: 'Beginn',
    finishedAt: 'Ende',
    tookName: 'Dauer',
    listed: 'E-Mails beim Anbieter',
    stored: 'Gespeichert',
    size: 'Größe',
    recovered: 'Schon gespeichert vorgefunden',
    deleted: 'Beim Anbieter gelöscht',
    quarantined: 'Zurückgestellt',
    deferred: 'Noch nicht abgerufen',
  },
  aside: {
    title: 'Zurückgestellt',
    count: (n, of) => `${messages(n)} aus ${accounts(of)}`,
    none: 'Nichts ist zurückgestellt',
    noneHint: 'Jede gefundene E-Mail ließ sich speichern, oder jemand hat entschieden, sie dort zu lassen.',
    overLimit: 'Zu groß für dieses Konto',
    limit: (size, limit) => `Die E-Mail ist ${size} groß, und das Konto nimmt E-Mails bis ${limit} an.`,
    fits: (size, limit) => `Die E-Mail ist ${size} groß, und das Konto nimmt inzwischen E-Mails bis ${limit} an.`,
    overAll: (limit) => `Kein Konto nimmt E-Mails über ${limit} an: Laden Sie sie herunter oder lassen Sie sie dort.`,
    raise: (limit) => `Bis ${limit} annehmen`,
    raised: (limit) => `Das Konto nimmt jetzt E-Mails bis ${limit} an. Bei dieser wird es erneut versucht.`,
    retryAll: 'Alle noch einmal versuchen',
    dismissAll: 'Alle dort lassen',
    retryAllTitle: (n) => `${messages(n)} noch einmal versuchen?`,
    dismissAllTitle: (n) => `${messages(n)} beim Anbieter lassen?`,
    retryAllHint:
      'Die Konten werden jetzt abgefragt. Was größer ist, als sein Konto annimmt, bleibt zurückgestellt: Erhöhen Sie zuerst die Grenze.',
    dismissAllHint: 'Sie werden nicht mehr abgeholt und bleiben beim Anbieter.',
    counting: 'Es wird gezählt …',
    settling: (done, of) => `${number(done)} von ${number(of)}`,
    retriedAll: (n) => `${messages(n)} ${n === 1 ? 'wird' : 'werden'} noch einmal versucht.`,
    dismissedAll: (n) => `${messages(n)} ${n === 1 ? 'bleibt' : 'bleiben'} ab jetzt beim Anbieter.`,
    leftAside: (n) => `${messages(n)} ${n === 1 ? 'bleibt' : 'bleiben'} zurückgestellt: größer, als das Konto annimmt.`,
    noneSo: 'Aus diesem Grund ist nichts zurückgestellt',
    settleAll: 'Alle auf einmal',
  },
  line: {
    title: 'Erweitert: Anmeldeverfahren, alte Verschlüsselung, Proxy',
    sasl: 'Anmeldeverfahren',
    saslHint: 'Für einen Server, der ein Verfahren ankündigt, das dort nicht funktioniert: Dann gilt nur dieses hier.',
    strongest: 'Das stärkste (üblich)',
    mechanisms: {
      'SCRAM-SHA-256': 'SCRAM-SHA-256: Das Passwort wird nachgewiesen, nicht gesendet',
      'SCRAM-SHA-1': 'SCRAM-SHA-1: Das Passwort wird nachgewiesen, nicht gesendet',
      'CRAM-MD5': 'CRAM-MD5: Das Passwort wird nachgewiesen, nicht gesendet (alt)',
      PLAIN: 'PLAIN: Das Passwort wird gesendet',
      LOGIN: 'LOGIN: Das Passwort wird gesendet',
      APOP: 'APOP: Das Passwort wird nachgewiesen, nicht gesendet (alt)',
      USER: 'USER und PASS: Das Passwort wird gesendet',
      OAUTHBEARER: 'OAUTHBEARER: Das Token wird gesendet',
      XOAUTH2: 'XOAUTH2: Das Token wird gesendet, wie bei Google und Microsoft',
    },
    fact: (mechanism) => `nur mit ${mechanism}`,
    oldest: 'Ältestes erlaubtes TLS',
    versions: {
      TLSv1: '1.0 (unsicher)',
      'TLSv1.1': '1.1 (unsicher)',
      'TLSv1.2': '1.2 (üblich)',
      'TLSv1.3': '1.3',
    },
    legacy: 'Alte, schwache Verschlüsselung erlauben: kurze Schlüssel, alte Verfahren',
    weakHint:
      'Nur für einen Server, der nichts Besseres kann: Unterwegs kann womöglich jemand das Passwort und die E-Mails lesen.',
    weak: 'Alte, schwache Verschlüsselung ist hier erlaubt: Unterwegs kann womöglich jemand das Passwort und die E-Mails lesen.',
    mark: 'alte Verschlüsselung',
    proxy: 'Proxy',
    proxyHint:
      'Zum Beispiel socks5://proxy.example.net:1080 oder http://name:passwort@proxy.example.net:3128. Bleibt es leer, gilt der Proxy dieser Instanz, falls sie einen hat; „none“ steht für keinen.',
    via: (proxy) => `über ${proxy}`,
    direct: 'ohne Proxy',
  },
  form: {
    address: 'E-Mail-Adresse',
    host: 'POP3-Server',
    port: 'Port',
    tls: 'Verschlüsselung',
    tlsModes: { implicit: 'TLS (üblich)', starttls: 'STARTTLS', none: 'Keine (unsicher)' },
    user: 'Benutzername',
    password: 'Passwort',
    onceMore: 'Noch einmal',
    sameAgain: 'noch einmal dasselbe',
    makePassword: 'Eins erzeugen',
    keepPassword: 'Bewahren Sie es sicher auf: Es wird nur hier und jetzt angezeigt.',
    passwordKept: 'Leer lassen, um das bisherige zu behalten.',
    passwordNeeded:
      'Wo oder wie sich das Konto anmeldet, ändert sich: Geben Sie auch das Passwort ein. So kann es niemand anderswohin senden lassen, der es nicht kennt.',
    folder: 'Ordner',
    destination: 'Ziel',
    retention: 'Beim Anbieter',
    retentions: {
      keep: 'E-Mails dort lassen',
      delete: 'Nach dem Speichern löschen',
      keepDays: 'Nach einigen Tagen löschen',
    },
    days: 'Tage',
    importBudget: 'Erster Import: MB pro Stunde, höchstens',
    importBudgetHint:
      'Bleibt es leer, geht es so schnell wie möglich. Neue E-Mails warten nie darauf. Gmail gibt über POP3 etwa 1.250 MB am Tag heraus, das sind 50 pro Stunde.',
    importBudgetPattern: 'eine Zahl, etwa 20 oder 0,5',
    leaveTitle: 'Ohne Speichern verlassen?',
    leaveHint: 'Was Sie hier eingegeben haben, geht dann verloren.',
    leave: 'Verlassen',
    stay: 'Hier bleiben',
    rules: {
      required: 'Diese Angabe fehlt.',
      unexpected: 'Das gehört nicht hierher.',
      type: 'Hier wird eine Zahl gebraucht.',
      choice: 'Wählen Sie etwas von dem, was angeboten wird.',
      form: 'Das hat nicht die Form, die hier gebraucht wird.',
      minLength: (n) => count(n, { one: 'Mindestens # Zeichen.', other: 'Mindestens # Zeichen.' }),
      maxLength: (n) => count(n, { one: 'Höchstens # Zeichen.', other: 'Höchstens # Zeichen.' }),
      minimum: (n) => `Mindestens ${number(n)}.`,
      maximum: (n) => `Höchstens ${number(n)}.`,
      maxItems: (n) => count(n, { one: 'Höchstens ein Eintrag.', other: 'Höchstens # Einträge.' }),
      taken: 'Das ist schon vergeben; wählen Sie etwas anderes.',
      unknown: 'Das gibt es hier nicht mehr; wählen Sie neu.',
      reach: 'Dorthin darf von hier nichts verbinden; ein Administrator legt das in den Einstellungen fest.',
      wrong: 'Das ist nicht richtig.',
      adminOnly: 'Das stellt nur ein Administrator ein.',
      other: 'Das wurde nicht angenommen. Tributary meldet:',
    },
    /** What a field has to look like. */
    forms: {
      address: 'Eine E-Mail-Adresse wie me@example.net.',
      from: 'Eine E-Mail-Adresse wie me@example.net.',
      to: 'E-Mail-Adressen wie me@example.net.',
      login: 'Nur a–z, 0–9, Punkt, Bindestrich, Unterstrich und @; höchstens 64 Zeichen.',
      host: 'Der Name eines Servers, etwa mail.example.net.',
      url: 'Eine URL wie https://example.net/hooks.',
      issuer: 'Eine https-URL ohne etwas hinter ? oder #.',
      tenant: 'Die ID oder die Domain eines Mandanten, oder common, organizations oder consumers.',
      folder: 'Ein Ordner wie INBOX oder Arbeit/Alt, ohne * und %.',
      retention: 'Eine Zahl von Tagen: mindestens 1.',
      firstRun: 'Eine Zahl von Tagen: mindestens 1.',
      tlsFingerprint: '64 Ziffern und Buchstaben von A bis F.',
      flags: 'Markierungen wie \\Flagged oder Wörter aus einfachen Buchstaben.',
    },
    someWrong: (n) =>
      count(n, {
        one: 'Nicht ausgeführt: Eine Angabe muss erst berichtigt werden.',
        other: 'Nicht ausgeführt: # Angaben müssen erst berichtigt werden.',
      }),
  },
  deeds: {
    'signed in': 'hat sich angemeldet',
    'signed in by a link': 'hat sich über einen Link angemeldet',
    'made a link': 'hat einen Anmeldelink erstellt',
    'signed out': 'hat sich abgemeldet',
    'set the admin password': 'hat das Administratorpasswort festgelegt',
    'added an account': 'hat ein Konto hinzugefügt',
    'changed an account': 'hat ein Konto geändert',
    'removed an account': 'hat ein Konto entfernt',
    'paused an account': 'hat ein Konto angehalten',
    'resumed an account': 'hat ein Konto fortgesetzt',
    'asked for a run': 'hat einen Abruf verlangt',
    'tested an account': 'hat ein Konto getestet',
    'imported accounts': 'hat Konten aus einer Datei importiert',
    'began a sign-in': 'hat die Anmeldung beim Anbieter begonnen',
    'signed a mailbox out': 'hat ein Postfach beim Anbieter abgemeldet',
    'tried a message again': 'hat eine E-Mail noch einmal versucht',
    'let go of a message': 'hat eine E-Mail beim Anbieter gelassen',
    'tried messages again': 'hat alle zurückgestellten E-Mails noch einmal versucht',
    'let go of messages': 'hat alle zurückgestellten E-Mails beim Anbieter gelassen',
    'rebuilt a ledger': 'hat das Verzeichnis der abgelegten E-Mails neu aufgebaut',
    'imported a state file': 'hat eine Statusdatei importiert',
    'added a mailbox': 'hat ein Postfach hinzugefügt',
    'changed a mailbox': 'hat ein Postfach geändert',
    'tested a mailbox': 'hat ein Postfach getestet',
    'removed a mailbox': 'hat ein Postfach entfernt',
    'marked a message': 'hat eine E-Mail markiert',
    'sent a message': 'hat eine E-Mail gesendet',
    'saved a draft': 'hat einen Entwurf gespeichert',
    'threw a draft away': 'hat einen Entwurf weggeworfen',
    'cancelled a message': 'hat das Senden einer E-Mail abgebrochen',
    'sent a message again': 'hat eine E-Mail noch einmal senden lassen',
    'made a token': 'hat ein Token erstellt',
    'revoked a token': 'hat ein Token widerrufen',
    'added a webhook': 'hat einen Webhook hinzugefügt',
    'changed a webhook': 'hat einen Webhook geändert',
    'removed a webhook': 'hat einen Webhook entfernt',
    'tested a webhook': 'hat einen Webhook getestet',
    'sent news again': 'hat Meldungen erneut an einen Webhook gesendet',
    'gave a webhook a new secret': 'hat einem Webhook einen neuen geheimen Schlüssel gegeben',
    'set who is told by e-mail': 'hat festgelegt, wer per E-Mail benachrichtigt wird',
    'told nobody by e-mail': 'hat die Benachrichtigung per E-Mail abgeschaltet',
    'sent a test mail': 'hat eine Test-E-Mail gesendet',
    'changed settings': 'hat Einstellungen geändert',
    'added an application': 'hat eine Anwendung hinzugefügt',
    'changed an application': 'hat eine Anwendung geändert',
    'removed an application': 'hat eine Anwendung entfernt',
    'restored a backup': 'hat eine Sicherung wiederhergestellt',
    'changed keys': 'hat die Schlüssel geändert',
  },
  advice: {
    aProvider: 'Dieser Anbieter',
    page: (host) => `${host} öffnen`,
    texts: adviceTexts,
  },
  signing: {
    title: 'Anmeldung',
    applications: 'Anwendungen',
    applicationsHint:
      'Als was diese Instanz bei einem Anbieter registriert ist, damit man sich dort anmelden kann. Registriert wird einmal für alle Konten.',
    howTo: 'So geht es bei den einzelnen Anbietern',
    noApplications: 'Noch keine. Passwörter und App-Passwörter brauchen keine.',
    add: 'Anwendung hinzufügen',
    change: 'Anwendung ändern',
    provider: 'Anbieter',
    providers: { microsoft: 'Microsoft', google: 'Google', fastmail: 'Fastmail', custom: 'Anderer Anbieter' },
    redirectUri: 'Weiterleitungs-URI',
    notTaken:
      'Anbieter nehmen sie nur als https: an, oder als http://localhost für diesen Rechner. Setzen Sie TRIBUTARY_PUBLIC_URL auf die Adresse, unter der Browser diese Seite erreichen, oder melden Sie sich per Code an.',
    clientId: 'Client-ID',
    secret: 'Geheimer Schlüssel',
    secretHints: {
      microsoft: 'Sein „Wert“. Leer lassen, wenn die Anwendung keinen hat.',
      google: 'Wie Google ihn zusammen mit der Client-ID angezeigt hat.',
      fastmail: '',
      custom: 'Leer lassen, wenn die Anwendung keinen hat.',
    },
    secretKept: 'Leer lassen, um den bisherigen zu behalten.',
    cloud: 'Cloud',
    clouds: {
      '': 'Weltweit',
      'https://login.microsoftonline.us': 'US-Regierung',
      'https://login.partner.microsoftonline.cn': 'China (21Vianet)',
    },
    tenant: 'Mandant',
    tenantHint:
      'Leer für alle: persönliche Konten und jede Organisation. Sonst „organizations“, „consumers“ oder die ID eines Mandanten.',
    issuer: 'Issuer',
    issuerHint:
      'Seine Adresse, etwa https://login.example.net, unter der /.well-known/oauth-authorization-server oder /.well-known/openid-configuration liegt.',
    askServer: 'Server befragen',
    serverAnswers: (flows) => `Der Server antwortet. Anmelden kann man sich dort ${flows}.`,
    serverFails: 'So kann sich dort niemand anmelden:',
    flows: { code: 'im Browser', device: 'per Code', application: 'allein über die Anwendung' },
    further: 'Weitere Einstellungen',
    scopes: 'Bereiche (Scopes)',
    scopesHint: 'Leer für die üblichen.',
    addresses: 'Postfächer, die sie ohne Anmeldung einer Person öffnen darf',
    addressesHint: 'Durch Komma getrennt; keines, solange Sie nicht sicher sind, dass Sie das wollen.',
    withSecret: 'mit geheimem Schlüssel',
    withoutSecret: 'ohne geheimen Schlüssel',
    unattended: (n) => count(n, { one: 'darf ein Postfach selbst öffnen', other: 'darf # Postfächer selbst öffnen' }),
    saved: 'Gespeichert.',
    removed: 'Entfernt.',
    removeTitle: (name) => `Diese Anwendung (${name}) entfernen?`,
    removeHint: 'Wer sich darüber angemeldet hat, muss zuerst abgemeldet werden. Beim Anbieter ändert sich nichts.',
    how: 'Wie Tributary hineinkommt',
    withPassword: 'Mit einem Passwort oder App-Passwort',
    signIn: (name) => (name === 'Anderer Anbieter' ? 'Beim Anbieter anmelden' : `Mit ${name} anmelden`),
    signInHint: 'Im Browser, beim Anbieter. Hier wird kein Passwort gespeichert.',
    noApplicationYet:
      'Microsoft nimmt kein Passwort an: Wem das Postfach gehört, der meldet sich an. Dafür muss ein Administrator zuerst eine Anwendung hinzufügen.',
    addAndSignIn: 'Hinzufügen und anmelden',
    signedInAs: (who) => `Angemeldet als ${who}`,
    marks: { 'signed out': 'nicht angemeldet', waiting: 'Anmeldung begonnen', refused: 'neu anmelden' },
    endsOn: (time) => `angemeldet bis ${time}`,
    states: {
      'signed out': 'Noch hat sich niemand angemeldet',
      waiting: 'Jemand meldet sich gerade an',
      'signed in': 'Angemeldet',
      refused: 'Der Anbieter verlangt eine neue Anmeldung',
    },
    stateHints: {
      'signed out': 'Es werden keine E-Mails abgerufen, bis sich beim Anbieter anmeldet, wem das Postfach gehört.',
      waiting:
        'Weiter geht es in dem Browser, in dem die Anmeldung begonnen wurde, oder dort, wo der Code eingegeben wird.',
      'signed in': 'Sie wird automatisch erneuert.',
      refused:
        'Die Erlaubnis gilt nicht mehr: Sie wurde zurückgenommen oder ist abgelaufen. Es werden keine E-Mails abgerufen, bis sich jemand neu anmeldet.',
    },
    until: (time) => `Spätestens am ${time} muss sich jemand neu anmelden.`,
    warnings: {
      'google testing': (time) =>
        `Diese Google-Anwendung steht auf „Testing“: Die Anmeldung endet am ${time}. Veröffentlichen Sie die Anwendung („In production“) und melden Sie sich noch einmal an.`,
      'no refresh token': (time) =>
        `Der Anbieter hat nichts zum Erneuern mitgegeben: Die Anmeldung endet am ${time}. Sorgen Sie dafür, dass die Anwendung um Offline-Zugriff bittet, und melden Sie sich noch einmal an.`,
      'scopes missing': () =>
        'Es wurde nicht allem zugestimmt, worum gebeten wurde; vielleicht kommen keine E-Mails. Melden Sie sich noch einmal an und lassen Sie jedes Häkchen stehen.',
      'another audience': () =>
        'Was der Anbieter erlaubt hat, gilt nicht für seine Mailserver; vielleicht kommen keine E-Mails. Sorgen Sie dafür, dass die Anwendung nur um Bereiche (Scopes) für E-Mails bittet, und melden Sie sich noch einmal an.',
    },
    again: 'Neu anmelden',
    byCode: 'Per Code anmelden',
    makeLink: 'Link für Inhaber erstellen',
    link: 'Link',
    linkTitle: (name) => `Link für die Person, der ${name} gehört`,
    linkHint: (until) =>
      `Wem dieses Postfach gehört, der öffnet den Link im Browser und meldet sich an, ohne hier ein Konto zu haben. Er gilt bis ${until} und nur einmal. Senden Sie ihn sonst niemandem.`,
    signOut: 'Abmelden',
    signedOut: 'Abgemeldet.',
    signOutTitle: (name) => `${name} abmelden?`,
    signOutHint:
      'Was die Anmeldung erlaubt hat, wird vergessen. Es werden keine E-Mails abgerufen, bis sich jemand neu anmeldet.',
    feeds: (mailbox, into) =>
      into === null
        ? `E-Mails, die Tributary sammelt, werden in ${mailbox} abgelegt.`
        : `Tributary wird die E-Mails von ${mailbox} abrufen und im Postfach ${into} sammeln.`,
    openPage: 'Öffnen Sie diese Seite auf einem beliebigen Gerät:',
    typeCode: 'Geben Sie dort diesen Code ein:',
    code: 'Code',
    waits: (time) => `Wartet auf die Eingabe. Der Code läuft ${time} ab.`,
    refused: (reason) => `Es wurde nicht angenommen: ${reason}.`,
    ends: {
      expired: 'Niemand hat den Code rechtzeitig eingegeben. Beginnen Sie von vorn.',
      denied:
        'Es wurde nicht abgeschlossen: Der Code ist abgelaufen, oder beim Anbieter wurde nicht zugestimmt. Beginnen Sie von vorn.',
    },
    gone: 'Die Anwendung gibt es nicht mehr: Wählen Sie eine andere.',
    itsProvider: 'der Anbieter',
  },
  guide: {
    title: 'Anleitungen',
    lead: 'Was die einzelnen Anbieter verlangen, bevor ein Programm dort E-Mails abrufen darf, Schritt für Schritt.',
    of: (name) => `Anleitung: ${name}`,
    all: 'So wird es bei Ihrem Anbieter eingerichtet',
    ways: {
      'app password': 'Mit App-Passwort',
      password: 'Mit Passwort',
      'sign in': 'Durch Anmelden beim Anbieter',
      unattended: 'Ohne Anmeldung einer Person, in einer Firma',
      forward: 'Durch Weiterleiten',
    },
    server: (host) => `POP3-Server: ${host}, Port 995, TLS`,
    doneWhen: (seen) => `Erledigt, wenn ${seen}`,
    tryIt: 'Ausprobieren',
    answers: (host, port) => `Gefunden: ${host}, Port ${port}. Der Server antwortet, und sein Zertifikat stimmt.`,
    doesNotAnswer: (host, port) =>
      `Gefunden: ${host}, Port ${port}, aber der Server antwortet von hier aus gerade nicht.`,
    firstLogin: (n, size) => `Die Anmeldung klappt: ${messages(n)}, ${size}.`,
    noApplication: 'Hier ist noch keine Anwendung dieses Anbieters gespeichert.',
    applicationSaved: (id) => `Gespeichert: ${id}`,
    lookAgain: 'Neu prüfen',
    nobodySignedIn: 'Bei diesem Anbieter hat sich noch niemand angemeldet.',
    hasSignedIn: 'angemeldet',
    hasNotSignedIn: 'nicht angemeldet',
    noLoginYet: 'Die erste Anmeldung läuft gerade.',
    loginWorked: 'Die erste Anmeldung hat geklappt.',
    loginFailed: 'Die letzte Anmeldung ist fehlgeschlagen: Näheres steht beim Konto.',
    onlyAdmins: 'Wer Konten hinzufügen darf, kann die Anmeldung hier ausprobieren.',
  },
  add: {
    title: 'Dieses Konto hinzufügen',
    lead: 'Geben Sie die Adresse und das Passwort dazu ein. Alles andere wird gefunden, und Sie können es ändern.',
    source: 'Woher die E-Mails kommen',
    foundHere: 'Hier steht, was zu der Adresse gefunden wird.',
    looking: 'Die Einstellungen für diese Adresse werden gesucht',
    found: (n) => count(n, { one: 'Gefundene Einstellungen', other: 'Gefundene Einstellungen, die besten zuerst' }),
    noAnswer:
      'Tributary selbst antwortet gerade nicht, darum wurde nichts gesucht. Es wird von selbst noch einmal gefragt.',
    notFound: {
      offline:
        'Tributary erreicht gerade weder Nameserver noch Web, darum ist über diese Adresse nichts bekannt. Prüfen Sie die Verbindung des Rechners, oder tragen Sie den Server von Hand ein.',
      'no such domain': 'Diese Domain gibt es nicht: Prüfen Sie die Schreibweise der Adresse.',
      'no POP3': 'Diese E-Mails lassen sich nicht per POP3 abholen.',
      unknown:
        'Zu dieser Adresse wurden keine Einstellungen gefunden. Fragen Sie den Anbieter nach dem POP3-Server und tragen Sie ihn hier ein; unten steht der üblichste.',
    },
    meant: (address: string) => `Meinten Sie ${address}?`,
    takeMeant: 'Ja, diese nehmen',
    portAndTls: (port, tls) =>
      `Port ${port}, ${{ implicit: 'TLS', starttls: 'STARTTLS', none: 'keine Verschlüsselung' }[tls]}`,
    verified: 'Antwortet, und das Zertifikat stimmt',
    unverified: 'Hat bisher nicht geantwortet',
    sources: {
      'built in': 'Tributary bekannt',
      autoconfig: 'von der Domain genannt',
      'well-known': 'von der Domain genannt',
      thunderbird: 'aus der Liste von Thunderbird',
      srv: 'im DNS angegeben',
      mx: 'anhand des Mailservers',
      guess: 'geraten',
    },
    byHand: 'Andere',
    byHandHint: 'Wie Ihr Anbieter sie nennt.',
    byHandTitle: 'Servereinstellungen von Hand',
    userHint: 'Bleibt es leer, gilt die Adresse.',
    test: 'Testen',
    works: (n, size) => `Es klappt: ${messages(n)}, ${size}`,
    asUser: (user: string) => `Der Benutzername dort lautet ${user}.`,
    worksEmpty: 'Es klappt; im Moment sind keine E-Mails darin',
    encrypted: (version, until) => `Verschlüsselt mit ${version}; das Zertifikat ist gültig bis ${until}.`,
    notEncrypted: 'Nichts ist verschlüsselt: Wer dazwischensitzt, kann das Passwort und alle E-Mails lesen.',
    pin: 'Genau diesem Zertifikat vertrauen',
    pinned: 'Vertraut wird genau diesem Zertifikat und keinem anderen:',
    unpin: 'Zertifikate wie üblich prüfen',
    anyway: 'Trotzdem hinzufügen',
    goal: 'Wohin die E-Mails gehen',
    newMailbox: 'Ein neues Postfach hier',
    folderHint: 'Gibt es keinen dieses Namens, wird er angelegt.',
    mail: 'Was mit den E-Mails geschieht',
    stays: 'Beim Anbieter',
    retentions: {
      keep: {
        text: 'E-Mails dort lassen',
        hint: 'Beim Anbieter ändert sich nichts. Beachten Sie, dass sich das Postfach dort füllen kann.',
      },
      delete: {
        text: 'Nach dem Speichern löschen',
        hint: 'Jede E-Mail wird dort erst gelöscht, wenn sie hier sicher gespeichert ist.',
      },
      keepDays: {
        text: 'Nach einigen Tagen löschen',
        hint: 'Sie lässt sich dort noch eine Weile lesen und wird so viele Tage nach dem Speichern gelöscht.',
      },
    },
    retentionDays: 'Tage, die E-Mails beim Anbieter bleiben',
    first: 'Beim ersten Mal',
    firstRuns: {
      all: { text: 'Alle E-Mails abrufen', hint: 'Alles, was jetzt da ist, und alles, was noch kommt.' },
      lastDays: {
        text: 'Die E-Mails einiger Tage abrufen',
        hint: 'Ältere bleiben, wo sie sind, und werden auch später nicht abgerufen.',
      },
      onlyNew: {
        text: 'Nur neue E-Mails abrufen',
        hint: 'Was jetzt da ist, bleibt unberührt; was von jetzt an kommt, wird abgerufen.',
      },
    },
    firstDays: 'Tage zurück',
    submit: 'Hinzufügen und starten',
    added: 'Hinzugefügt. Der erste Import beginnt.',
  },
  sending: {
    wish: 'Ich möchte mit dieser Adresse antworten',
    wishHint: 'Was Sie damit senden, geht über den eigenen Anbieter der Adresse hinaus, mit demselben Passwort.',
    by: (server: string) => `Gesendet wird über ${server}.`,
    byHand: 'Senden: Server und Name, von Hand',
    host: 'Server zum Senden (SMTP)',
    hostHint: 'Leer: Er wird gesucht.',
    port: 'Port zum Senden',
    tls: 'Verschlüsselung beim Senden',
    user: 'Benutzer zum Senden',
    password: 'Anderes Passwort zum Senden',
    asPop3: 'Leer: wie beim Abholen.',
    name: 'Ihr Name in dem, was Sie senden',
    nameHint: 'Er steht neben der Adresse.',
    works: (server: string) => `Das Senden funktioniert, über ${server}.`,
    fails: 'Das Senden funktioniert noch nicht.',
    heldTitle: 'Mit dieser Adresse wird gerade nichts gesendet.',
    limitedTitle: 'Mit dieser Adresse wird vorerst nicht mehr gesendet.',
    goesOn: (time: string) => `Was hinausgehen soll, wartet und wird um ${time} wieder versucht.`,
    goesOnSoon: 'Was hinausgehen soll, wartet und wird von selbst wieder versucht.',
    spent: {
      minute: (messages: number) => `Mehr als ${messages} Nachrichten in der Minute dürfen nicht hinausgehen.`,
      hour: (messages: number) => `Mehr als ${messages} Nachrichten in der Stunde dürfen nicht hinausgehen.`,
      day: (messages: number) => `Mehr als ${messages} Nachrichten am Tag dürfen nicht hinausgehen.`,
    },
    shared: ({ address, user, host, sentBy }) =>
      `Ein anderes Konto dieses Postfachs hat auch die Adresse ${address} (${user} bei ${host}). ${sentBy === 'new' ? 'Gesendet wird damit über das neue.' : sentBy === 'former' ? 'Gesendet wird mit dem, das zuerst da war.' : 'Gesendet wird damit über keines von beiden.'}`,
    sendsBy: 'Sendet über',
    nothing: 'nichts: Es soll nicht senden',
    notYet: 'noch nicht bekannt',
    steps: {
      'name the server': 'Geben Sie den Server zum Senden ein: Die Hilfeseiten des Anbieters nennen ihn.',
      'check login':
        'Prüfen Sie Benutzer und Passwort. Es sind die zum Abholen, wenn zum Senden keine anderen eingetragen sind.',
      'app password':
        'Der Anbieter will ein App-Passwort: Erstellen Sie eines in seinen Sicherheitseinstellungen und geben Sie das ein.',
      'sign in again':
        'Die Anmeldung umfasst das Senden nicht: Melden Sie sich noch einmal an und stimmen Sie dort zu.',
      'sign in instead': 'Der Anbieter nimmt kein Passwort: Melden Sie sich stattdessen dort an.',
      'switch sending on':
        'Das Senden mit Programmen ist für dieses Postfach ausgeschaltet: Schalten Sie es in den Einstellungen beim Anbieter ein.',
      'confirm on the web':
        'Melden Sie sich einmal auf der Webseite des Anbieters an und bestätigen Sie dort, dass Sie es waren.',
      'unlock on the web':
        'Das Konto ist gesperrt: Melden Sie sich auf der Webseite des Anbieters an; dort steht, wie es wieder geöffnet wird.',
      'other encryption': 'Ohne Verschlüsselung wird nichts gesendet: Versuchen Sie TLS an Port 465.',
      'check certificate': 'Prüfen Sie den Namen des Servers: Sein Zertifikat passt nicht.',
      'other port': 'Viele Netze sperren diesen Port: Versuchen Sie 587 mit STARTTLS oder 465 mit TLS.',
      'check the host': 'Prüfen Sie den Namen des Servers: Es gibt keinen, der so heißt.',
      'let the address in':
        'Der Anbieter sperrt aus, woher Tributary kommt: Lassen Sie es in den Sicherheitseinstellungen dort zu.',
      'log in':
        'Er sendet nur für Angemeldete: Prüfen Sie Benutzer und Passwort, und ob das der Server zum Senden ist.',
      'own address':
        'Der Anbieter sendet mit dieser Anmeldung nicht als diese Adresse: Fügen Sie die Adresse dort hinzu oder geben Sie ihren eigenen Benutzer und ihr Passwort ein.',
      later: 'Versuchen Sie es später noch einmal: Der Server sagt, dass es vorübergeht.',
      'ask the provider': 'Fragen Sie den Anbieter, was er verlangt.',
    },
  },
  edit: {
    certificate: 'Zertifikat',
    trusts: { checked: 'Prüfen (üblich)', pinned: 'Genau einem vertrauen', unchecked: 'Jedes annehmen (unsicher)' },
    uncheckedHint: 'Wer dazwischensitzt, kann sich als der Server ausgeben und das Passwort und alle E-Mails lesen.',
    fingerprint: 'Sein Fingerabdruck (SHA-256)',
    fingerprintHint: 'Wie ihn der Betreiber des Servers nennt. Ein Test zeigt den jetzigen an.',
    fingerprintPattern: '64 Ziffern und Buchstaben von A bis F',
    trustedSoFar: 'Bisher vertraut',
    shownNow: 'Jetzt vom Server gezeigt',
    trusted: 'Diesem Zertifikat wird ab jetzt vertraut. Das Konto wird jetzt abgerufen.',
    saveAndCheck: 'Speichern und prüfen',
    saveAnyway: 'Trotzdem speichern',
    notSaved: 'Nicht gespeichert.',
    otherSettings: 'Andere Einstellungen',
    passwordWorks: 'Es klappt und ist gespeichert. E-Mails werden jetzt abgerufen.',
    more: 'Mehr: wie oft, wie groß, Markierungen',
    least: 'Minuten zwischen Abrufen, mindestens',
    leastHint: 'Wenn viele E-Mails kommen.',
    most: 'Minuten zwischen Abrufen, höchstens',
    mostHint: 'Wenn kaum welche kommen. Ist der Wert gleich dem Mindestwert, wird genau so oft abgerufen.',
    largest: 'Größte E-Mail, in MB',
    largestHint: 'Eine größere wird zurückgestellt und bleibt beim Anbieter.',
    flags: 'Markierungen der gespeicherten E-Mails',
    flagsHint: 'Etwa \\Flagged oder ein Schlagwort, durch Leerzeichen getrennt.',
    number: 'eine Zahl, etwa 2 oder 0,5',
  },
  destinations: {
    title: 'Postfächer',
    lead: 'Wohin Ihre E-Mails gehen.',
    name: 'Postfach',
    kind: 'Art',
    kinds: { hosted: 'Hier gespeichert', imap: 'Auf anderem Server' },
    kindHints: {
      hosted: 'Ein neues, eigenes Postfach, das jedes E-Mail-Programm über IMAP oder POP3 liest.',
      imap: 'Eines, das Sie anderswo haben: Die E-Mails werden über IMAP dort abgelegt.',
    },
    works: 'Nimmt E-Mails an',
    paused: 'Pausiert',
    add: 'Postfach hinzufügen',
    make: 'Anlegen',
    none: 'Noch kein Postfach',
    noneHint: 'Gesammelte E-Mails brauchen eines als Ziel.',
    imapServer: 'IMAP-Server',
    letsIn: (n: number) => `Es klappt: ${messages(n)} im Posteingang dort.`,
    keepsOut: 'Die Anmeldung klappt nicht',
    gone: 'Dieses Postfach gibt es nicht mehr',
    goneHint: 'Vielleicht hat es jemand entfernt.',
    toAll: 'Zu allen Postfächern',
    changePassword: 'Passwort ändern',
    passwordTitle: (name) => `Neues Passwort für ${name}`,
    passwordHint: 'Es gilt sofort: Geben Sie es in jedem E-Mail-Programm ein, das dieses Postfach liest.',
    presentPassword: 'Bisheriges Passwort',
    newPassword: 'Neues Passwort',
    passwordForeignHint: 'Das, das sein Server schon kennt. Dort wird es nicht geändert.',
    passwordChanged: 'Das neue Passwort gilt.',
    limitImports: 'Erste Importe begrenzen',
    limitImportsTitle: (name) => `Erste Importe in ${name}`,
    limitImportsHint:
      'Für alle Konten dieses Postfachs zusammen. Bleibt es leer, geht es so schnell wie möglich. Neue E-Mails warten nie darauf. Gmail nimmt etwa 500 MB am Tag an, das sind 20 pro Stunde; darüber wird es sehr langsam oder lehnt eine Weile ab.',
    connect: 'Mit einem E-Mail-Programm lesen',
    connectHint: 'Geben Sie das in ein beliebiges E-Mail-Programm ein, dazu das Passwort dieses Postfachs.',
    connectForeignHint: 'Die E-Mails werden mit dieser Anmeldung dort abgelegt; lesen Sie sie wie gewohnt.',
    tls: { implicit: 'TLS von Anfang an', starttls: 'STARTTLS', none: 'Keine' },
    others: 'Andere Zugänge',
    mobileconfig: 'Für iPhone, iPad und Mac',
    autoconfig: 'Für Thunderbird',
    filesHint:
      'Öffnen Sie auf iPhone, iPad oder Mac die erste Datei auf dem Gerät selbst und installieren Sie sie unter „Einstellungen“, „Profil geladen“; das Passwort wird dabei abgefragt. Thunderbird braucht keine Datei, wenn die Adresse auf den Namen dieses Servers endet: Geben Sie die Adresse ein, den Rest findet es selbst. Sonst ist die zweite Datei für die Person, die die Domain der Adressen verwaltet; sie gehört dorthin, wo Thunderbird sucht (/.well-known/autoconfig/mail/config-v1.1.xml).',
    missing:
      'Andere Geräte kommen noch nicht hierher, deshalb gibt es keine Datei für sie. Wo Tributary gestartet wird, fehlt:',
    missingSettings: {
      TRIBUTARY_MAIL_HOST: '0.0.0.0, damit die E-Mail-Ports für andere Geräte offen sind',
      TRIBUTARY_PUBLIC_NAME: 'der Name, unter dem sie diesen Rechner erreichen',
      TRIBUTARY_TLS_CERT: 'zusammen mit TRIBUTARY_TLS_KEY: ein Zertifikat für diesen Namen, dem Geräte vertrauen',
    },
    sendingHint: 'Beide enthalten das Passwort nicht; danach werden Sie gefragt.',
    smtpServer: 'SMTP-Server, zum Senden',
    outgoingHint:
      'Er nimmt mit demselben Benutzernamen und Passwort E-Mails von jeder Adresse an, deren Konto in diesem Postfach sendet, und gibt sie über den Anbieter dieser Adresse weiter.',
    phone: 'Auf Handy oder Tablet',
    qrCode: 'QR-Code mit der Adresse dieser Seite',
    phoneHint: (login) =>
      `Scannen Sie ihn: Er öffnet diese Seite dort. Melden Sie sich als ${login} mit dem Passwort dieses Postfachs an und laden Sie das Profil für iPhone und iPad, oder kopieren Sie die Einstellungen.`,
    phoneCannot: (place) =>
      `Für das Handy erscheint hier ein QR-Code, sobald Sie diese Seite unter einem Namen öffnen, den das Handy erreichen kann: ${place} führt nur zu diesem Rechner.`,
    mail: 'E-Mails darin',
    messages,
    folders: (n) => count(n, { one: 'in einem Ordner', other: 'in # Ordnern' }),
    fedBy: 'Konten, die es füllen',
    fedByNone: 'Noch kein Konto',
    fedByNoneHint: 'Es kommt nichts von selbst herein, bis eines hinzugefügt ist.',
    fedByMore: (n, of) => `${number(n)} von ${number(of)} werden angezeigt.`,
    remove: 'Entfernen',
    removed: 'Entfernt.',
    removeTitle: (name) => `${name} entfernen?`,
    removeHint:
      'Die Anmeldung endet sofort. Die E-Mails bleiben auf der Festplatte und sind wieder da, wenn ein Postfach desselben Namens angelegt wird.',
    removeForeignHint: 'Auf seinem Server ändert sich nichts: Vergessen wird nur, was Tributary darüber weiß.',
    purge: 'Auch die E-Mails endgültig löschen',
  },
  mail: {
    title: 'E-Mails',
    choose: 'Welches Postfach möchten Sie lesen?',
    unreadOf: (unread) => `${number(unread)} ungelesen`,
    cannotTell: 'gerade nicht lesbar',
    read: 'E-Mails lesen',
    readOf: (mailbox) => `E-Mails lesen: ${mailbox}`,
    folders: 'Ordner',
    uses: {
      inbox: 'Posteingang',
      sent: 'Gesendet',
      drafts: 'Entwürfe',
      junk: 'Spam',
      trash: 'Papierkorb',
      archive: 'Archiv',
    },
    count: messages,
    unread: 'ungelesen',
    which: 'Welche E-Mails',
    onlyUnread: 'Ungelesen',
    search: 'Diesen Ordner durchsuchen',
    toDay: 'Gehe zum Tag',
    looked: ({ messages: all, text, folded, spellings }) =>
      [
        text < all
          ? `Durchsucht wurde der ganze Text der letzten ${messages(text)} von ${number(all)}.`
          : 'Durchsucht wurde der ganze Text aller E-Mails.',
        folded < all
          ? `In Absender, Betreff und ersten Worten der neuesten ${messages(folded)} sind Buchstaben mit und ohne Zeichen gleich.`
          : 'In Absender, Betreff und ersten Worten sind Buchstaben mit und ohne Zeichen gleich.',
        ...(spellings.length > 0 ? [`Auch gesucht: ${spellings.join(', ')}.`] : []),
      ].join(' '),
    replyList: 'Der Liste antworten',
    goOn: 'Weiterschreiben',
    outbox: 'Postausgang',
    keys: {
      title: 'Tasten',
      next: 'Nächste E-Mail',
      previous: 'Vorige E-Mail',
      ends: 'Erste und letzte E-Mail',
      open: 'E-Mail öffnen',
      search: 'Suchen',
      reply: 'Antworten',
      replyAll: 'Allen antworten',
      forward: 'Weiterleiten',
      write: 'Neue Nachricht',
      leave: 'E-Mail schließen oder Suchfeld verlassen',
      help: 'Diese Tasten zeigen',
      on: 'Einzelne Buchstaben und Zeichen als Tasten verwenden',
    },
    look: 'Nach neuen E-Mails sehen',
    empty: 'Dieser Ordner ist leer',
    emptyHint: 'Was ankommt, erscheint von selbst.',
    noneUnread: 'Nichts Ungelesenes',
    noneFound: 'Nichts gefunden',
    answered: 'beantwortet',
    flagged: 'markiert',
    withAttachments: 'mit Anhängen',
    nobody: '(kein Absender)',
    message: 'E-Mail',
    chooseOne: 'Wählen Sie eine E-Mail aus, um sie zu lesen',
    backTo: (folder) => `Zurück zu ${folder}`,
    gone: 'Diese E-Mail ist nicht mehr hier',
    goneHint: 'Sie wurde inzwischen verschoben oder gelöscht, hier oder von einem E-Mail-Programm.',
    lookAgain: 'Den Ordner neu ansehen',
    from: 'Von',
    sent: 'Gesendet',
    replyTo: 'Antwort an',
    to: 'an',
    cc: 'Kopie an',
    othersToo: (n) => count(n, { one: 'und eine weitere', other: 'und # weitere' }),
    gatheredFrom: 'abgerufen von',
    flag: 'Markieren',
    unflag: 'Markierung entfernen',
    markRead: 'Als gelesen markieren',
    markUnread: 'Als ungelesen markieren',
    original: 'Original (.eml)',
    downloadOriginal: 'Original herunterladen (.eml)',
    attachments: 'Anhänge',
    unnamed: 'ohne Namen',
    form: 'Anzeigen als',
    asHtml: 'HTML',
    asText: 'Text',
    frame: 'Text der E-Mail',
    colours: 'Farben',
    dark: 'Dunkel',
    asSent: 'Wie gesendet',
    pictures: 'Bilder',
    calendar: {
      event: 'Termin',
      cancelled: 'abgesagt',
      when: 'Wann',
      where: 'Wo',
      organizer: 'Lädt ein',
      attendees: 'Eingeladen',
      zone: (zone) => (zone === null ? '(wo immer Sie sind)' : `(Zeit von ${zone})`),
      repeats: {
        daily: 'täglich',
        weekly: 'wöchentlich',
        monthly: 'monatlich',
        yearly: 'jährlich',
        otherwise: 'und später wieder',
      },
    },
    heldBack: 'Externe Bilder werden zurückgehalten: Ihr Abruf verrät dem Absender, wann und von wo Sie dies lesen.',
    showRemote: 'Externe Bilder anzeigen',
    incomplete:
      'Sie hat mehr Adressen oder Teile oder längere Namen, als hier angezeigt werden: Laden Sie für alles das Original herunter.',
    unreadable: '(nicht darstellbar: zum Herunterladen des Originals öffnen)',
    truncated: 'Das ist nur der Anfang: Laden Sie für alles das Original herunter.',
    withheld: {
      slow: 'Das HTML wird nicht angezeigt: Es unschädlich zu machen dauert zu lange.',
      failed: 'Das HTML wird nicht angezeigt: Es lässt sich nicht unschädlich machen.',
      busy: 'Das HTML wird nicht angezeigt: Gerade werden zu viele E-Mails gelesen. Öffnen Sie sie gleich noch einmal.',
    },
    noText: 'Diese E-Mail enthält keinen Text',
    noTextHint: 'Was sie mitgebracht hat, liegt im Anhang oder im Original.',
  },
  welcome: {
    title: 'Willkommen',
    lead: 'Zwei Schritte, und Ihre E-Mails kommen herein. Bei Ihrem Anbieter wird nichts gelöscht.',
    stepOf: (n, of) => `Schritt ${n} von ${of}`,
    mailbox: 'Ihr Postfach hier',
    mailboxHint:
      'Darin werden alle Ihre E-Mails gesammelt. Jedes E-Mail-Programm liest es über IMAP, mit diesem Anmeldenamen.',
    login: 'Anmeldename',
    loginHint: 'a–z, 0–9, Punkt, Bindestrich, Unterstrich oder @',
    password: 'Passwort wählen',
    next: 'Weiter',
    account: 'Das Konto, aus dem die E-Mails kommen',
    accountHint: 'So, wie Sie es in einem E-Mail-Programm für POP3 eingeben würden.',
    accountPassword: 'Das Passwort dazu',
    accountPasswordHint: 'Bei Gmail, Yahoo und anderen: ein App-Passwort, das auf ihrer Website erstellt wird.',
    server: 'Servereinstellungen',
    found: 'Die Einstellungen dieses Anbieters wurden gefunden.',
    looking: 'Die Einstellungen dieses Anbieters werden gesucht',
    start: 'Testen und starten',
    testing: 'Anmeldung beim Anbieter läuft',
    exists: (login) => `E-Mails gehen an ${login}.`,
    sample: 'Oder sehen Sie sich zuerst um',
    sampleHint:
      'Ein Beispielanbieter auf diesem Rechner hat ein paar Dutzend E-Mails, manche davon eigenartig. Sie werden in einem eigenen Postfach gesammelt; entfernen Sie Konto und Postfach, wenn Sie genug gesehen haben.',
    trySample: 'Mit Beispiel-E-Mails testen',
    notAllowed: 'Noch ist nichts eingerichtet',
    notAllowedHint: 'Ein Administrator muss das erste Konto hinzufügen.',
  },
}
