import type { GuideWords } from '../guides.ts'

const tried = {
  title: 'Try it here',
  acts: ['Type the address and the password. It is only tried: nothing is fetched or kept.'],
}

export const guides: GuideWords = {
  google: {
    name: 'Gmail and Google Workspace',
    lead: 'An app password is the easy way: ten minutes, and it does not end by itself. Your usual password is refused.',
    steps: {
      twoSteps: {
        title: 'Switch 2-Step Verification on',
        acts: [
          'Open the page and sign in with the account whose mail is to be gathered.',
          'Press “Turn on 2-Step Verification”, and follow it to its end. Without it Google makes no app passwords.',
        ],
      },
      appPassword: {
        title: 'Make an app password',
        acts: [
          'Open the page. If it says that the setting is not available, an administrator of your Workspace has switched app passwords off.',
          'Type a name, such as “Tributary”, and press “Create”.',
          'Copy the 16 letters. They are shown this once; the spaces do not matter.',
        ],
      },
      pop: {
        title: 'Switch POP on',
        acts: [
          'Open the page: it is “Settings”, “Forwarding and POP/IMAP” of Gmail.',
          'Choose “Enable POP for all mail”, or “for mail that arrives from now on”.',
          'At “When messages are accessed with POP” choose “keep Gmail’s copy in the Inbox”, and press “Save Changes”.',
        ],
      },
      try: tried,
    },
  },
  microsoft: {
    name: 'Outlook.com, Hotmail and Microsoft 365',
    lead: 'Microsoft takes neither your password nor an app password any more: have the mailbox forward its mail instead.',
    steps: {},
  },
  fastmail: {
    name: 'Fastmail',
    lead: 'An app password is the easy way. Your usual password is refused.',
    steps: {
      appPassword: {
        title: 'Make an app password',
        acts: [
          'Open the page: it is “Settings”, “Privacy & Security”, “Integrations”.',
          'At “App passwords” press “New app password”.',
          'Type a name, such as “Tributary”, choose access to mail by POP, and press “Generate password”.',
          'Copy it. It is shown this once.',
        ],
      },
      try: tried,
    },
  },
  yahoo: {
    name: 'Yahoo',
    lead: 'Yahoo wants an app password in place of your own. It lets no new programs sign in any other way.',
    steps: {
      appPassword: {
        title: 'Make an app password',
        acts: [
          'Open the page in a browser in which you have used Yahoo for some days, not in a private window: Yahoo refuses it otherwise.',
          'Under “External connections” press “Create app password”.',
          'Type a name, such as “Tributary”, and press “Generate password”.',
          'Copy it, and press “Done”.',
        ],
      },
      try: tried,
    },
  },
  aol: {
    name: 'AOL',
    lead: 'AOL wants an app password in place of your own. It lets no new programs sign in any other way.',
    steps: {
      appPassword: {
        title: 'Make an app password',
        acts: [
          'Open the page in a browser in which you have used AOL for some days, not in a private window: AOL refuses it otherwise.',
          'Under “External connections” press “Create app password”.',
          'Type a name, such as “Tributary”, and press “Generate password”.',
          'Copy it, and press “Done”.',
        ],
      },
      try: tried,
    },
  },
  gmx: {
    name: 'GMX',
    lead: 'Your password works once POP3 has been switched on in the settings. Nobody is let in before.',
    steps: {
      pop: {
        title: 'Switch POP3 on',
        acts: [
          'Sign in at GMX, and open “E-Mail”.',
          'Press “Einstellungen” (settings), then “POP3/IMAP Abruf”.',
          'Tick “POP3 und IMAP Zugriff erlauben”, and press “Speichern” (save).',
        ],
      },
      twoFactor: {
        title: 'With two-factor sign-in: make an app password',
        acts: [
          'Without two-factor sign-in, pass this step by: your own password is the right one.',
          'Otherwise open “Mein Account”, “Sicherheit”, “Anwendungsspezifische Passwörter”; the page shows it.',
          'Press “Jetzt anwendungsspezifisches Passwort einrichten”, and copy it. It is shown this once.',
        ],
      },
      try: tried,
    },
  },
  'web-de': {
    name: 'WEB.DE',
    lead: 'Your password works once POP3 has been switched on in the settings. The user name is what stands before the @.',
    steps: {
      pop: {
        title: 'Switch POP3 on',
        acts: [
          'Sign in at WEB.DE, and open “E-Mail”.',
          'Press “Einstellungen” (settings), then “POP3/IMAP Abruf”.',
          'Tick “POP3 und IMAP Zugriff erlauben”, and press “Speichern” (save).',
        ],
      },
      twoFactor: {
        title: 'With two-factor sign-in: make an app password',
        acts: [
          'Without two-factor sign-in, pass this step by: your own password is the right one.',
          'Otherwise open “Mein Account”, “Sicherheit”, “Anwendungsspezifische Passwörter”, and make one there.',
        ],
      },
      try: tried,
    },
  },
  't-online': {
    name: 'T-Online (Telekom)',
    lead: 'Mail programs need a password of their own there, the “E-Mail-Passwort”. The one of the web page is refused.',
    steps: {
      mailPassword: {
        title: 'Set the password for e-mail',
        acts: [
          'Sign in at the e-mail centre.',
          'Open “Menü”, “Einstellungen” (settings), “Passwörter”.',
          'At “E-Mail-Passwort” press “Jetzt ändern”, choose a password other than that of the web page, and save it.',
        ],
      },
      try: tried,
    },
  },
  icloud: {
    name: 'iCloud',
    lead: 'iCloud has no POP3 at all, so its mail cannot be fetched from there. It can forward it.',
    steps: {
      target: {
        title: 'Choose where it is forwarded to',
        acts: [
          'Take an address whose mail Tributary gathers, at a provider with POP3. Of your own domain it is mostly easy to make one for this alone.',
        ],
      },
      forward: {
        title: 'Have it forwarded',
        acts: [
          'Sign in at iCloud Mail, open the settings above the list of mailboxes, and choose “Mail Forwarding” (“General” in some versions).',
          'Tick “Forward my email to”, and type the address.',
          'Leave “Delete messages after forwarding” off, until you have seen for some weeks that nothing is missing.',
        ],
      },
      old: {
        title: 'What is there already',
        acts: [
          'Only new mail is forwarded. Older mail is best copied once with a mail program that has both mailboxes, over IMAP.',
        ],
      },
    },
  },
  custom: {
    name: 'Another provider',
    lead: 'Most providers take user name and password. Their settings are mostly found by the address.',
    steps: {
      ask: {
        title: 'Ask the provider, or its help pages',
        acts: [
          'For the POP3 server, and whether POP3 has to be switched on in the settings of the mailbox.',
          'Whether the user name is the whole address.',
          'Whether a mail program needs a password of its own: with two-factor sign-in it mostly does.',
        ],
      },
      try: tried,
    },
  },
}
