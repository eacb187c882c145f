/** Notices of gateways and telephone companies, in other languages, and what wraps the words of another server. */
import { type BounceForm, mixed, notice, original, report } from './bounces.ts'

const daemon = 'MAILER-DAEMON@mx.example.com'
const ann = { address: 'ann@example.net', status: null, says: null, id: '<plan.1@example.org>' } as const
const bare = original.replace(/^Received.*\n/, '')

/** What a scanner makes of another server's words. */
const wrapped = (text: string, inner: string, boundary = 'wrap') =>
  `Return-Path: <${daemon}>\nFrom: Mail Delivery Subsystem <${daemon}>\nTo: jo@example.org\nSubject: Returned mail: User unknown\nContent-Type: multipart/mixed; boundary="${boundary}"\n\n--${boundary}\nContent-Type: text/plain\n\n${text}\n\n--${boundary}\nContent-Type: message/rfc822\n\n${inner}\n--${boundary}--\n`

const said = (name: string, text: string, changes: Partial<BounceForm> & { from?: string } = {}): BounceForm => {
  const { from = daemon, ...others } = changes
  return { ...ann, name, mail: notice({ from, subject: 'x', type: 'text/plain; charset=utf-8', text }), ...others }
}
const copy = `\n\n--- Below this line is a copy of the message.\n\n${bare}\n`

export const gatewayNotices: readonly BounceForm[] = [
  {
    ...ann,
    name: 'a virus scanner around a report',
    mail: wrapped(
      'The original message was received at Mon, 2 Nov 2026\n\n----- The following addresses had permanent delivery errors -----',
      report(),
    ),
    status: '5.1.1',
  },
  {
    ...ann,
    name: 'a gateway around a virus scanner around qmail',
    mail: wrapped(
      'Scanned, nothing was found.',
      wrapped(
        'Scanned.',
        notice({
          from: daemon,
          subject: 'failure notice',
          text: `I'm afraid I wasn't able to deliver your message to the following addresses.\n\n<ann@example.net>:\nno mailbox here (#5.1.1)${copy}`,
        }),
      ),
      'outer',
    ),
    status: '5.1.1',
    says: /no mailbox here/,
  },
  {
    ...ann,
    name: 'an MMS gateway: the header in the text alone names whom',
    mail: mixed({
      from: 'MMSC NDR Administrator <sysadmin@mms.example>',
      subject: 'Undeliverable Message',
      text: `Message could not be delivered to mobile.\nError: No valid recipients for this MM\n\nOriginal Message:\nFrom: Jo <jo@example.org>\nTo: 15550100@mms.example\nSubject: The plan\nMessage-ID: <plan.1@example.org>`,
    }).replace(/\n--m1\nContent-Type: message\/rfc822[\s\S]*?(?=\n--m1--)/, ''),
    address: '15550100@mms.example',
  },
  {
    ...ann,
    name: 'the words in one part of the status, the fields in another',
    mail: report({
      message: `This Message was undeliverable due to the following reason:\n\n<ann@example.net> has restricted SMS e-mail\n\n--b0\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com`,
      recipient:
        'Original-Recipient: rfc822;ann@example.net\nFinal-Recipient: RFC822; <ann@example.net>\nAction: failed\nStatus: 5.3.0',
    }),
    status: '5.3.0',
  },
  {
    ...ann,
    name: 'the Message-ID in the header that came back in base64',
    mail: report({
      returned: `Content-Transfer-Encoding: base64\n\n${Buffer.from(`${original}\n`).toString('base64')}`,
    }).replace(
      'Content-Type: text/rfc822-headers\n\nContent-Transfer-Encoding',
      'Content-Type: text/rfc822-headers\nContent-Transfer-Encoding',
    ),
    status: '5.1.1',
  },
  said(
    'sendmail 5: a code before the address',
    `   ----- Transcript of session follows -----\n554 <ann@example.net>... Remote protocol error\n\n   ----- Unsent message follows -----\n${original}\n`,
    { says: /^554 <ann@example\.net>\.\.\. Remote protocol error/ },
  ),
  said(
    'exim: an address that is none',
    `A message that you sent contained one or more recipient addresses that were\nincorrectly constructed:\n\n  ann@example.net: malformed address\n\n------ This is a copy of your message, including all the headers. ------\n\n${original}\n`,
    { says: /malformed/ },
  ),
  said(
    'exim: local scanning',
    `A message that you sent was rejected by the local scanning code that\nchecks incoming messages on this system.\n\n------ This is a copy of your message, including all the headers. ------\n\n${original}\n`,
  ),
  said(
    'au (KDDI)',
    `Your mail sent on: Mon, 2 Nov 2026 10:00:00\n\nCould not be delivered to: <ann@example.net>\nAs their mailbox is full.${copy}`,
    { from: 'no-reply@app.example', says: /mailbox is full/ },
  ),
  said(
    'au (KDDI), each recipient',
    `Each of the following recipients was rejected by a remote mail server.\nThe reasons given by the server are included to help you determine why\neach recipient was rejected.\n\n    Recipient: <ann@example.net>\n    Reason:    <ann@example.net>... User Unknown${copy}`,
    { from: 'Postmaster <postmaster@phone.example>' },
  ),
  said(
    'docomo, in Japanese',
    `次のあて先へのメッセージはエラーのため送信できませんでした。\n\nann@example.net\n550 Unknown user ann@example.net${copy}`,
    { from: 'mail-daemon@phone.example <postmaster@phone.example>', says: /550 Unknown/ },
  ),
  said(
    'qmail in German',
    `Hallo. Hier ist das qmail-send Programm auf mx.example.com.\nIch konnte Ihre Nachricht leider nicht an die folgenden Adressen zustellen.\n\n<ann@example.net>:\nKein Postfach dieses Namens. (#5.1.1)${copy}`,
    { status: '5.1.1', says: /Kein Postfach/ },
  ),
  said(
    'qmail in French',
    `Bonjour, ici le programme qmail-send.\nJe n'ai pas pu délivrer votre message aux adresses suivantes.\n\n<ann@example.net>:\nBoîte inconnue. (#5.1.1)${copy}`,
    { status: '5.1.1' },
  ),
  said(
    'qmail in Japanese',
    `こちらは qmail-send です。\n次の宛先にメッセージを配送することができませんでした。\n\n<ann@example.net>:\nno mailbox (#5.1.1)${copy}`,
    { status: '5.1.1' },
  ),
  said(
    'Exchange in German',
    `Ihre Nachricht hat einige oder alle Empfänger nicht erreicht.\n\n      Betreff: Der Plan\n\nFolgende Empfänger konnten nicht erreicht werden:\n\n      ann@example.net am 02.11.2026 11:00\n            Die E-Mail-Adresse ist unbekannt. <mx.example.com #5.1.1>\n`,
    { from: 'Systemadministrator <system@corp.example>', status: '5.1.1', id: null },
  ),
  said(
    'Exchange in German, of this day',
    `Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Gruppen:\n\nann@example.net\nDie eingegebene E-Mail-Adresse wurde nicht gefunden. 550 5.1.10 RESOLVER.ADR.RecipientNotFound${copy}`,
    { from: 'Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@corp.example>', status: '5.1.10' },
  ),
  said(
    'Exchange in French',
    `Votre message n’a pas atteint certains ou tous les destinataires souhaités.\n\nLe ou les destinataires suivants ne peuvent pas être joints :\n\n      ann@example.net\n            #5.1.1${copy}`,
    { from: 'Administrateur système <postmaster@corp.example>', status: '5.1.1' },
  ),
  said(
    'Exchange in French, of this day',
    `Échec de la remise pour ces destinataires ou groupes :\n\nann@example.net\nL’adresse est introuvable. 550 5.1.10${copy}`,
    { from: 'postmaster@corp.example', status: '5.1.10' },
  ),
  said(
    'Exchange in Japanese',
    `このメッセージは一部またはすべての宛先に届いていません。\n\nann@example.net\n550 5.1.1${copy}`,
    { from: 'postmaster@corp.example', status: '5.1.1' },
  ),
  said(
    'Exchange in Japanese, of this day',
    `次の受信者またはグループへの配信に失敗しました:\n\nann@example.net\n550 5.1.10${copy}`,
    { from: 'postmaster@corp.example', status: '5.1.10' },
  ),
]
