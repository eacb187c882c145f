import type { GuideWords } from '../guides.ts'
import { begin, save, signIn, tried } from './guide-shared-en.ts'

export const google: GuideWords['google'] = {
  name: 'Gmail and Google Workspace',
  lead: 'An app password is the easy way: ten minutes, and it holds until you change your Google password. Your usual password is refused.',
  steps: {
    twoSteps: {
      title: 'Switch 2-Step Verification on',
      acts: [
        'Open the page and sign in with the account whose mail is to be gathered.',
        'Press “Turn on 2-Step Verification”, and follow it to its end. Without it Google makes no app passwords.',
      ],
      done: 'the page says that 2-Step Verification is on.',
    },
    appPassword: {
      title: 'Make an app password',
      acts: [
        'Open the page. It says that the setting is not available as long as 2-Step Verification is off, where it is by security keys alone, with Advanced Protection, and where an administrator of your Workspace does not allow it.',
        'Type a name, such as the one below, and press “Create”.',
        'Copy the 16 letters. They are shown this once; the spaces do not matter.',
        'When you change your Google password, app passwords end: make a new one then.',
      ],
      done: 'the name stands in the list of your app passwords.',
    },
    pop: {
      title: 'Switch POP on',
      acts: [
        'Open the page on a computer: it is “Settings”, “See all settings”, “Forwarding and POP/IMAP” of Gmail.',
        'Choose “Enable POP for all mail”, or “for mail that arrives from now on”.',
        'At “When messages are accessed with POP” choose “keep Gmail’s copy in the Inbox”, and press “Save Changes”.',
      ],
      done: 'the same page says “POP is enabled”.',
    },
    try: tried,
    project: {
      title: 'Make a project',
      acts: [
        'This way is for those who may not use app passwords. It takes half an hour.',
        'Open the page, type a name such as “Tributary”, and press “Create”.',
      ],
      done: 'the name of the project stands at the top of the page. Stay in it for the next steps.',
    },
    consent: {
      title: 'Say what asks for consent',
      acts: [
        'Open the page, press “Get started”, and type a name and your address.',
        'At “Audience” choose “Internal” if all mailboxes are of your own Workspace, and “External” otherwise. Finish with “Create”.',
      ],
      done: 'the page says “OAuth configuration created”.',
    },
    publish: {
      title: 'Publish it, or it ends after seven days',
      acts: [
        'With “External”, open the page and press “Publish app”, so that “Publishing status” is “In production”.',
        'As long as it is “Testing”, each sign-in ends after seven days, and somebody has to sign in again every week.',
        'It need not be verified for up to 100 people: they see “Google hasn’t verified this app”, and go on by “Advanced”.',
      ],
      done: '“Publishing status” is “In production”, or the audience is “Internal”.',
    },
    scope: {
      title: 'Allow the scope for mail',
      acts: [
        'Open the page, press “Add or remove scopes”, and put the text below into “Manually add scopes”.',
        'Press “Add to table”, “Update” and “Save”.',
      ],
      done: 'it stands under “Your restricted scopes”.',
    },
    client: {
      title: 'Make a client',
      acts: [
        'Open the page, and choose “Web application”.',
        'At “Authorized redirect URIs” press “Add URI”, and put the redirect URI there. Press “Create”.',
        'Copy the client id and the client secret; the secret is shown this once.',
      ],
      done: 'you have both.',
    },
    save,
    popToo: {
      title: 'Switch POP on in the mailbox',
      acts: ['Open the page on a computer, choose “Enable POP for all mail”, and press “Save Changes”.'],
      done: 'the same page says “POP is enabled”.',
    },
    signIn,
    serviceAccount: {
      title: 'Make a service account',
      acts: [
        'This way is for the administrator of a Google Workspace, and for mailboxes of that Workspace.',
        'Open the page, press “Create service account”, type a name such as “Tributary”, and press “Done”.',
        'Open it, note its “Unique ID”, and under “Keys” press “Add key”, “Create new key”, “JSON”.',
      ],
      done: 'a file that ends in .json has been downloaded. Whoever has it can read the mailboxes of the next step.',
    },
    delegation: {
      title: 'Let it read mailboxes',
      acts: [
        'Open the page: it is “Security”, “Access and data control”, “API controls”, “Domain-wide delegation” of the Admin console.',
        'Press “Add new”, put the unique id into “Client ID”, and the text below into “OAuth scopes”. Press “Authorize”.',
      ],
      done: 'the id and the scope stand in the list. It may take some minutes until it holds.',
    },
    key: {
      title: 'Enter its key',
      acts: [
        'On the command line, as an administrator: the id is the unique id, the file is the key, and “--address” is given once for each mailbox that it may open.',
        'Then remove the file: it is kept sealed.',
      ],
    },
    begin,
  },
}
