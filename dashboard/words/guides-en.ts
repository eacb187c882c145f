import type { GuideWords } from '../guides.ts'
import { google } from './guide-google-en.ts'
import { microsoft } from './guide-microsoft-en.ts'
import { save, signIn, tried } from './guide-shared-en.ts'

export const guides: GuideWords = {
  google,
  microsoft,
  fastmail: {
    name: 'Fastmail',
    lead: 'An app password is the easy way. Your usual password is refused, and the Basic plan lets no mail program in.',
    steps: {
      appPassword: {
        title: 'Make an app password',
        acts: [
          'Open the page: it is “Settings”, “Privacy & Security”, “Integrations” (elsewhere “Manage app passwords and access”).',
          'Press “New app password”, and type your password when you are asked for it.',
          'Choose a name, such as the one below, and access to mail, which includes POP. Press “Generate password”.',
          'Copy it. It is shown this once.',
        ],
        done: 'the name stands in the list of app passwords.',
      },
      try: tried,
      register: {
        title: 'Ask Fastmail for a client id',
        acts: [
          'Fastmail registers applications by hand: write to its developers, as the page says. For yourself an app password is less work.',
          'Give them the redirect URI, which has to be https: or http://localhost, and these two scopes. There is no secret.',
        ],
        done: 'they have sent you a client id.',
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
          'Type a name, such as the one below, and press “Generate password”.',
          'Copy it, and press “Done”. It holds until you delete it there, also when you change your own password.',
        ],
        done: 'it is counted under “External connections”.',
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
          'Press “Generate app password” (elsewhere “Create app password” under “External connections”), and “Get Started” if it is there.',
          'Type a name, such as the one below, and press “Generate password”.',
          'Copy it, and press “Done”. It holds until you delete it there, also when you change your own password.',
        ],
        done: 'the name stands under “Generate and manage app passwords”.',
      },
      try: tried,
    },
  },
  gmx: {
    name: 'GMX',
    lead: 'Your password works once POP3 has been switched on in the settings. Nobody is let in before, and GMX switches it off again where it is not used for long. Addresses at gmx.com have pop.gmx.com.',
    steps: {
      twoFactor: {
        title: 'With two-factor sign-in: make an app password',
        acts: [
          'Without two-factor sign-in, pass this step by: your own password is the right one.',
          'Otherwise sign in at GMX, press “Mein Account” (my account), “Sicherheit” (security), “Anwendungsspezifische Passwörter”; the page shows it.',
          'Press “Jetzt anwendungsspezifisches Passwort einrichten”, and copy it. It is shown this once.',
        ],
        done: 'the password stands in the list there.',
      },
      pop: {
        title: 'Switch POP3 on',
        acts: [
          'Sign in at GMX on a computer, and open “E-Mail”. The second page shows the steps, the third those of gmx.com.',
          'Press “Einstellungen” (settings), then “POP3/IMAP Abruf”.',
          'Tick “POP3 und IMAP Zugriff erlauben” (allow access), and press “Speichern” (save).',
          'Where two-factor sign-in has been switched on since, this has to be done once more.',
        ],
        done: 'the tick is still there when the page is opened anew.',
      },
      try: tried,
    },
  },
  'web-de': {
    name: 'WEB.DE',
    lead: 'Your password works once POP3 has been switched on in the settings. The user name is what stands before the @.',
    steps: {
      twoFactor: {
        title: 'With two-factor sign-in: make an app password',
        acts: [
          'Without two-factor sign-in, pass this step by: your own password is the right one.',
          'Otherwise sign in at WEB.DE, press “Mein Account” (my account), “Sicherheit” (security), “Anwendungsspezifische Passwörter”, and make one there; the page shows it.',
        ],
        done: 'the password stands in the list there.',
      },
      pop: {
        title: 'Switch POP3 on',
        acts: [
          'Sign in at WEB.DE on a computer, and open “E-Mail”. The second page shows the steps.',
          'Press “Einstellungen” (settings), then “POP3/IMAP Abruf”.',
          'Tick “POP3 und IMAP Zugriff erlauben” (allow access), and press “Speichern” (save).',
          'Where two-factor sign-in has been switched on since, this has to be done once more.',
        ],
        done: 'the tick is still there when the page is opened anew.',
      },
      try: tried,
    },
  },
  't-online': {
    name: 'T-Online (Telekom)',
    lead: 'Mail programs need a password of their own there, the “Passwort für E-Mail-Programme” or “E-Mail-Passwort”. The one of the web page is refused.',
    steps: {
      mailPassword: {
        title: 'Set the password for e-mail',
        acts: [
          'Sign in at the e-mail centre.',
          'Press “Menü” above the mailboxes, “Einstellungen” (settings), “Passwörter” (passwords).',
          'At the password for e-mail programs press “Jetzt ändern” (change now), choose one other than that of the web page, and press “Speichern” (save).',
        ],
        done: 'the page says that the password has been changed.',
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
        done: 'the account of that address is up to date here.',
      },
      forward: {
        title: 'Have it forwarded',
        acts: [
          'Sign in at iCloud Mail, open the settings above the list of mailboxes, and choose “Mail Forwarding” (“Preferences”, “General” in some versions). Apple’s own page is the second one.',
          'Tick “Forward my email to”, and type the address.',
          'Leave “Delete messages after forwarding” off, until you have seen for some weeks that nothing is missing.',
        ],
        done: 'a message that you send to your iCloud address comes here by the other one.',
      },
      old: {
        title: 'What is there already',
        acts: [
          'Only new mail is forwarded. Older mail is best copied once with a mail program that has both mailboxes, over IMAP.',
        ],
        done: 'both mailboxes show the same mail.',
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
        done: 'you know the server, the user name and the password.',
      },
      try: tried,
      issuer: {
        title: 'See whether people can sign in there',
        acts: [
          'This way is for a provider, or your own company, with a server for OAuth 2.0 or OpenID Connect.',
          'Ask it for its issuer, type that here, and see what the server says of itself.',
        ],
      },
      register: {
        title: 'Register an application',
        acts: [
          'Register a client for the web there (authorization code with PKCE).',
          'Give it the redirect URI.',
          'Copy the client id, and the secret if there is one.',
        ],
        done: 'you have a client id.',
      },
      save,
      signIn,
    },
  },
}
