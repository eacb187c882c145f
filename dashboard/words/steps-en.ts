import type { ProtocolWords, StepWords } from './steps.ts'

const tlsNames = { implicit: 'TLS', starttls: 'STARTTLS', none: 'None' } as const
/** The protocols whose name is another one behind "is". */
const spoken: ProtocolWords = { POP3: 'POP3 without encryption', 'the web': 'a web server' }

export const steps: StepWords = {
  'other port': ({ port, tls, blocked }) =>
    `${blocked ? 'A firewall in between seems to block this port, but ' : ''}POP3 answers at port ${port} of the same server: set the port to ${port} and the encryption to ${tlsNames[tls]}.`,
  'no safe port': () =>
    'Ask the provider for a server with encryption: this one has it at no usual port, and without it anybody on the way can read the password.',
  'provider note': ({ note, certain }) => (certain ? note : `If user name and password are right: ${note}`),
  'app password': () =>
    'It wants an app password: make one in the provider’s security settings, and enter it in place of your own.',
  'forward instead': () =>
    'It takes no password: its owner has to sign in at the provider. Or have the mailbox forward its mail instead.',
  'sign in instead': () =>
    'It takes no password: its owner has to sign in at the provider, by an application that is registered there.',
  'plain letters': () =>
    'The user name or the password has letters beyond ASCII (such as ä or é), which some servers read in another way: if both are right, choose a password of plain letters, digits and signs at the provider.',
  'confirm on the web': () =>
    'Sign in once on the provider’s web page and confirm there that it was you; then try again.',
  'unlock on the web': () =>
    'Sign in on the provider’s web page: the account is locked, and it says there how to open it again.',
  'switch POP3 on': () => 'Switch POP3 on in the settings of the mailbox, on the web page of its provider.',
  'other tariff': () =>
    'POP3 is not part of what this mailbox has at its provider: choose a tariff there that includes it, or have the mailbox forward its mail instead.',
  moved: ({ host }) =>
    host === null
      ? 'The mailbox has moved: ask the provider for its new server, and enter that.'
      : `The mailbox has moved: if you know ${host} to be your provider’s, enter it as the server.`,
  'make room': () => 'The mailbox is full: make room in it on the provider’s web page.',
  'let the address in': () =>
    'The provider shuts out the address or the country that Tributary comes from: let it in in the security settings of the mailbox, or ask the provider.',
  'use TLS': () =>
    'It takes no password in clear: set the encryption to TLS and the port to 995, or to STARTTLS for this port.',
  'choose TLS or sasl': () =>
    'Somebody may be in between, and a new password does not change that: set the encryption to TLS or STARTTLS, or, if the provider says that it is right so, choose the login mechanism yourself.',
  'choose a new password': () => 'Choose a new password on the provider’s web page, and enter it here.',
  'renew the licence': () => 'The mail server lacks a licence: its operator has to renew it; no setting here helps.',
  'pin until renewed': () =>
    'The provider has to renew its certificate. Until then: if you know this server, compare the fingerprint (SHA-256) with what its operator tells you, and trust exactly this one.',
  'pin if known': () =>
    'If you know this server: compare the fingerprint (SHA-256) of its certificate with what its operator tells you, and trust exactly this one.',
  'pin if renewed': () =>
    'If the provider has renewed its certificate, trust the new one; if not, somebody may be in between.',
  'install the chain': () =>
    'Ask the provider to install the whole chain of its certificate. Until then: if you know this server, compare the fingerprint (SHA-256) with what its operator tells you, and trust exactly this one.',
  'set a host name': () => 'Enter the name of the server, which its provider tells, in place of its address.',
  'provider mends TLS': () =>
    'Its provider has to put that right. If other programs get in from elsewhere, something in between disturbs the connection.',
  'check the clock': () =>
    'Check the clock of the machine that Tributary runs on; if it is right, the provider has to put its certificate right.',
  'set the host': ({ host }) =>
    `If you know ${host} to be your provider’s, enter it as the server: it is what the certificate is for.`,
  'set a host under': ({ domain }) =>
    `If you know ${domain} to be your provider’s, enter a server whose name ends in it: that is what the certificate is for.`,
  'newer TLS': () => 'The provider has to offer TLS 1.2 or newer; below that nothing is safe.',
  'allow old TLS': () =>
    'The provider has to offer TLS 1.2 or newer. Until then you can set the oldest TLS to 1.0 in the advanced settings: somebody on the way may then be able to read what is sent.',
  'allow weak TLS': ({ certain }) =>
    certain
      ? 'The provider has to put that right. Until then you can allow old, weak encryption in the advanced settings: somebody on the way may then be able to read what is sent.'
      : 'The provider has to put that right. If its server is an old one, allowing old, weak encryption in the advanced settings may help: somebody on the way may then be able to read what is sent.',
  'ask for less TLS': () =>
    'Set the oldest TLS to 1.2 in the advanced settings, which is safe, or ask the provider for TLS 1.3.',
  'check the proxy': ({ server }) =>
    `See that the proxy ${server} runs, that it lets Tributary connect to this port, and that its user name and password are right.`,
  'set starttls': () => 'Set the encryption to STARTTLS for this port; with TLS from the start it is mostly port 995.',
  'set implicit': () => 'Set the encryption to TLS, and the port to 995.',
  'set implicit here': () => 'Set the encryption to TLS for this port: it speaks TLS from the start.',
  'check TLS': () => 'Check the server’s name and the kind of encryption.',
  'slow to greet': () =>
    'It takes connections and says nothing: check the port and the encryption. If they are right, it is slow, and a visit, which waits longer than this test, may still get in.',
  'check login': () =>
    'Check user name and password: many providers want the whole address as user name, and some an app password.',
  'check login, then wait': () => 'Check user name and password, and wait some minutes before you try again.',
  'check spelling': ({ host }) => `Check how ${host} is spelt: there is no server of that name.`,
  'check host and port': ({ looked, server }) =>
    `Check server and port: ${looked ? 'POP3 answers at no usual port of it' : 'nothing answers at this port'}. If they are right, a firewall may keep connections to ${server} from going out.`,
  'check host, or shut out': () =>
    'Try again in some minutes; if it stays so, check server and port, or the provider may shut this address out.',
  'not POP3': ({ speaks }) =>
    speaks === null
      ? 'Check server and port: what answers there does not speak POP3 as it should. If they are right, ask the provider, or look for a proxy or a virus scanner in between.'
      : `Check server and port: what answers there is ${spoken[speaks] ?? speaks}, and POP3 is mostly at port 995 with TLS.`,
  'name servers': () => 'Try again soon; if it stays so, the name servers that Tributary asks do not answer.',
  'try later': () => 'Try again in some minutes.',
  'try later, too slow': () => 'Try again later: the server is too slow just now.',
  'wait, each try counts': () => 'Wait some minutes before you try again: each try counts.',
  'wait for the quota': () =>
    'It gives only so much mail in a day or an hour, and that is used up: wait until it gives again, mostly within a day.',
  'close other programs': () =>
    'Close other programs that fetch this mailbox by POP3, or wait: some providers keep it locked for 15 minutes.',
  'ask the provider': () => 'Try again in some minutes; if it stays so, the provider can say what it means.',
  'provider must act': () => 'The server says that this does not pass by itself: ask the provider to put it right.',
  'open the folder': ({ folder }) =>
    `See at the mail store that this login may write into the folder ${folder} and that it is not full, or choose another folder for the account.`,
  'set the destination login': () =>
    'Enter the user name and the password of the destination anew: many providers want the whole address as user name, and some an app password.',
  'app password for the destination': () =>
    'It wants an app password: make one in the provider’s security settings, and enter it as the password of the destination.',
  'new password for the destination': () =>
    'Choose a new password on the provider’s web page, and enter it as the password of the destination.',
  'another destination': () =>
    'It takes no password: sign it in at its provider, or enter an app password if its provider has them.',
  'sign the destination in': () =>
    'It takes no password: sign it in at its provider, or enter an app password if its provider has them.',
  'switch IMAP on': () => 'Switch IMAP on in the settings of that mailbox, on the web page of its provider.',
  'use TLS for the destination': () =>
    'It takes no password in clear: set the encryption of the destination to TLS and its port to 993, or to STARTTLS for this port.',
  remedy: ({ remedy }) => `${remedy}.`,
}
