import type { GuideWords } from '../guides.ts'
import { begin, save, signIn } from './guide-shared-en.ts'

export const microsoft: GuideWords['microsoft'] = {
  name: 'Outlook.com, Hotmail and Microsoft 365',
  lead: 'Microsoft takes neither your password nor an app password any more: whoever owns the mailbox signs in, in a browser. Before that an administrator registers an application, once for all accounts.',
  steps: {
    register: {
      title: 'Register an application',
      acts: [
        'Open the first page; the US government has the second, 21Vianet in China the third. It wants an account with a directory (tenant): one of Microsoft 365 has it, others get one with a free Azure account.',
        'Press “New registration”, and type a name such as “Tributary”.',
        'At “Supported account types” choose “Accounts in any organizational directory and personal Microsoft accounts”.',
        'At “Redirect URI” choose “Web”, put the redirect URI there, and press “Register”.',
        'Copy the “Application (client) ID”.',
      ],
      done: 'the page shows an “Application (client) ID”.',
    },
    permissions: {
      title: 'Say what it asks for',
      acts: [
        'Open “API permissions”, press “Add a permission”, “Microsoft Graph”, “Delegated permissions”.',
        'Search for each of these, tick it, and press “Add permissions”.',
        'In a company: press “Grant admin consent”, or each person is asked, if that is allowed there.',
      ],
      done: 'the four stand in the list of permissions.',
    },
    secret: {
      title: 'Make a secret',
      acts: [
        'Open “Certificates & secrets”, press “New client secret”, and choose how long it is good: note the day, for then a new one is needed.',
        'Copy what stands under “Value”, not the “Secret ID”. It is shown this once.',
      ],
      done: 'you have the value.',
    },
    device: {
      title: 'Let people sign in by a code',
      acts: [
        'Open “Authentication” (in its new form: “Settings” there), set “Allow public client flows” to “Yes”, and press “Save”.',
        'Then somebody without a browser on that machine can sign in by a code that is typed on a phone.',
      ],
      done: 'it is still “Yes” when the page is opened anew.',
    },
    save,
    pop: {
      title: 'Switch POP on in the mailbox',
      acts: [
        'For Outlook.com and Hotmail, open the first page: it is “Settings”, “Mail”, “Forwarding and IMAP”.',
        'Switch “Let devices and apps use POP” on, choose that they may not delete messages, and press “Save”.',
        'In Microsoft 365 an administrator sees to it that POP is on: the second page, “Active users”, the person, “Mail”, “Manage email apps”.',
      ],
      done: 'the switch is still on when the page is opened anew.',
    },
    signIn,
    appPermissions: {
      title: 'Let the application itself read mail',
      acts: [
        'This way is for the administrator of a Microsoft 365 tenant, and for mailboxes of that tenant. Register the application as above, for “this organizational directory only”, with a secret.',
        'Open it, “API permissions”, “Add a permission”, “APIs my organization uses”, and search for “Office 365 Exchange Online”.',
        'Choose “Application permissions”, tick these, press “Add permissions”, and then “Grant admin consent”.',
      ],
      done: 'a green tick and “Granted for” stand behind each of them.',
    },
    mailboxes: {
      title: 'Say which mailboxes',
      acts: [
        'In PowerShell with the module ExchangeOnlineManagement, as an Exchange administrator, run these three; the last one for each mailbox. The page is Microsoft’s own.',
        'The object id is the one under “Enterprise applications”, not that under “App registrations”.',
      ],
      done: 'Get-MailboxPermission names the application for the mailbox.',
    },
    list: {
      title: 'Enter the application here',
      acts: ['With the id of your tenant, and under “Further settings” with every mailbox that it may open.'],
    },
    begin,
  },
}
