import type { GuideWords } from '../guides.ts'

const tried = {
  title: 'Try it here',
  acts: ['Type the address and the password. It is only tried: nothing is fetched or kept.'],
}

const save = {
  title: 'Enter the application here',
  acts: ['An administrator does that once; everybody’s accounts of this provider sign in by it.'],
}
const signIn = {
  title: 'Sign in',
  acts: [
    'Add the account, and choose to sign in. The browser goes to the provider, and comes back.',
    'For a mailbox of somebody else: add the account, and make a link for its owner on the account’s page.',
  ],
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
      project: {
        title: 'Make a project',
        acts: [
          'This way is for those who may not use app passwords. It takes half an hour.',
          'Open the page, type a name such as “Tributary”, and press “Create”.',
        ],
      },
      consent: {
        title: 'Say what asks for consent',
        acts: [
          'Open the page, press “Get started”, and type a name and your address.',
          'At “Audience” choose “Internal” if all mailboxes are of your own Workspace, and “External” otherwise. Finish with “Create”.',
        ],
      },
      publish: {
        title: 'Publish it, or it ends after seven days',
        acts: [
          'With “External”, open the page and press “Publish app”, so that “Publishing status” is “In production”.',
          'As long as it is “Testing”, each sign-in ends after seven days, and somebody has to sign in again every week.',
          'It need not be verified for up to 100 people: they see “Google hasn’t verified this app”, and go on by “Advanced”.',
        ],
      },
      scope: {
        title: 'Allow the scope for mail',
        acts: [
          'Open the page, press “Add or remove scopes”, and put this into “Manually add scopes”.',
          'Press “Add to table”, “Update” and “Save”.',
        ],
      },
      client: {
        title: 'Make a client',
        acts: [
          'Open the page, and choose “Web application”.',
          'At “Authorized redirect URIs” press “Add URI”, and put the redirect URI there. Press “Create”.',
          'Copy the client id and the client secret; the secret is shown this once.',
        ],
      },
      save,
      popToo: {
        title: 'Switch POP on in the mailbox',
        acts: ['Open the page, choose “Enable POP for all mail”, and press “Save Changes”.'],
      },
      signIn,
    },
  },
  microsoft: {
    name: 'Outlook.com, Hotmail and Microsoft 365',
    lead: 'Microsoft takes neither your password nor an app password any more: whoever owns the mailbox signs in, in a browser. Before that an administrator registers an application, once for all accounts.',
    steps: {
      register: {
        title: 'Register an application',
        acts: [
          'Open the page. It wants an account with a directory (tenant): one of Microsoft 365 has it, others get one with a free Azure account. The US government has portal.azure.us, 21Vianet in China portal.azure.cn.',
          'Press “New registration”, and type a name such as “Tributary”.',
          'At “Supported account types” choose “Accounts in any organizational directory and personal Microsoft accounts”.',
          'At “Redirect URI” choose “Web”, put the redirect URI there, and press “Register”.',
          'Copy the “Application (client) ID”.',
        ],
      },
      permissions: {
        title: 'Say what it asks for',
        acts: [
          'Open “API permissions”, press “Add a permission”, “Microsoft Graph”, “Delegated permissions”.',
          'Search for each of these, tick it, and press “Add permissions”.',
          'In a company: press “Grant admin consent”, or each person is asked, if that is allowed there.',
        ],
      },
      secret: {
        title: 'Make a secret',
        acts: [
          'Open “Certificates & secrets”, press “New client secret”, and choose how long it is good: note the day, for then a new one is needed.',
          'Copy what stands under “Value”, not the “Secret ID”. It is shown this once.',
        ],
      },
      device: {
        title: 'Let people sign in by a code',
        acts: [
          'Open “Authentication”, set “Allow public client flows” to “Yes”, and press “Save”.',
          'Then somebody without a browser on that machine can sign in by a code that is typed on a phone.',
        ],
      },
      save,
      pop: {
        title: 'Switch POP on in the mailbox',
        acts: [
          'For Outlook.com and Hotmail, open the page: it is “Settings”, “Mail”, “Forwarding and IMAP”.',
          'Switch “Let devices and apps use POP” on, choose that they may not delete messages, and press “Save”.',
          'In Microsoft 365 an administrator sees to it that POP is on: Microsoft 365 admin center, “Active users”, the person, “Mail”, “Manage email apps”.',
        ],
      },
      signIn,
    },
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
      register: {
        title: 'Ask Fastmail for a client id',
        acts: [
          'Fastmail registers applications by hand: write to its developers, as the page says. For yourself an app password is less work.',
          'Give them the redirect URI, and these two scopes. There is no secret.',
        ],
      },
      save,
      signIn,
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
      register: {
        title: 'Register an application',
        acts: [
          'Where the provider, or your own company, has a server for OAuth 2.0 or OpenID Connect: register a client for the web (authorization code with PKCE) there.',
          'Give it the redirect URI.',
          'Copy the client id, the secret if there is one, and the issuer: its address, under which /.well-known/openid-configuration is found.',
        ],
      },
      save,
      signIn,
    },
  },
}
