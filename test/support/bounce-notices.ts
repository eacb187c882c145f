/** Notices of servers that have a form of their own. */
import { type BounceForm, mixed, notice, original } from './bounces.ts'

const daemon = 'MAILER-DAEMON@mx.example.com'
const id = '<plan.1@example.org>'
const ann = { address: 'ann@example.net', id } as const
const unknown = '550 5.1.1 <ann@example.net>... User unknown'

export const notices: readonly BounceForm[] = [
  {
    ...ann,
    name: 'qmail-send',
    mail: notice({
      from: daemon,
      subject: 'failure notice',
      text: `Hi. This is the qmail-send program at mx.example.com.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<ann@example.net>:\n192.0.2.25 does not like recipient.\nRemote host said: 550 5.1.1 no mailbox\nGiving up on 192.0.2.25.\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <jo@example.org>\n${original}\n\nHello`,
    }),
    status: '5.1.1',
    says: /^192\.0\.2\.25 does not like recipient\. Remote host said: 550 5\.1\.1 no mailbox/,
  },
  {
    ...ann,
    name: 'qmail, given up after a week',
    mail: notice({
      from: daemon,
      subject: 'failure notice',
      text: `Hi. This is the qmail-send program at mx.example.com.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up.\n\n<ann@example.net>:\nSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\nI'm not going to try again; this message has been in the queue too long.\n\n--- Below this line is a copy of the message.\n\n${original}\n`,
    }),
    status: '4.4.1',
    says: /establish an SMTP connection/,
  },
  {
    ...ann,
    name: 'exim',
    mail: notice({
      from: 'Mail Delivery System <Mailer-Daemon@mx.example.com>',
      subject: 'Mail delivery failed: returning message to sender',
      head: 'X-Failed-Recipients: ann@example.net\nAuto-Submitted: auto-replied\n',
      text: `This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  ann@example.net\n    SMTP error from remote mail server after RCPT TO:<ann@example.net>:\n    host mx.example.net [192.0.2.3]: ${unknown}\n\n------ This is a copy of the message, including all the headers. ------\n\n${original}\n`,
    }),
    status: '5.1.1',
    says: /host mx\.example\.net \[192\.0\.2\.3\]: 550/,
  },
  {
    ...ann,
    name: 'exim without its own field, in lines',
    mail: notice({
      from: 'Mail Delivery System <Mailer-Daemon@mx.example.com>',
      subject: 'Mail delivery failed: returning message to sender',
      text: `A message that you sent could not be delivered to one or more of its\nrecipients. The following address(es) failed:\n\n  ann@example.net\n    Unrouteable address\n\n------ This is a copy of the message, including all the headers. ------\n\n${original}\n`,
    }),
    status: null,
    says: /^Unrouteable address$/,
  },
  {
    ...ann,
    name: 'GMX and web.de',
    mail: notice({
      from: 'mailer-daemon@mail.gmx.example',
      subject: 'Mail delivery failed: returning message to sender',
      text: `This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of\nits recipients. This is a permanent error. The following address\nfailed:\n\n"ann@example.net":\nSMTP error from remote server after RCPT command:\nhost: mx.example.net\n5.1.1 <ann@example.net>... User unknown\n\n\n--- The header of the original message is following. ---\n\n${original}\n`,
    }),
    status: '5.1.1',
    says: /host: mx\.example\.net/,
  },
  {
    ...ann,
    name: '1&1',
    mail: notice({
      from: '"Mail Delivery System" <mailer-daemon@kundenserver.example>',
      subject: 'Mail delivery failed: returning message to sender',
      text: `A message that you sent could not be delivered to one or more of\nits recipients. This is a permanent error.\n\nThe following address failed:\n\nann@example.net\n\nFor the following reason:\n\nMail size limit exceeded.\n\n--- The header of the original message is following. ---\n\n${original}\n`,
    }),
    status: null,
    says: /^For the following reason: Mail size limit exceeded\.$/,
  },
  {
    ...ann,
    name: 'Gmail before 2016',
    mail: notice({
      from: 'Mail Delivery Subsystem <mailer-daemon@googlemail.example>',
      subject: 'Delivery Status Notification (Failure)',
      text: `Delivery to the following recipient failed permanently:\n\n     ann@example.net\n\nTechnical details of permanent failure:\nThe server for the recipient domain example.net by mx.example.net rejected it.\nThe error that the other server returned was:\n${unknown}\n\n----- Original message -----\n\nX-Received: by 192.0.2.9\n${original}\n`,
    }),
    status: '5.1.1',
    says: /550 5\.1\.1/,
  },
  {
    ...ann,
    name: 'Yahoo',
    mail: notice({
      from: daemon,
      subject: 'Failure Notice',
      text: `Sorry, we were unable to deliver your message to the following address.\n\n<ann@example.net>:\nRemote host said: 550 5.2.2 Mailbox full [RCPT_TO]\n\n--- Below this line is a copy of the message.\n\n${original}\n`,
    }),
    status: '5.2.2',
    says: /^Remote host said: 550 5\.2\.2 Mailbox full \[RCPT_TO\]$/,
  },
  {
    ...ann,
    name: 'Mail.ru, in two languages',
    mail: notice({
      from: 'mailer-daemon@corp.mail.example',
      subject: '=?UTF-8?B?0JLQsNGI0LU=?=',
      text: `Это письмо создано автоматически сервером, отвечать на него не нужно.\n\nК сожалению, Ваше письмо не может быть доставлено одному или нескольким получателям:\n\n  ann@example.net\n    SMTP error from remote mail server after RCPT TO:<ann@example.net>:\n    host mx.example.net [192.0.2.3]: ${unknown}\n\nРекомендуем Вам проверить адрес.\n\n------ This is a copy of the message, including all the headers. ------\n\n${original}\n`,
    }),
    status: '5.1.1',
    says: /550 5\.1\.1/,
  },
  {
    ...ann,
    name: 'Zoho',
    mail: mixed({
      from: 'mailer-daemon@mail.zoho.example',
      subject: 'Undelivered Mail Returned to Sender',
      text: `This message was created automatically by mail delivery software.\nA message that you sent could not be delivered to one or more of its recipients. This is a permanent error. \n\nann@example.net Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.1 User unknown\n`,
    }),
    status: '5.1.1',
    says: /^Invalid Address/,
  },
  {
    ...ann,
    name: 'Amazon WorkMail: the fields in the text',
    mail: mixed({
      from: 'MAILER-DAEMON@eu-west-1.example',
      subject: 'Delivery Status Notification (Failure)',
      text: `An error occurred while trying to deliver the mail to the following recipients:\nann@example.net\n\nTechnical report:\n\nReporting-MTA: dsn; a1.example\n\nAction: failed\nFinal-Recipient: rfc822; ann@example.net\nDiagnostic-Code: smtp; 550 5.1.1 unknown\nStatus: 5.1.1\n`,
    }),
    status: '5.1.1',
    says: /^550 5\.1\.1 unknown$/,
  },
  {
    ...ann,
    name: 'Domino',
    mail: mixed({
      from: 'Postmaster@notes.example',
      subject: 'DELIVERY FAILURE: User ann (ann@example.net) not listed in Domino Directory',
      text: `Your message\n\n  Subject: The plan\n\nwas not delivered to:\n\n  ann@example.net\n\nbecause:\n\n  User ann (ann@example.net) not listed in Domino Directory\n`,
    }),
    status: null,
    says: /not listed in Domino Directory/,
  },
  {
    ...ann,
    name: 'Exchange 2003',
    mail: mixed({
      from: 'System Administrator <postmaster@exchange.example>',
      subject: 'Undeliverable: The plan',
      text: `Your message did not reach some or all of the intended recipients.\n\n      Subject:\tThe plan\n      Sent:\t11/2/2026 10:00 AM\n\nThe following recipient(s) could not be reached:\n\n      ann@example.net on 11/2/2026 10:00 AM\n            The e-mail account does not exist at the organization this message was sent to.\n            <mx.example.net #5.1.1>\n`,
    }),
    status: '5.1.1',
    says: /does not exist/,
  },
  {
    ...ann,
    name: 'Office 365 as a text alone',
    mail: notice({
      from: 'postmaster@example.onmicrosoft.example',
      subject: 'Undeliverable: The plan',
      text: `Delivery has failed to these recipients or groups:\n\nann@example.net<mailto:ann@example.net>\nThe email address you entered couldn't be found.\n\nDiagnostic information for administrators:\n\nGenerating server: A1.prod.example\n\nann@example.net\nRemote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found'\n\nOriginal message headers:\n\n${original}\n`,
    }),
    status: '5.1.10',
    says: /RecipientNotFound/,
  },
  {
    ...ann,
    name: 'DragonFly',
    mail: notice({
      from: 'MAILER-DAEMON <>',
      subject: 'Mail delivery failed',
      text: `This is the DragonFly Mail Agent v0.13 at df.example.com.\n\nThere was an error delivering your mail to <ann@example.net>.\n\nmx.example.net [192.0.2.3] did not like our RCPT TO:\n${unknown}\n\nMessage headers follow.\n\n${original}\n`,
    }),
    status: '5.1.1',
    says: /^550 5\.1\.1/,
  },
  {
    ...ann,
    name: 'OpenSMTPD of old',
    mail: notice({
      from: 'Mailer Daemon <MAILER-DAEMON@mx.example.com>',
      subject: 'Delivery status notification: error',
      text: `    Hi!\n\n    This is the MAILER-DAEMON, please DO NOT REPLY to this e-mail.\n\n    An error has occurred while attempting to deliver a message for\n    the following list of recipients:\n\nann@example.net: 550 5.1.1 no such mailbox\n\n    Below is a copy of the original message:\n\n${original}\n`,
    }),
    status: '5.1.1',
    says: /^550 5\.1\.1 no such mailbox$/,
  },
  {
    ...ann,
    name: 'Courier-like: 550 in brackets, and a mail gateway',
    mail: mixed({
      from: daemon,
      subject: 'There was an error sending your mail',
      text: `We had trouble delivering your message. Full details follow:\n\n1 error(s):\n\nThe following recipients returned permanent errors: ann@example.net. Reason: SMTP Server <192.0.2.3> refused to accept your message (DATA), with the following error message: [554 5.4.6 Hop count exceeded]\n`,
    }),
    status: '5.4.6',
    says: /Hop count exceeded/,
  },
  {
    ...ann,
    name: 'MailFoundry',
    mail: mixed({
      from: daemon,
      subject: 'Message delivery has failed',
      text: `Unable to deliver message to: <ann@example.net>\nDelivery failed for the following reason:\nServer mx.example.net[192.0.2.3] failed with: 550 No such user here\n\nThis has been a permanent failure.  No further delivery attempts will be made.\n`,
    }),
    status: null,
    says: /failed with: 550 No such user here/,
  },
  {
    ...ann,
    name: 'MailMarshal',
    mail: mixed({
      from: 'postmaster@gateway.example',
      subject: 'Undeliverable Mail: "The plan"',
      text: `Your message:\n   From:    jo@example.org\n   Subject: The plan\n\nCould not be delivered because of\n\n550 5.1.1 User unknown\n\nThe following recipients were affected: \n    ann@example.net\n`,
    }),
    status: '5.1.1',
    says: /550 5\.1\.1 User unknown/,
  },
  {
    ...ann,
    name: 'Mimecast: no message with it, but In-Reply-To',
    mail: notice({
      from: '"Postmaster" <postmaster@filter.example>',
      subject: '[Postmaster] Email Delivery Failure',
      head: `In-Reply-To: ${id}\n`,
      text: `This is an automated alert notification. Please do not reply.\n\nAn email that you attempted to send to the following address could not be delivered:\n-- ann@example.net\n\nThe problem appears to be :\n-- Recipient email address is possibly incorrect\n\nAdditional information follows :\n-- 5.4.1 Recipient address rejected: Access denied.\n`,
    }),
    status: '5.4.1',
    says: /5\.4\.1/,
  },
  {
    ...ann,
    name: 'MX Logic',
    mail: notice({
      from: 'Mail Delivery System <MAILER-DAEMON@mxl.example>',
      subject: 'Mail delivery failed',
      text: `A message that you have sent could not be delivered to one or more\nrecipients.  This is a permanent error.  The following address failed:\n\n  <ann@example.net>: 550 5.1.1 Recipient address rejected\n\n\nIncluded is a copy of the message header:\n-----------------------------------------\n${original}\n`,
    }),
    status: '5.1.1',
    says: /^550 5\.1\.1/,
  },
  {
    ...ann,
    name: 'IMail',
    mail: notice({
      from: '"Postmaster" <postmaster@imail.example>',
      subject: 'Undeliverable Mail',
      text: `Unknown user: ann@example.net\n\n\nOriginal message follows.\n\n${original}\n`,
    }),
    status: null,
    says: null,
  },
  {
    ...ann,
    name: 'InterScan',
    mail: mixed({
      from: 'postmaster@scan.example ("InterScan Notification")',
      subject: 'Mail could not be delivered',
      text: `****************\n\nMessage from InterScan Messaging Security Suite\n\nUnable to deliver message to <ann@example.net> (and other recipients in the same domain).\n\n****************\n`,
    }),
    status: null,
    says: /Unable to deliver message/,
  },
  {
    ...ann,
    name: 'sendmail 5',
    mail: notice({
      from: 'Mail Delivery Subsystem <MAILER-DAEMON@old.example>',
      subject: 'Returned mail: User unknown',
      text: `   ----- Transcript of session follows -----\n>>> RCPT To:<ann@example.net>\n<<< 550 5.1.1 unknown user\n\n   ----- Unsent message follows -----\n${original}\n`,
    }),
    status: '5.1.1',
    says: /550 5\.1\.1 unknown user/,
  },
  {
    ...ann,
    name: 'T-Online, in German',
    mail: notice({
      from: 'Mail Delivery System <postmaster@t-online.example>',
      subject: 'Unzustellbar: The plan',
      text: `Ihre Nachricht konnte nicht zugestellt werden.\n\nann@example.net\n550 5.2.2 Over STORAGE quota\n\n----- Original message -----\n${original}\n`,
    }),
    status: '5.2.2',
    says: /Over STORAGE quota/,
  },
  {
    ...ann,
    name: 'a server that writes HTML alone',
    mail: notice({
      from: 'Postmaster <postmaster@html.example>',
      subject: 'Delivery failure',
      type: 'text/html; charset=utf-8',
      text: `<html><head><style>p { color: red }</style></head><body><p>Your message wasn&#39;t delivered to</p><p>ann@example.net</p><p>550 5.1.1 unknown</p><pre>\n${original.replaceAll('<', '&lt;').replaceAll('>', '&gt;')}\n</pre></body></html>`,
    }),
    status: '5.1.1',
    says: /550 5\.1\.1 unknown/,
  },
]
